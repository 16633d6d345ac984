"""The lattice and its best paths: the search against trying everything, and each weight against its docstring."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.lattice import BEST, HOPELESS, RIVALS, Path, Scores, Weights, arcs, best_paths, most_digits
from device.segment import LineInk, Spans, spans

TALL = 40.0


def pieces(*boxes: tuple[int, int, int, int], components: tuple[int, ...] = ()) -> LineInk:
    """A line of pieces x, y, width, height."""
    array = np.array(boxes, np.int32).reshape(-1, 4)
    own = np.array(components or range(1, len(boxes) + 1), np.int32)
    blank = np.zeros((80, 10 + int((array[:, 0] + array[:, 2]).max(initial=0))), np.uint8)
    return LineInk(blank, blank.astype(np.int32), array, array[:, 2] * array[:, 3], own, TALL)


def row(count: int, pitch: int = 50) -> LineInk:
    """Digits that stand apart."""
    return pieces(*((10 + pitch * k, 20, 24, 40) for k in range(count)))


def singles(ink: LineInk) -> Spans:
    each = np.arange(len(ink.boxes), dtype=np.int32)
    return Spans(each, each, ink.boxes)


def opinion(text: str, sure: float = 0.95, odds: float = 4.0) -> Scores:
    """Each span is the digit of the text, rather surely, and otherwise the next one up."""
    digit = np.full((len(text), 10), np.log((1 - sure) / 20))
    for k, value in enumerate(text):
        digit[k, int(value)] = np.log(sure)
        digit[k, (int(value) + 1) % 10] = np.log((1 - sure) / 2)
    return Scores(digit, np.full(len(text), odds))


def with_odds(scores: Scores, **odds: float) -> Scores:
    """with_odds(scores, s2=-1.0): other log odds for span 2."""
    changed = scores.odds.copy()
    for name, value in odds.items():
        changed[int(name[1:])] = value
    return Scores(scores.digit, changed)


@st.composite
def lattices(draw: st.DrawFn) -> tuple[LineInk, Spans, Scores, Weights]:
    """A few pieces, random runs of them, random opinions and weights."""
    generator = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    count = draw(st.integers(1, 5))
    x, boxes = 5, []
    for _ in range(count):
        width, height = int(generator.integers(3, 34)), int(generator.integers(8, 48))
        boxes.append((x, int(generator.integers(4, 30)), width, height))
        x += width + int(generator.integers(-2, 45))
    ink = pieces(*boxes)
    low, high = ink.boxes[:, :2], ink.boxes[:, :2] + ink.boxes[:, 2:]
    runs = [(a, b) for a in range(count) for b in range(a, min(a + 3, count)) if generator.random() < 0.8]
    ends = [(low[a : b + 1].min(axis=0), high[a : b + 1].max(axis=0)) for a, b in runs]
    found = Spans(
        np.array([a for a, _ in runs], np.int32),
        np.array([b for _, b in runs], np.int32),
        np.array([(*start, *(stop - start)) for start, stop in ends], np.int32).reshape(-1, 4),
    )
    logits = generator.normal(0, 3, (len(runs), 10))
    scores = Scores(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True), generator.normal(0, 3, len(runs)))
    values = generator.uniform(0, 3, 9)
    return ink, found, scores, Weights(*(float(value) for value in values))


def every_path(
    ink: LineInk, found: Spans, scores: Scores, weights: Weights, length: int | None, rivals: int
) -> list[Path]:
    """All of them, tried one after the other: the best of each digit string, best first."""
    base, skip = arcs(ink, found, scores, weights)
    count = len(ink.boxes)
    likely = weights.outside * np.clip(scores.odds + 1, 0, weights.odds_limit)
    gap = ink.boxes[1:, 0] - ink.boxes[:-1, 0] - ink.boxes[:-1, 2]  # paper after each piece

    def beside(spans_there: np.ndarray, node: int) -> float:
        """Cost of a digit that stands next to a code that starts or ends at the node."""
        if not 0 < node < count or gap[node - 1] >= 0.8 * ink.text_height:
            return 0.0
        return float(likely[spans_there].max(initial=0))

    out: dict[str, Path] = {}

    def keep(path: Path) -> None:
        if path.digits and (path.digits not in out or out[path.digits].score < path.score):
            out[path.digits] = path

    def walk(node: int, path: Path) -> None:
        if length is None and node == count:
            keep(path)
        if length is not None and len(path.digits) == length:
            keep(replace(path, score=path.score - beside(found.first == node, node)))
            return
        if node == count:
            return
        if length is None or path.digits:
            walk(node + 1, replace(path, score=path.score + float(skip[node])))
        for span in np.flatnonzero((found.first == node) & (scores.odds > HOPELESS)):
            for digit in np.argsort(-scores.digit[span])[:rivals]:
                score = float(base[span] + weights.digit * scores.digit[span, digit])
                taken = Path(path.score + score, path.digits + str(digit), (*path.spans, int(span)))
                walk(int(found.last[span]) + 1, taken)

    if length is None:
        walk(0, Path(0.0, "", ()))
    else:
        for start in range(count):
            walk(start, Path(-beside(found.last == start - 1, start), "", ()))
    return sorted(out.values(), key=lambda path: -path.score)


# ── The search ──


@given(lattices(), st.sampled_from([None, 1, 2, 3, 4]), st.integers(2, 5), st.integers(1, 3))
@settings(max_examples=200)
def test_the_best_paths_are_the_best_of_all(
    lattice: tuple[LineInk, Spans, Scores, Weights], length: int | None, best: int, rivals: int
) -> None:
    paths = best_paths(*lattice, length, best, rivals)
    everything = every_path(*lattice, length, rivals)
    if everything and (length is not None or paths):
        assert paths[0].score == pytest.approx(everything[0].score)
    wanted = everything[: len(paths)]
    assert [path.score for path in paths] == pytest.approx([path.score for path in wanted])
    assert len(paths) >= min(len(everything), best if length is not None else best - 1)
    assert [path.digits for path in paths] == [path.digits for path in wanted]


@given(lattices(), st.sampled_from([None, 1, 2, 3]))
def test_paths_run_from_left_to_right_best_first_and_each_reads_otherwise(
    lattice: tuple[LineInk, Spans, Scores, Weights], length: int | None
) -> None:
    _, found, _, _ = lattice
    paths = best_paths(*lattice, length)
    assert len(paths) <= BEST
    assert len({path.digits for path in paths}) == len(paths)
    assert [path.score for path in paths] == sorted((path.score for path in paths), reverse=True)
    for path in paths:
        assert len(path.spans) == len(path.digits) > 0
        assert length in (None, len(path.digits))
        for span, following in zip(path.spans, path.spans[1:], strict=False):
            assert found.last[span] < found.first[following]


def test_what_is_written_is_read() -> None:
    ink = row(8)
    path, *others = best_paths(ink, singles(ink), opinion("01310100"), Weights(), 8)
    assert path.digits == "01310100"
    assert path.spans == tuple(range(8))
    assert all(sum(a != b for a, b in zip(other.digits, path.digits, strict=True)) == 1 for other in others)


def test_no_path_is_longer_than_the_line() -> None:
    ink = row(4)
    assert best_paths(ink, singles(ink), opinion("1234"), Weights(), 5) == []


@given(lattices())
def test_no_path_has_more_digits_than_there_may_be_at_most(lattice: tuple[LineInk, Spans, Scores, Weights]) -> None:
    ink, found, scores, weights = lattice
    sure = Scores(scores.digit, np.full(len(scores.odds), 4.0))
    most = most_digits(found)
    assert most <= len(ink.boxes)
    assert best_paths(ink, found, sure, weights, most + 1) == []
    assert most == 0 or best_paths(ink, found, sure, weights, most)


@pytest.mark.parametrize("length", [None, 1, 5])
def test_a_line_without_pieces_has_no_paths(length: int | None) -> None:
    empty = Scores(np.zeros((0, 10)), np.zeros(0))
    assert best_paths(pieces(), singles(pieces()), empty, Weights(), length) == []


def test_a_hopeless_span_is_not_tried() -> None:
    ink = row(3)
    scores = with_odds(opinion("123"), s1=HOPELESS - 0.01)
    (path, *_) = best_paths(ink, singles(ink), scores, replace(Weights(), skip=50.0))
    assert path.digits == "13"


def test_no_more_rivals_than_asked_for() -> None:
    ink = row(1)
    for rivals in (1, RIVALS, 4):
        assert len(best_paths(ink, singles(ink), opinion("7"), Weights(), 1, best=10, rivals=rivals)) == rivals


def test_two_halves_are_one_digit_where_the_network_says_so() -> None:
    """The cut through a digit is dropped, the one between two kept."""
    ink = pieces((10, 20, 14, 40), (24, 20, 14, 40), (60, 20, 24, 40), (84, 20, 24, 40))
    found = spans(ink)
    pairs = list(zip(found.first.tolist(), found.last.tolist(), strict=True))
    digit = np.full((len(pairs), 10), np.log(0.02))
    odds = np.full(len(pairs), -2.0)
    for pair, value in {(0, 1): 8, (2, 2): 4, (3, 3): 7}.items():
        digit[pairs.index(pair), value] = np.log(0.8)
        odds[pairs.index(pair)] = 4.0
    for length in (None, 3):
        assert best_paths(ink, found, Scores(digit, odds), Weights(), length)[0].digits == "847"


# ── Weights ──


def score(ink: LineInk, scores: Scores, weights: Weights, length: int | None = None) -> float:
    """Of the best path over single pieces."""
    return best_paths(ink, singles(ink), scores, weights, length)[0].score


def test_odds_count_up_to_a_limit() -> None:
    ink, weights = row(2), Weights(odds=0.7, odds_limit=4.0)
    assert score(ink, opinion("12", odds=3), weights) - score(ink, opinion("12", odds=1), weights) == pytest.approx(2.8)
    assert score(ink, opinion("12", odds=4), weights) == score(ink, opinion("12", odds=40), weights)


def test_a_digit_counts_by_its_probability() -> None:
    ink = row(1)
    for weight in (0.5, 1.0, 2.0):
        weights = Weights(digit=weight)
        gain = score(ink, opinion("5", 0.9), weights) - score(ink, opinion("5", 0.6), weights)
        assert gain == pytest.approx(weight * np.log(0.9 / 0.6))


def test_each_piece_that_is_used_up_is_rewarded() -> None:
    ink = row(3)
    base, _ = arcs(ink, singles(ink), opinion("123"), Weights(piece=0.0))
    more, _ = arcs(ink, singles(ink), opinion("123"), Weights(piece=0.4))
    assert more - base == pytest.approx(0.4)
    whole = Spans(np.array([0], np.int32), np.array([2], np.int32), np.array([[10, 20, 124, 40]], np.int32))
    base, _ = arcs(ink, whole, opinion("1"), Weights(piece=0.0))
    more, _ = arcs(ink, whole, opinion("1"), Weights(piece=0.4))
    assert more - base == pytest.approx(1.2)


def test_a_height_that_is_not_the_lines_is_penalised() -> None:
    def penalty(height: int, weight: float = 1.5) -> float:
        ink = pieces((10, 40 - height // 2, 20, height), (60, 20, 24, 40))
        return -float(arcs(ink, singles(ink), opinion("12", odds=0), Weights(height=weight, piece=0))[0][0])

    assert penalty(40) == penalty(38) == penalty(44) == 0, "as much as hands differ is free"
    assert 0 < penalty(30) < penalty(20)
    assert 0 < penalty(50) < penalty(70)
    assert penalty(20, 3.0) == pytest.approx(2 * penalty(20))


def test_a_digit_off_the_lines_middle_is_penalised() -> None:
    def penalty(drop: int, weight: float = 1.5) -> float:
        ink = pieces(*((10 + 30 * k, 20 + (drop if k == 2 else 0), 24, 40) for k in range(5)))
        return -float(arcs(ink, singles(ink), opinion("12345", odds=0), Weights(centre=weight, piece=0))[0][2])

    assert penalty(0) == penalty(3) == 0
    assert 0 < penalty(8) < penalty(20)
    assert penalty(-20) == pytest.approx(penalty(20))
    assert penalty(20, 3.0) == pytest.approx(2 * penalty(20))


def test_a_line_that_climbs_is_not_off_its_middle() -> None:
    ink = pieces(*((10 + 30 * k, 20 + 2 * k, 24, 40) for k in range(9)))
    flat = pieces(*((10 + 30 * k, 20, 24, 40) for k in range(9)))
    inner = slice(3, 6)
    climbing, level = (arcs(line, singles(line), opinion("1" * 9), Weights())[0][inner] for line in (ink, flat))
    assert climbing == pytest.approx(level)


def test_passing_over_costs_more_the_larger_the_piece() -> None:
    sizes = [2, 8, 16, 32, 40, 52, 120]
    ink = pieces(*((10 + 150 * k, 40 - size // 2, 2, size) for k, size in enumerate(sizes)))
    _, skip = arcs(ink, singles(ink), opinion("1" * len(sizes)), Weights(skip=3.0, skip_small=0.15))
    assert (np.diff(skip[:-1]) < 0).all()
    assert skip[-1] == skip[-2], "beyond a digit's size it is all the same"
    assert skip[4] == pytest.approx(-3.15)
    assert skip[2] + 0.15 == pytest.approx((skip[3] + 0.15) / 4), "with the square of the size"
    _, anything = arcs(ink, singles(ink), opinion("1" * len(sizes)), Weights(skip=3.0, skip_small=1.15))
    assert skip - anything == pytest.approx(1.0)


def test_a_piece_that_was_cut_from_others_is_passed_over_less_readily() -> None:
    ink, scores = row(3), opinion("111")
    _, whole = arcs(ink, singles(ink), scores, Weights(torn=2.0))
    torn = replace(ink, components=np.array([1, 1, 2], np.int32))
    _, cut = arcs(torn, singles(ink), scores, Weights(torn=2.0))
    assert whole - cut == pytest.approx([2.0, 2.0, 0.0])


def test_a_doubtful_digit_is_passed_over_when_that_is_cheap() -> None:
    ink = row(3)
    scores = with_odds(opinion("123"), s1=-2.0)
    assert best_paths(ink, singles(ink), scores, Weights(skip=20.0))[0].digits == "123"
    assert best_paths(ink, singles(ink), scores, Weights(skip=0.1))[0].digits == "13"


def test_a_dot_between_the_groups_is_passed_over() -> None:
    boxes = [(10 + 50 * k, 20, 24, 40) for k in range(6)]
    boxes[3] = (168, 38, 8, 4)  # the hyphen of 123-45
    ink = pieces(*boxes)
    scores = with_odds(opinion("123145"), s3=-1.0)
    for length in (None, 5):
        assert best_paths(ink, singles(ink), scores, Weights(), length)[0].digits == "12345"


def test_before_and_after_a_code_nothing_costs_that_is_no_digit() -> None:
    """As much text as may be: a code of a known length costs the same."""
    alone, among = row(5), row(9)
    text = with_odds(opinion("001234500"), s0=-3, s1=-3, s7=-3, s8=-3)
    weights = Weights()
    best = best_paths(among, singles(among), text, weights, 5)[0]
    assert best.digits == "12345"
    assert best.score == pytest.approx(score(alone, opinion("12345"), weights, 5))
    assert score(among, text, weights) < best.score, "without a length all the line counts"


@pytest.mark.parametrize("side", [0, 5], ids=["before", "after"])
def test_a_digit_right_beside_a_code_of_fixed_length_is_penalised(side: int) -> None:
    def cost(outside: float, odds: float, gap: int) -> float:
        """What a sixth digit costs that stands beside five."""
        boxes = [(200 + 50 * k, 20, 24, 40) for k in range(5)]
        stray = (200 - gap - 24, 20, 24, 40) if side == 0 else (424 + gap, 20, 24, 40)
        ink = pieces(*([stray, *boxes] if side == 0 else [*boxes, stray]))
        text = "912345" if side == 0 else "123459"
        scores = with_odds(opinion(text), **{f"s{side}": odds})
        paths = best_paths(ink, singles(ink), scores, Weights(outside=outside), 5, best=50)
        mine = next(path for path in paths if path.digits == "12345")
        return score(row(5), opinion("12345"), Weights(), 5) - mine.score

    assert cost(1.2, 4.0, 20) == pytest.approx(1.2 * 4.0)
    assert cost(2.4, 1.0, 20) == pytest.approx(2.4 * 2.0)
    assert cost(0.0, 4.0, 20) == pytest.approx(0.0)
    assert cost(1.2, -1.5, 20) == pytest.approx(0.0), "it does not look like a digit"
    assert cost(1.2, 4.0, 40) == pytest.approx(0.0), "it stands too far away"


def test_the_end_of_a_longer_number_is_no_code() -> None:
    """Five of nine digits: wherever they are taken from, it costs."""
    ink = row(9)
    free, dear = (
        best_paths(ink, singles(ink), opinion("123456789"), Weights(outside=outside), 5)[0] for outside in (0.0, 1.2)
    )
    assert dear.score < free.score - 4
