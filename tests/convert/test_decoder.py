"""The fitted decoder: weights that read more lines right, honest confidence, thresholds that keep their word."""

import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert import __main__ as command
from convert import decoder, sheets
from convert.decoder import (
    FALSE_READS,
    LEAST_THRESHOLD,
    MOST_THRESHOLD,
    accuracy,
    calibration_error,
    fit_confidence,
    fit_weights,
    judge,
    threshold,
)
from convert.sheets import Sheet, asked, render, sheet
from device.decode import FEATURES, Decoder, describe
from device.formats import KINDS, get
from device.glyphs import glyphs
from device.lattice import Weights, best_paths
from device.model import Bundle
from device.reader import Reader
from train import data, rendered, typefaces
from train.pieces import lattices
from train.rendered import hands
from train.strings import scene

SHARES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


@pytest.fixture(scope="module")
def card(root):
    return str(root / "models" / "lenet5.json")


@pytest.fixture(scope="module")
def pages(card, supplies):
    """Two parts of pages with digits on them, and empty ones."""
    return [
        render(card, supplies, 5, part, {"digits": 60, "postal": 30, "empty": 20, "single": 40}, 1) for part in (1, 2)
    ]


# ── Calibration ──


def test_the_error_is_the_distance_of_confidence_and_truth():
    confidence = np.full(100, 0.8)
    assert calibration_error(confidence, np.arange(100) % 5 > 0, 1) == pytest.approx(0)
    assert calibration_error(confidence, np.zeros(100, bool)) == pytest.approx(0.8)
    ten, truth = np.repeat([0.1, 0.9], 50), np.repeat([False, True], 50)
    assert calibration_error(ten, truth, 2) == pytest.approx(0.1)


@given(SHARES)
def test_it_is_a_share_and_with_one_bin_the_difference_of_the_means(pairs):
    confidence, good = (np.array(values) for values in zip(*pairs, strict=True))
    assert calibration_error(confidence, good, 1) == pytest.approx(abs(confidence.mean() - good.mean()))
    assert 0 <= calibration_error(confidence, good, 1) <= calibration_error(confidence, good) + 1e-12 <= 1 + 1e-9


@given(seed=st.integers(0, 1000))
def test_truth_that_is_drawn_with_the_confidence_has_hardly_an_error(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.random(5000)
    good = rng.random(5000) < confidence
    assert calibration_error(confidence, good) < 0.03
    assert calibration_error(confidence**3, good) > 0.1


@given(seed=st.integers(0, 1000))
def test_the_confidence_that_truth_was_drawn_with_is_found(seed):
    rng = np.random.default_rng(seed)
    features = np.column_stack([np.ones(4000), rng.normal(0, 3, 4000), np.full(4000, 8.0)])
    p = 1 / (1 + np.exp(-(0.5 + 0.7 * features[:, 1])))
    good = rng.random(4000) < p
    weights = fit_confidence(features, good)
    assert weights[:2] == pytest.approx([0.5, 0.7], abs=0.2)
    assert weights[2] == 0
    found = 1 / (1 + np.exp(-(features @ weights)))
    assert found.mean() == pytest.approx(good.mean(), abs=1e-3)


@pytest.mark.parametrize("good", [lambda x: x > 0, lambda x: x > 99, lambda x: x < 99])
def test_truth_that_can_be_told_faultlessly_gives_finite_weights(good):
    x = np.linspace(-3, 3, 50)
    weights = fit_confidence(np.column_stack([np.ones(50), x, x]), good(x))
    assert np.isfinite(weights).all()
    found = 1 / (1 + np.exp(-(np.column_stack([np.ones(50), x, x]) @ weights)))
    assert ((found > 0.5) == good(x)).all()


# ── Thresholds ──


@given(false=st.lists(st.floats(0, 1), max_size=60), others=st.integers(0, 4000))
def test_a_threshold_keeps_false_reads_rare_and_is_no_higher_than_that_takes(false, others):
    confidence, without = np.array(false), len(false) + others
    least = threshold(confidence, without)
    allowed = FALSE_READS * without
    assert LEAST_THRESHOLD <= least <= MOST_THRESHOLD
    assert least == round(least, 3)
    if least < MOST_THRESHOLD:
        assert (confidence >= least).sum() <= allowed
    if least > LEAST_THRESHOLD:
        assert (confidence >= least - 0.0021).sum() > int(allowed)


def test_without_false_reads_the_threshold_is_the_least():
    assert threshold(np.array([]), 0) == LEAST_THRESHOLD


# ── Lines ──


def test_a_case_is_read_as_its_line_is(card, supplies):
    reader, writers = Reader.load(card, format="digits"), hands(supplies)
    for number in range(4):
        made = scene(writers, np.random.default_rng(number))
        page = sheet(reader, made)
        assert page is not None
        for line, case in zip(lattices(made), page.lines, strict=True):
            scores = reader.score(glyphs(line.ink, line.spans), line.spans.boxes)
            whole = best_paths(line.ink, line.spans, scores, Weights())
            kept = best_paths(case.ink, case.spans, case.scores, Weights())
            assert [(path.digits, path.score) for path in whole] == [(path.digits, path.score) for path in kept]
            if whole:
                ours = describe(kept, case.ink, case.spans, case.scores, "any")
                assert np.array_equal(describe(whole, line.ink, line.spans, scores, "any"), ours)


def test_a_page_whose_digit_faded_away_is_left_out(card, supplies):
    reader, writers = Reader.load(card, format="digits"), hands(supplies)
    drawn = (scene(writers, np.random.default_rng(seed)) for seed in range(20))
    made = next(one for one in drawn if one.truth and len(one.picture) > 100)  # paper enough around a digit
    assert sheet(reader, made) is not None
    digit = cv2.dilate((made.owners[0] == 1).astype(np.uint8), np.ones((9, 9), np.uint8))
    faded = cv2.inpaint(made.picture, digit, 5, cv2.INPAINT_TELEA)
    assert sheet(reader, replace(made, picture=faded)) is None


def test_house_numbers_are_neither_right_nor_false_where_every_line_of_digits_is_read():
    pages = {"digits": [Sheet("12", ()), Sheet("", (), numbers=True), Sheet("", ())], "postal": [], "empty": []}
    assert [one.numbers for one in asked(pages, "any")] == [False, False]
    assert [one.numbers for one in asked(pages, "fixed")] == [False, False]


def test_a_page_has_at_most_one_line_with_its_truth(pages):
    for one in pages[0]["digits"] + pages[0]["postal"]:
        said = [case.truth for case in one.lines if case.truth]
        assert said in ([], [one.truth])
    assert not [case for one in pages[0]["empty"] for case in one.lines if case.truth]
    assert sum(bool(one.truth) for one in pages[0]["digits"]) > 40


def test_each_kind_of_format_has_the_lengths_it_would_ask_for(pages):
    digits, postal, empty, single = (pages[0][kind] for kind in ("digits", "postal", "empty", "single"))
    kept = [one for one in digits if one.truth or not one.numbers]
    longer = [one for one in kept if len(one.truth) != 1]
    counts = {kind: len(asked(pages[0], kind)) for kind in KINDS}
    assert counts == {
        "any": len(kept) + len(empty),
        "fixed": len(longer) + len(postal) + len(empty),
        "single": len(single) + len(empty),
    }
    assert 45 < len(kept) <= len(digits)
    assert {case.length for one in asked(pages[0], "any") for case in one.lines} == {None}
    for one in asked(pages[0], "fixed"):
        assert {case.length for case in one.lines} <= ({len(one.truth)} if one.truth else set(range(2, 9)))
    assert {case.length for one in asked(pages[0], "single") for case in one.lines} == {1}
    assert {get("digits:1").kind, get("digits").kind, get("cep").kind, get("digits:5").kind} == set(KINDS)


def test_a_street_with_its_number_is_asked_for_a_postal_code_and_holds_none(card, supplies):
    made = render(card, supplies, 5, 1, {"street": 12}, 1)["street"]
    assert made
    assert all(one.numbers and not one.truth for one in made)
    pages = dict.fromkeys(("digits", "postal", "empty", "single"), ()) | {"street": made}
    assert [len(asked(pages, kind)) for kind in KINDS] == [len(made) if kind == "fixed" else 0 for kind in KINDS]
    assert {case.length for one in asked(pages, "fixed") for case in one.lines} == {8}


def test_parts_have_pages_of_their_own(pages):
    truths = [[one.truth for one in part["digits"]] for part in pages]
    assert truths[0] != truths[1]


@pytest.mark.slow
def test_pages_do_not_depend_on_the_number_of_workers(card, supplies, monkeypatch):
    monkeypatch.setattr(sheets, "CHUNK", 4)
    one, two = (render(card, supplies, 5, 1, {"digits": 8}, workers)["digits"] for workers in (1, 2))
    for ours, theirs in zip(one, two, strict=True):
        assert ours.truth == theirs.truth
        for first, second in zip(ours.lines, theirs.lines, strict=True):
            assert np.array_equal(first.scores.odds, second.scores.odds)
            assert np.array_equal(first.ink.boxes, second.ink.boxes)


# ── The fit ──


def test_fitted_weights_read_more_pages_right_that_they_were_not_fitted_on(pages, monkeypatch):
    monkeypatch.setattr(decoder, "GRID", {"skip": (0.0, 3.0, 8.0), "odds": (0.5, 1.0), "digit": (0.5, 1.0)})
    bad = Weights(odds=0.0, digit=0.0, piece=0.0, skip=0.0)
    shown, fresh = ([one for one in part["digits"] if one.truth] for part in pages)
    found = fit_weights([case for one in shown for case in one.lines if case.truth], bad)
    assert accuracy(fresh, found) > accuracy(fresh, bad)


def test_pages_are_judged_as_the_reader_would(pages):
    everything = np.zeros(len(FEATURES))
    everything[0] = -0.4  # of every line the confidence is 1 / (1 + e^0.4), 0.4013
    shown = asked(pages[0], "any")
    outcome = judge(shown, Weights(), Weights(), everything)
    assert outcome.accuracy == outcome.accuracy_before
    assert outcome.pages + outcome.without_code == len(shown)
    assert outcome.threshold == pytest.approx(0.402)  # all are as sure as one another: nothing may be accepted
    assert (outcome.coverage, outcome.false_reads) == (0, 0)


@pytest.fixture
def bundle(root, tmp_path):
    for file in (root / "models").glob("lenet5*[!s]"):
        shutil.copy(file, tmp_path)
    return tmp_path / "lenet5.json"


def test_the_command_fits_and_rewrites_the_cards_decoder_alone(bundle, mnist, fonts, monkeypatch, capsys):
    monkeypatch.setattr(data, "load", lambda path=None: mnist)
    monkeypatch.setattr(rendered, "HELD_OUT_DIGITS", 1000)
    monkeypatch.setattr(decoder, "GRID", {"skip": (1.0, 5.0)})
    two = {name: typefaces.PACKAGES[name] for name in ("arimo", "zeyada")}
    monkeypatch.setattr(typefaces, "PACKAGES", two)
    before = json.loads(bundle.read_bytes())
    arguments = ["decoder", str(bundle), "--lines", "60", "--workers", "1", "--fonts", str(fonts)]
    assert command.main(arguments) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in out[:4]] == ["format", "any", "fixed", "single"]
    assert out[4] == str(bundle)
    after = json.loads(bundle.read_bytes())
    assert after | {"decoder": 0} == before | {"decoder": 0}
    section = after["decoder"]
    assert section["temperature"] == before["decoder"]["temperature"]
    assert (
        section["fitted"]["command"]
        == "python -m convert decoder lenet5.json --lines 60 --workers 1 --fonts " + fonts.name
    )
    assert section["fitted"]["fonts"] == {"arimo": "1.341", "zeyada": "1.2"}
    assert set(section["confidence"]) == set(section["thresholds"]) == set(KINDS)
    assert set(section["confidence"]["any"]) == set(FEATURES)
    for kind, name in (("any", "digits"), ("fixed", "cep"), ("fixed", "digits:5"), ("single", "digits:1")):
        found = section["fitted"][kind]
        assert found["threshold"] == section["thresholds"][kind]
        assert found["accuracy"] > 0.2
        assert 0 <= found["ece"] < 0.5
        read = Decoder.from_card(Bundle.load(bundle).decoder)
        assert read.threshold(get(name)) == section["thresholds"][kind]


def remade(card):
    card["networks"][0]["int8"]["sha256"] = "another"


def without_networks(card):
    del card["networks"]


@pytest.mark.parametrize("change", [remade, without_networks])
def test_a_decoder_is_not_put_beside_other_networks_than_it_was_fitted_to(change, bundle):
    opened, card = Bundle.load(bundle), json.loads(bundle.read_bytes())
    change(card)
    bundle.write_text(json.dumps(card))
    with pytest.raises(decoder.ConversionError, match="made anew while the decoder was fitted; run it again") as caught:
        decoder._rewrite(opened, {})
    assert str(caught.value).startswith(str(bundle))
    assert json.loads(bundle.read_bytes()) == card


def test_pages_without_a_line_are_refused_in_one_line(pages):
    with pytest.raises(decoder.ConversionError, match="--lines"):
        decoder.described([], Weights())
    with pytest.raises(decoder.ConversionError, match="--lines"):
        decoder._searched({"digits": pages[0]["empty"], "postal": []})
