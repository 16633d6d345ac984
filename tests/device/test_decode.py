"""Digits on a line → a candidate: how sure it is, by which threshold it is judged, and why it is turned down."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device import formats
from device.decode import (
    DEFAULT_THRESHOLD,
    FEATURES,
    LETTERS_SHARE,
    MOST_AMONG,
    REASONS,
    Candidate,
    Decoder,
    describe,
)
from device.formats import Kind
from device.lattice import Path, Scores, Weights, best_paths
from device.segment import LineInk, Spans

TALL = 40.0
SURE = {"bias": 3.0, "digits": 1.0, "odds": 1.0}
"""Weights of a confidence that clear digits have."""


def line(count: int, pitch: int = 50) -> tuple[LineInk, Spans]:
    """Digits that stand apart, each a piece and a span."""
    boxes = np.array([(10 + pitch * k, 20, 24, 40) for k in range(count)], np.int32).reshape(-1, 4)
    each = np.arange(count, dtype=np.int32)
    blank = np.zeros((80, 20 + pitch * count), np.uint8)
    return LineInk(blank, blank.astype(np.int32), boxes, boxes[:, 2] * 30, each + 1, TALL), Spans(each, each, boxes)


def opinion(text: str, sure: float = 0.99, odds: float = 5.0) -> Scores:
    """Each span is the text's digit that surely, and otherwise the next one up; a ``-`` is no digit."""
    digit = np.full((len(text), 10), np.log((1 - sure) / 20))
    for k, value in enumerate(text.replace("-", "0")):
        digit[k, int(value)] = np.log(sure)
        digit[k, (int(value) + 1) % 10] = np.log((1 - sure) / 2)
    return Scores(digit, np.array([-9.0 if value == "-" else odds for value in text]))


def decoder(**card: object) -> Decoder:
    return Decoder.from_card({"confidence": {"fixed": SURE, "any": SURE}, **card})


def read(text: str, format: str = "cep", decoder: Decoder | None = None, **how: float) -> Candidate:
    """The one candidate of a line of that text."""
    ours = decoder or Decoder.from_card({"confidence": {"fixed": SURE, "any": SURE}})
    (candidate,) = ours.decode(*line(len(text)), opinion(text, **how), formats.get(format))
    return candidate


def features(text: str, kind: Kind = "fixed", length: int | None = None, **how: float) -> dict[str, float]:
    ink, found = line(len(text))
    scores = opinion(text, **how)
    paths = best_paths(ink, found, scores, Weights(), length)
    return dict(zip(FEATURES, describe(paths, ink, found, scores, kind).tolist(), strict=True))


# ── What is read ──


def test_a_clear_code_is_accepted() -> None:
    code = read("01310100")
    assert code.digits == "01310100"
    assert code.confidence > 0.9
    assert code.reason is None
    assert code.detail is None
    assert code.boxes.tolist() == [[10 + 50 * k, 20, 24, 40] for k in range(8)]
    assert all(0.9 < each <= 1 for each in code.confidences)


def test_a_code_is_found_among_other_writing() -> None:
    code = read("--01310100--")
    assert code.digits == "01310100"
    assert code.boxes[0, 0] == 110


@pytest.mark.parametrize("text", ["", "1", "1234567"])
def test_a_line_with_too_few_digits_has_no_postal_code(text: str) -> None:
    assert decoder().decode(*line(len(text)), opinion(text), formats.get("cep")) == []


@pytest.mark.parametrize("format", ["cep", "digits", "digits:3"])
def test_a_line_without_pieces_has_nothing(format: str) -> None:
    assert decoder().decode(*line(0), opinion(""), formats.get(format)) == []


@pytest.mark.parametrize("text", ["0", "12", "0123456789", "11111111111111111111"])
def test_digits_of_any_number_are_read(text: str) -> None:
    assert read(text, "digits").digits == text


# ── How sure ──


@given(
    text=st.text("0123456789-", min_size=8, max_size=12).filter(lambda text: len(text.replace("-", "")) >= 8),
    sure=st.floats(0.3, 0.999),
    odds=st.floats(-3, 9),
    format=st.sampled_from(["cep", "zip", "digits", "digits:8"]),
    values=st.lists(st.floats(-50, 50), min_size=len(FEATURES), max_size=len(FEATURES)),
)
def test_confidences_are_probabilities_and_reasons_are_of_the_list(
    text: str, sure: float, odds: float, format: str, values: list[float]
) -> None:
    row = dict(zip(FEATURES, values, strict=True))
    ours = Decoder.from_card({"confidence": {"fixed": row, "any": row}})
    for code in ours.decode(*line(len(text)), opinion(text, sure, odds), formats.get(format)):
        assert 0 <= code.confidence <= 1
        assert all(0 <= each <= 1 for each in code.confidences)
        assert len(code.boxes) == len(code.confidences) == len(code.digits)
        assert code.reason is None or code.reason in REASONS
        assert (code.reason is None) == (code.detail is None)


def test_reasons_are_the_documented_closed_list() -> None:
    assert REASONS == ("not-sure", "wrong-length", "looks-like-text", "touching-digits", "not-the-addressee")


@given(st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_surer_digits_make_a_surer_code(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert read("01310100", sure=low).confidence <= read("01310100", sure=high).confidence


@given(st.floats(-3, 8), st.floats(-3, 8))
def test_likelier_digits_make_a_surer_code(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert read("01310100", odds=low).confidence <= read("01310100", odds=high).confidence


@given(st.floats(0, 12), st.floats(0, 12), st.floats(0.01, 2))
def test_a_wider_margin_makes_a_surer_code_where_its_weight_is_positive(one: float, other: float, w: float) -> None:
    ink, found = line(2)
    scores = opinion("12")

    def confidence(margin: float, weight: float) -> float:
        paths = [Path(5.0, "12", (0, 1)), Path(5.0 - margin, "13", (0, 1))]
        row = Decoder.from_card({"confidence": {"fixed": {"margin": weight}}}).confidence["fixed"]
        return float(np.dot(row, describe(paths, ink, found, scores, "fixed")))

    low, high = sorted((one, other))
    assert confidence(low, w) <= confidence(high, w)
    assert confidence(low, -w) >= confidence(high, -w)


def test_a_lone_path_has_the_widest_margin() -> None:
    ink, found = line(2)
    near = describe([Path(5.0, "12", (0, 1)), Path(4.0, "13", (0, 1))], ink, found, opinion("12"), "fixed")
    far = describe([Path(5.0, "12", (0, 1)), Path(-99.0, "13", (0, 1))], ink, found, opinion("12"), "fixed")
    lone = describe([Path(5.0, "12", (0, 1))], ink, found, opinion("12"), "fixed")
    margin = FEATURES.index("margin")
    assert near[margin] == pytest.approx(1.0)
    assert far[margin] == lone[margin] == 12.0


def test_a_digits_confidence_is_that_it_is_one_and_which() -> None:
    code = read("12345", "zip", sure=0.8, odds=0.0)
    assert code.confidences == pytest.approx([0.8 * 0.5] * 5)


# ── What confidence is made of ──


def test_each_feature_is_what_its_name_says() -> None:
    some = features("01310100", length=8, sure=0.9, odds=2.0)
    assert list(some) == list(FEATURES)
    assert some["bias"] == 1
    assert some["digits"] == pytest.approx(8 * np.log(0.9))
    assert some["least_digit"] == pytest.approx(np.log(0.9))
    assert some["odds"] == pytest.approx(8 * np.log(1 / (1 + np.exp(-2.0))))
    assert some["least_odds"] == 2.0
    assert some["margin"] == pytest.approx(np.log(0.9 / 0.05))
    assert some["length"] == 8
    for name in ("passed_over", "largest_gap_piece", "uneven", "outside", "abutting", "among", "attached", "gap"):
        assert some[name] == 0


def test_what_is_passed_over_counts_within_a_code_of_fixed_length_and_everywhere_else() -> None:
    assert features("--12-345---", length=5)["passed_over"] == pytest.approx(1 / 6)
    kinds: tuple[Kind, ...] = "any", "single"
    for kind in kinds:
        some = features("--12-345---", kind=kind)
        assert some["passed_over"] == pytest.approx(6 / 11)
        assert some["largest_gap_piece"] == pytest.approx(1.0)
        assert some["outside"] == pytest.approx(1.0)


def test_letters_among_a_codes_digits_are_counted_and_those_beside_it_are_not() -> None:
    assert features("--12-345---", length=5)["among"] == 1
    assert features("--12345---", length=5)["among"] == 0
    assert features("1-2-3-4-5-6", length=6)["among"] == MOST_AMONG


def test_a_hyphen_among_the_digits_is_no_letter() -> None:
    ink, found = line(6)
    ink.boxes[2] = found.boxes[2] = 110, 38, 16, 4
    scores = opinion("12-345")
    paths = best_paths(ink, found, scores, Weights(), 5)
    assert paths[0].digits == "12345"
    assert describe(paths, ink, found, scores, "fixed")[FEATURES.index("among")] == 0


@pytest.mark.parametrize(("pitch", "abuts"), [(30, True), (38, True), (50, False)])
@pytest.mark.parametrize("text", ["-12345", "12345-"])
def test_ink_right_beside_a_code_abuts(text: str, pitch: int, abuts: bool) -> None:
    ink, found = line(6, pitch)
    scores = opinion(text)
    paths = best_paths(ink, found, scores, Weights(), 5)
    assert paths[0].digits == "12345"
    assert (describe(paths, ink, found, scores, "fixed")[FEATURES.index("abutting")] > 0) == abuts


@pytest.mark.parametrize("text", ["---12345", "12345---", "-12345--", "12345"])
def test_a_code_is_attached_to_the_letters_of_its_word(text: str) -> None:
    ink, found = line(len(text), pitch=24 + round(0.15 * TALL))
    paths = best_paths(ink, found, opinion(text), Weights(), 5)
    longest = max(len(side) for side in text.split("12345"))
    assert describe(paths, ink, found, opinion(text), "fixed")[FEATURES.index("attached")] == longest
    assert describe(paths, ink, found, opinion(text), "any")[FEATURES.index("attached")] == 0


def test_a_gap_within_a_code_is_paper_and_a_hyphen_fills_it() -> None:
    """01310_100 and 01310-100, in heights of the line beyond the usual gap."""
    for middle, gap in (("", 50 / TALL), ("-", 0.0)):
        text = f"01310{middle}100"
        ink, found = line(len(text))
        if middle:
            ink.boxes[5] = found.boxes[5] = 260, 38, 24, 4
        else:
            ink.boxes[5:, 0] += 50
        paths = best_paths(ink, found, opinion(text), Weights(), 8)
        assert describe(paths, ink, found, opinion(text), "fixed")[FEATURES.index("gap")] == pytest.approx(gap)


def test_paper_in_a_form_s_boxes_is_no_gap() -> None:
    ink, found = line(8)
    ink.boxes[5:, 0] += 50
    paths = best_paths(ink, found, opinion("01310100"), Weights(), 8)
    for cells, wide in ((np.arange(1, 9, dtype=np.int32), False), (np.zeros(8, np.int32), True)):
        row = describe(paths, replace(ink, cells=cells), found, opinion("01310100"), "fixed")
        assert (row[FEATURES.index("gap")] > 0) == wide


def test_uneven_digits_are_uneven() -> None:
    ink, found = line(4)
    found.boxes[1, 3] = 20
    scores = opinion("1234")
    paths = [Path(0.0, "1234", (0, 1, 2, 3))]
    assert describe(paths, ink, found, scores, "fixed")[FEATURES.index("uneven")] == pytest.approx(
        np.std([0, np.log(2), 0, 0])
    )


# ── Why not ──


def test_another_number_of_digits_is_the_wrong_length() -> None:
    code = read("12345", "digits:6")
    assert code.digits == "12345"
    assert code.reason == "wrong-length"
    assert code.detail == "5 digits, digits:6 has 6"


def test_a_longer_line_holds_a_code_of_the_right_length() -> None:
    assert len(read("1234567", "digits:6").digits) == 6


def test_a_few_digits_among_much_else_look_like_text() -> None:
    code = read("--1----2--", "digits", sure=0.6, odds=-1.0)
    assert code.reason == "looks-like-text"
    assert "80 % of the line is no digit" in str(code.detail)


def test_as_much_as_it_takes_to_look_like_text() -> None:
    assert features("1234567890123---", kind="any")["passed_over"] < LETTERS_SHARE
    assert read("1234567890123---", "digits", sure=0.3, odds=-1).reason != "looks-like-text"
    assert read("12345---", "digits", sure=0.3, odds=-1).reason == "looks-like-text"
    assert read("1---2", "digits:2", sure=0.3, odds=-1).reason == "looks-like-text"


def test_a_doubtful_cut_means_touching_digits() -> None:
    """A span of which it is not clear that it is one digit, and another way to read the line nearly as good."""
    ink, found = line(5)
    scores = opinion("12345", sure=0.5)
    scores.digit[2] = np.log(0.1)
    scores.digit[2, 3] = np.log(0.101)
    scores.odds[2] = -1.0
    (code,) = decoder(thresholds={"fixed": 0.99}).decode(ink, found, scores, formats.get("zip"))
    assert code.reason == "touching-digits"
    scores.odds[2] = 1.0
    (code,) = decoder(thresholds={"fixed": 0.99}).decode(ink, found, scores, formats.get("zip"))
    assert code.reason == "not-sure"


def test_what_is_merely_unclear_is_not_sure() -> None:
    code = read("12345", "zip", sure=0.4)
    assert code.reason == "not-sure"
    assert code.detail == f"{code.confidence:.2f} is below 0.50"


def test_a_sure_code_is_not_asked_how_it_looks_but_a_line_of_digits_is() -> None:
    """Letters that look like digits are sure digits: only what stands between them tells."""
    ours = Decoder.from_card({"confidence": {kind: {"bias": 9.0} for kind in ("any", "fixed")}})
    assert read("--1----2--", "digits:2", ours).reason is None
    assert read("--1----2--", "digits", ours).reason == "looks-like-text"
    assert read("--411", "digits", ours).reason is None, "R$ 411"


# ── Thresholds ──


def test_a_threshold_is_the_formats_own_its_kinds_or_the_default() -> None:
    ours = decoder(thresholds={"cep": 0.9, "fixed": 0.8, "any": 0.7})
    assert ours.threshold(formats.get("cep")) == 0.9
    assert ours.threshold(formats.get("zip")) == 0.8
    assert ours.threshold(formats.get("digits:4")) == 0.8
    assert ours.threshold(formats.get("digits")) == 0.7
    assert decoder().threshold(formats.get("cep")) == DEFAULT_THRESHOLD
    assert decoder(thresholds={"any": 0.7}).threshold(formats.get("cep")) == DEFAULT_THRESHOLD


@given(st.floats(0, 1), st.floats(-5, 5))
def test_what_reaches_its_threshold_is_accepted(least: float, bias: float) -> None:
    ours = Decoder.from_card({"confidence": {"fixed": {"bias": bias}}, "thresholds": {"zip": least}})
    code = read("12345", "zip", ours)
    assert code.confidence == pytest.approx(1 / (1 + np.exp(-bias)))
    assert (code.reason is None) == (code.confidence >= least)


def test_each_kind_of_format_has_a_confidence_of_its_own() -> None:
    ours = Decoder.from_card({"confidence": {"fixed": {"bias": 2.0}, "any": {"bias": -2.0}, "single": {"bias": -1.0}}})
    assert read("12345", "zip", ours).confidence == read("12345", "digits:5", ours).confidence > 0.8
    assert read("12345", "digits", ours).confidence < 0.2
    assert read("1", "digits:1", ours).confidence == pytest.approx(1 / (1 + np.e))


def test_a_card_without_single_digits_takes_them_for_short_codes() -> None:
    ours = Decoder.from_card({"confidence": {"fixed": {"bias": 2.0}}})
    assert read("1", "digits:1", ours).confidence == read("12", "digits:2", ours).confidence


# ── The card ──


def test_a_card_gives_the_weights_it_has_and_no_others() -> None:
    ours = Decoder.from_card({"weights": {"skip": 7, "of a later version": 1}, "temperature": 1.5, "digit_share": 0})
    assert ours.weights == Weights(skip=7.0)
    assert ours.temperature == 1.5
    assert ours.shares.usual[0] == 0


def test_a_card_without_a_fitted_decoder_still_ranks_codes() -> None:
    ours = Decoder.from_card({})
    clear, blurred = read("01310100", decoder=ours), read("01310100", decoder=ours, sure=0.6)
    assert 0 < blurred.confidence < clear.confidence <= 1
