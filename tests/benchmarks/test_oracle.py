"""Where errors come from: forced paths against trying everything, the stages on made-up lines, the tables."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import oracle
from benchmarks.__main__ import main
from benchmarks.oracle_lines import AS_IT_IS, VARIANTS, Answer, Outcome, cleaned
from benchmarks.oracle_paths import STAGES, Loss, blame, lost, most_common, told
from device.errors import InputError
from device.lattice import Scores, Weights, arcs, best_paths
from device.segment import LineInk, Spans, spans
from device.strips import Strip
from train import typefaces
from train.align import aligned
from train.pieces import NOT_A_DIGIT, UNSURE, Lattice, label
from train.strings import Scene

TALL, WIDTH, PITCH = 40, 24, 40
"""Of made-up digits: solid blocks, pixels."""


def opinion(texts: list[str], odds: list[float]) -> Scores:
    """Each span is its digit, rather surely; one of an empty text is anything."""
    digit = np.full((len(texts), 10), np.log(0.05))
    for span, text in enumerate(texts):
        if text:
            digit[span, int(text)] = np.log(0.55)
    return Scores(digit, np.array(odds, np.float64))


def block_scene(text: str) -> Scene:
    """Blocks for digits."""
    owners = np.zeros((2, 80, 2 * PITCH + PITCH * len(text)), np.int16)
    for number in range(len(text)):
        owners[0, 20 : 20 + TALL, PITCH * (number + 1) : PITCH * (number + 1) + WIDTH] = number + 1
    picture = np.where(owners[0] > 0, 0, 255).astype(np.uint8)
    return Scene(picture, owners, tuple(text), True, text)


def block_line(made: Scene, labels: np.ndarray, left: int = 0) -> Lattice:
    """A line of a scene as the device might have cut it: pieces by label, the strip starting at a column."""
    labels = np.asarray(labels[:, left:], np.int32)
    boxes = np.array([cv2.boundingRect((labels == n).astype(np.uint8)) for n in range(1, labels.max() + 1)], np.int32)
    areas = np.bincount(labels.ravel())[1:].astype(np.int32)
    soft = np.where(labels > 0, 255, 0).astype(np.uint8)
    ink = LineInk(soft, labels, boxes.reshape(-1, 4), areas, np.arange(1, len(boxes) + 1, dtype=np.int32), TALL)
    to_frame = np.array([[1.0, 0.0, left], [0.0, 1.0, 0.0]])
    strip = Strip(made.picture[:, left:], to_frame, made.picture.shape[::-1])
    found = spans(ink)
    return Lattice(strip, ink, found, *label(made, strip, ink, found))


def seen_rightly(line: Lattice) -> Scores:
    """What perfect networks would say."""
    is_digit = (line.labels >= 0) & (line.labels < NOT_A_DIGIT)
    texts = [str(value) if good else "" for value, good in zip(line.labels, is_digit, strict=True)]
    return opinion(texts, [4.0 if good else -4.0 for good in is_digit])


@st.composite
def lattices(draw: st.DrawFn) -> tuple[LineInk, Spans, Scores, Weights]:
    """A few pieces, random runs of them, random opinions and weights."""
    generator = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    count = int(generator.integers(1, 6))
    boxes, x = [], 5
    for _ in range(count):
        boxes.append(
            (x, int(generator.integers(4, 30)), int(generator.integers(3, 34)), int(generator.integers(8, 48)))
        )
        x += boxes[-1][2] + int(generator.integers(0, 30))
    array, blank = np.array(boxes, np.int32), np.zeros((80, x + 10), np.uint8)
    own = np.arange(1, count + 1, dtype=np.int32)
    ink = LineInk(blank, blank.astype(np.int32), array, array[:, 2] * array[:, 3], own, float(TALL))
    runs = [(a, b) for a in range(count) for b in range(a, min(a + 3, count)) if generator.random() < 0.8]
    low, high = array[:, :2], array[:, :2] + array[:, 2:]
    around = [
        (*low[a : b + 1].min(axis=0), *(high[a : b + 1].max(axis=0) - low[a : b + 1].min(axis=0))) for a, b in runs
    ]
    first, last = (np.array([run[end] for run in runs], np.int32) for end in (0, 1))
    found = Spans(first, last, np.array(around, np.int32).reshape(-1, 4))
    logits = generator.normal(0, 3, (len(runs), 10))
    scores = Scores(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True), generator.normal(0, 3, len(runs)))
    return ink, found, scores, Weights(*(float(value) for value in generator.uniform(0, 3, 9)))


def every_score(ink, found, scores, weights, text: str, inside: bool, allowed) -> list[float]:
    """The scores of all paths that spell a text, tried one after the other."""
    base, skip = arcs(ink, found, scores, weights)
    out = []

    def walk(node: int, at: int, score: float) -> None:
        if at == len(text) and (inside or node == len(skip)):
            out.append(score)
        if node < len(skip):
            walk(node + 1, at, score + (0.0 if inside and at in (0, len(text)) else float(skip[node])))
        for span in np.flatnonzero(found.first == node) if at < len(text) else ():
            if allowed[span, at]:
                more = float(base[span] + weights.digit * scores.digit[span, int(text[at])])
                walk(int(found.last[span]) + 1, at + 1, score + more)

    walk(0, 0, 0.0)
    return out


# ── The path that should have won ──


@settings(max_examples=150)
@given(lattices(), st.text("0123456789", min_size=1, max_size=4), st.booleans(), st.booleans(), st.integers(0, 1 << 30))
def test_the_forced_path_is_the_best_of_all_that_spell_the_text(made, text, inside, any_span, seed) -> None:
    found = made[1]
    allowed = np.random.default_rng(seed).random((len(found.first), len(text))) < (1.0 if any_span else 0.7)
    tried = every_score(*made, text, inside, allowed)
    path = aligned(*made, text, inside=inside, allowed=None if any_span else allowed)
    assert (path is None) == (not tried)
    if path is None:
        return
    assert path.score == pytest.approx(max(tried))
    assert path.digits == text
    assert all(found.last[one] < found.first[other] for one, other in pairwise(path.spans))
    assert all(allowed[span, at] for at, span in enumerate(path.spans))


@given(lattices())
def test_the_path_that_won_is_found_again_by_what_it_says(made) -> None:
    for path in best_paths(*made)[:1]:
        again = aligned(*made, path.digits)
        assert again is not None
        assert again.score >= path.score - 1e-9  # the forced one may take hopeless spans too


# ── Stages ──


@pytest.mark.parametrize(
    ("read", "odds", "expected"),
    [
        ("12", [4, 4], Loss("path")),
        ("17", [4, -1], Loss("class", (("2", "7"),))),
        ("12", [4, -0.1], Loss("digit or not")),
        ("12", [4, 0], Loss("path")),
    ],
)
def test_blame_is_the_first_thing_wrong(read: str, odds: list[float], expected: Loss) -> None:
    line = block_line(block_scene("12"), block_scene("12").owners[0])
    single = line.spans.first == line.spans.last
    found = Spans(line.spans.first[single], line.spans.last[single], line.spans.boxes[single])
    scores = opinion(list(read), odds)
    path = aligned(line.ink, found, scores, Weights(), "12")
    assert path is not None
    assert blame(path, scores) == expected


def test_a_line_that_was_not_found_or_lacks_a_digit_is_lost_there() -> None:
    made = block_scene("123")
    assert lost(made, None, None, Weights()) == Loss("line")
    short = block_line(made, made.owners[0], left=PITCH + WIDTH)
    assert lost(made, short, seen_rightly(short), Weights()) == Loss("line")


def test_ink_that_was_not_found() -> None:
    made = block_scene("123")
    labels = made.owners[0].copy()
    labels[32:, 2 * PITCH : 3 * PITCH] = 0
    line = block_line(made, labels)
    assert lost(made, line, seen_rightly(line), Weights()) == Loss("ink")


def test_two_digits_in_one_piece_are_a_matter_of_cuts() -> None:
    made = block_scene("123")
    line = block_line(made, np.where(made.owners[0] == 3, 2, made.owners[0]))
    assert lost(made, line, seen_rightly(line), Weights()) == Loss("cut")


def test_what_perfect_networks_would_say_leaves_the_path_alone() -> None:
    made = block_scene("123")
    line = block_line(made, made.owners[0])
    scores = seen_rightly(line)
    assert lost(made, line, scores, Weights()) == Loss("path")
    (two,) = np.flatnonzero(line.labels == 2)
    scores.odds[two] = -1.0
    assert lost(made, line, scores, Weights()) == Loss("digit or not")
    scores.digit[two, 7] = 0.0
    assert lost(made, line, scores, Weights()) == Loss("class", (("2", "7"),))


def test_confusions_are_counted() -> None:
    pairs = [("9", "4"), ("1", "7"), ("9", "4"), ("0", "6")]
    assert most_common(pairs, 2) == [(("9", "4"), 2), (("0", "6"), 1)]


# ── Oracles ──


@settings(max_examples=150)
@given(st.text("0123456789", min_size=1, max_size=5), st.integers(0, 1 << 30), st.booleans(), st.booleans())
def test_an_oracle_never_loses_what_was_right(text: str, seed: int, classes: bool, kinds: bool) -> None:
    generator = np.random.default_rng(seed)
    line = block_line(block_scene(text), block_scene(text).owners[0])
    count = len(line.labels)
    logits = generator.normal(0, 3, (count, 10))
    is_digit = line.labels < NOT_A_DIGIT
    logits[is_digit, line.labels[is_digit]] += 4
    odds = np.where(is_digit, 2, -2) + generator.normal(0, 2, count)
    scores = Scores(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True), odds)
    paths = best_paths(line.ink, line.spans, scores, Weights())
    if not paths or paths[0].digits != text:
        return
    labels = np.where(is_digit & (generator.random(count) < 0.2), UNSURE, line.labels)
    better = told(scores, labels, classes=classes, kinds=kinds)
    assert best_paths(line.ink, line.spans, better, Weights())[0].digits == text


def test_an_oracle_that_tells_everything_is_right() -> None:
    line = block_line(block_scene("40722"), block_scene("40722").owners[0])
    nothing = Scores(np.full((len(line.labels), 10), np.log(0.1)), np.zeros(len(line.labels)))
    better = told(nothing, line.labels, classes=True, kinds=True)
    assert best_paths(line.ink, line.spans, better, Weights())[0].digits == "40722"
    assert np.array_equal(nothing.odds, np.zeros(len(line.labels)))  # what was given is not changed


def test_what_has_no_label_stays_as_it_is() -> None:
    scores = opinion(["1", "2", "3"], [1.0, 2.0, 3.0])
    better = told(scores, np.array([UNSURE, NOT_A_DIGIT, 5]), classes=True, kinds=True)
    assert better.odds.tolist()[0] == 1.0
    assert np.array_equal(better.digit[:2], scores.digit[:2])
    assert better.odds[1] < -10 < 10 < better.odds[2]
    assert better.digit[2].argmax() == 5


def test_clean_ink_is_black_on_white_where_the_characters_were() -> None:
    made = replace(block_scene("12"), picture=np.full((80, 160), 90, np.uint8))
    clean = cleaned(made).picture
    assert (int(clean.min()), int(clean.max()), clean.dtype) == (0, 255, np.uint8)
    assert np.array_equal(clean < 128, made.owners[0] > 0)


# ── Tables ──


def outcome(group: str, loss: Loss | None, before: bool, after: bool) -> Outcome:
    answers = {name: Answer(before, before and loss is None) for name in VARIANTS}
    answers["clean ink"] = Answer(after, after)
    return Outcome(group, "7", "12", "17", 0.5, loss, loss, answers)


LINES = [
    outcome("handwritten", None, True, True),
    outcome("handwritten", Loss("class", (("2", "7"),)), False, True),
    outcome("handwritten", Loss("format"), True, False),
    outcome("printed", Loss("cut"), False, False),
]


def test_rows_are_paired_on_the_same_lines() -> None:
    rows = {(row.variant, row.group): row for row in oracle.rows(LINES)}
    assert len(rows) == 2 * len(VARIANTS)
    clean = rows["clean ink", "handwritten"]
    assert (clean.n, clean.right, clean.gained, clean.lost, clean.accepted) == (3, 2, 1, 1, 2)
    assert clean.low < 2 / 3 < clean.high
    plain = rows[AS_IT_IS, "handwritten"]
    assert (plain.right, plain.gained, plain.lost, plain.accepted) == (2, 0, 0, 1)


def test_every_line_counts_once_in_the_stages() -> None:
    table = oracle.stages(LINES).splitlines()
    assert table[0] == "| stage | what is wrong | handwritten: lines (%) | printed: lines (%) |"
    assert table[2].endswith("| 1 (33.3) | 0 (0.0) |")
    assert sum(int(row.split("|")[3].split("(")[0]) for row in table[2:-1]) == 3
    assert oracle.record(LINES)["stages"]["printed"] == {stage: int(stage == "cut") for stage in STAGES}
    assert oracle.confusions(LINES).splitlines()[-1] == "| 2 | 7 | 1 | 0 |"


def test_the_hardest_lines_are_the_surest_of_each_stage() -> None:
    lines = [replace(LINES[1], name=str(k), confidence=0.1 * k) for k in range(5)]
    assert [one.name for one in oracle.hardest([LINES[0], LINES[3], *lines])] == ["7", "4", "3"]


def test_tables_go_between_their_markers(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("# A\n<!-- oracle stages -->\nold\n<!-- end of oracle stages -->\nB\n", encoding="utf-8")
    for _ in range(2):
        oracle.write(document, {"stages": "| new |"})
        text = "# A\n<!-- oracle stages -->\n\n| new |\n\n<!-- end of oracle stages -->\nB\n"
        assert document.read_text(encoding="utf-8") == text
    with pytest.raises(InputError, match="has no place for a table: <!-- oracle about -->"):
        oracle.write(document, {"stages": "| newer |", "about": ""})
    assert "newer" not in document.read_text(encoding="utf-8")


def test_the_document_has_a_place_for_every_table(root: Path, tmp_path: Path) -> None:
    text = (root / "docs/accuracy.md").read_text(encoding="utf-8")
    copy = tmp_path / "accuracy.md"
    copy.write_text(text, encoding="utf-8")
    rendered, folder = oracle.blocks(LINES, "x"), oracle.blocks([replace(LINES[1], answers={})], "x")
    oracle.write(copy, rendered | {f"folder {name}": part for name, part in folder.items()})
    assert oracle.SHEET in text


# ── The command ──


def test_the_command_renders_and_tells(
    fonts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typefaces, "provide", lambda folder: fonts)
    sheet, out = tmp_path / "sheet.png", tmp_path / "oracle.json"
    asked = ["oracle", "--count", "6", "--seed", "3", "--workers", "1"]
    assert main([*asked, "--sheet", str(sheet), "--json", str(out)]) == 0
    assert "| **known length**: how many digits there are (`digits:N`) |" in capsys.readouterr().out
    figures = json.loads(out.read_text())
    assert len(figures["lines"]) == 6
    assert all((line["stage"] is None) == line["answers"][AS_IT_IS]["accepted"] for line in figures["lines"])
    assert cv2.imread(str(sheet)).shape[1] == 980


def test_the_command_takes_a_folder(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["oracle", "--folder", str(root / "docs/sample"), "--json", "-"]) == 0
    (line,) = json.loads(capsys.readouterr().out)["lines"]
    assert (line["truth"], line["answers"]) == ("01310100", {})
    assert main(["oracle", "--folder", str(root / "docs/sample"), "--sheet", "a.png"]) == 2
