"""The list of known codes: it settles what is in doubt, and does not argue with what is clear."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from device import Frame, formats
from device.decode import KNOWN_REACH, Decoder
from device.lattice import Scores, Weights
from device.reader import Reader
from device.segment import LineInk, Spans

SURE = {"bias": 8.0, "digits": 1.0, "odds": 1.0}
DECODER = Decoder.from_card({"confidence": {"fixed": SURE, "any": SURE}})
CEP = formats.get("cep")


def line(count: int) -> tuple[LineInk, Spans]:
    """Digits that stand apart, each a piece and a span."""
    boxes = np.array([(10 + 50 * k, 20, 24, 40) for k in range(count)], np.int32).reshape(-1, 4)
    each = np.arange(count, dtype=np.int32)
    blank = np.zeros((80, 20 + 50 * count), np.uint8)
    return LineInk(blank, blank.astype(np.int32), boxes, boxes[:, 2] * 30, each + 1, 40.0), Spans(each, each, boxes)


def opinion(text: str, sure: float = 0.99, doubts: dict[int, tuple[int, float]] | None = None) -> Scores:
    """Each span is the text's digit that surely; doubts: at a place, another digit and how much less likely it is."""
    digit = np.full((len(text), 10), np.log((1 - sure) / 9))
    digit[np.arange(len(text)), [int(value) for value in text]] = np.log(sure)
    for place, (other, less) in (doubts or {}).items():
        digit[place, other] = np.log(sure) - less
    return Scores(digit, np.full(len(text), 5.0))


def chosen(scores: Scores, known: set[str] | None, format: str = "cep") -> str:
    known_ = None if known is None else frozenset(known)
    (code,) = DECODER.decode(*line(len(scores.odds)), scores, formats.get(format), known_)
    return code.digits


# ── Which code ──


def test_a_known_code_wins_when_it_is_close() -> None:
    scores = opinion("01310100", doubts={2: (7, 1.0)})
    assert chosen(scores, None) == "01310100"
    assert chosen(scores, {"01710100"}) == "01710100"
    assert chosen(scores, {"01710100", "99999999"}) == "01710100"


def test_a_known_code_may_differ_in_several_digits() -> None:
    scores = opinion("01310100", doubts={2: (7, 1.0), 5: (7, 2.0), 7: (6, 0.5)})
    assert chosen(scores, {"01710706"}) == "01710706"


def test_the_likeliest_known_code_wins() -> None:
    scores = opinion("01310100", doubts={2: (7, 1.0), 5: (4, 2.0)})
    assert chosen(scores, {"01710100", "01310400"}) == "01710100"


def test_what_is_written_wins_when_it_is_known() -> None:
    scores = opinion("01310100", doubts={2: (7, 0.1)})
    assert chosen(scores, {"01310100", "01710100"}) == "01310100"


@pytest.mark.parametrize("known", [set(), {"99999999"}, {"01310"}, {"0131010"}])
def test_a_clear_code_stays_when_no_known_one_is_like_it(known: set[str]) -> None:
    assert chosen(opinion("01310100"), known) == "01310100"


@pytest.mark.parametrize(("less", "wins"), [(0.5, True), (0.9, True), (1.1, False), (2.0, False)])
def test_how_far_a_known_code_may_be_from_what_is_written(less: float, wins: bool) -> None:
    """Whatever the digit's weight: in units of the path's score."""
    scores = opinion("01310100", sure=1 - 1e-9, doubts={2: (7, less * KNOWN_REACH / Weights().digit)})
    assert (chosen(scores, {"01710100"}) == "01710100") == wins


def test_digits_of_any_number_may_be_known_too() -> None:
    scores = opinion("4711", doubts={0: (9, 1.0)})
    assert chosen(scores, {"9711"}, "digits") == "9711"
    assert chosen(scores, {"9711"}, "digits:4") == "9711"


def test_a_code_from_the_list_is_as_sure_as_its_own_digits() -> None:
    """The list picks; it does not vouch."""
    scores = opinion("01310100", doubts={2: (7, 3.0)})
    (listed,) = DECODER.decode(*line(8), scores, CEP, frozenset({"01710100"}))
    (free,) = DECODER.decode(*line(8), scores, CEP)
    assert listed.digits == "01710100"
    assert listed.confidence < free.confidence
    assert listed.confidences[2] < free.confidences[2]


def test_a_code_that_was_read_as_known_is_as_sure_as_without_the_list() -> None:
    scores = opinion("01310100", doubts={2: (7, 1.0)})
    (listed,) = DECODER.decode(*line(8), scores, CEP, frozenset({"01310100"}))
    (free,) = DECODER.decode(*line(8), scores, CEP)
    assert listed.confidence == pytest.approx(free.confidence)


# ── What a reading says of it ──


@dataclass
class Opinionated(Reader):
    """A reader whose network holds every line for the same text."""

    scores: Scores | None = None

    def score(self, pixels: NDArray[np.uint8], boxes: NDArray[np.int32] | None = None) -> Scores:
        assert self.scores is not None
        assert len(pixels) == len(self.scores.odds), "the picture is such that each digit is one span"
        return self.scores


def reading(scores: Scores, known: set[str] | None, format: str = "cep"):
    """What is read on a picture of as many digits, far enough apart not to be taken together."""
    page = np.full((160, 100 + 60 * len(scores.odds)), 235, np.uint8)
    for k in range(len(scores.odds)):
        x = 60 + 60 * k
        cv2.polylines(page, [np.array([(x, 60), (x + 16, 60), (x + 6, 100)])], False, 30, 4, cv2.LINE_AA)
    codes = None if known is None else frozenset(known)
    reader = Opinionated(None, formats.get(format), DECODER, None, None, codes, scores=scores)  # type: ignore[arg-type]
    (only,) = reader.read(Frame(page))
    assert reader.format.write(only.digits) == only.code
    return only


@pytest.mark.parametrize("format", ["cep", "digits", "digits:8"])
def test_without_a_list_nothing_is_said(format: str) -> None:
    assert reading(opinion("01310100"), None, format).known is None


@pytest.mark.parametrize("format", ["cep", "digits", "digits:8"])
def test_a_listed_code_is_known(format: str) -> None:
    code = reading(opinion("01310100", doubts={2: (7, 1.0)}), {"01710100"}, format)
    assert (code.digits, code.known, code.accepted) == ("01710100", True, True)


@pytest.mark.parametrize("known", [set(), {"99999999"}])
@pytest.mark.parametrize("format", ["cep", "digits", "digits:8"])
def test_a_clear_code_that_is_not_listed_is_unknown(known: set[str], format: str) -> None:
    """It is accepted all the same: whether that will do is for the user to say."""
    code = reading(opinion("01310100"), known, format)
    assert (code.digits, code.known, code.accepted) == ("01310100", False, True)


def test_the_list_may_be_written_as_the_country_writes_codes() -> None:
    assert Reader.load(known=["01310-100", " 22041 001 ", "04001000"]).known == {"01310100", "22041001", "04001000"}
    assert Reader.load(known=[]).known == frozenset()
    assert Reader.load().known is None
