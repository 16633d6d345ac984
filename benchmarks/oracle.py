"""Where the reader's errors come from: the tables, the same as JSON, and both in a document between markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchmarks.oracle_lines import AS_IT_IS, HANDWRITTEN, PRINTED, VARIANTS, Outcome
from benchmarks.oracle_paths import SPELLED, STAGES, most_common
from benchmarks.scores import wilson
from benchmarks.tables import markdown, percent, renew
from device.model import Bundle, Precision

GROUPS = (HANDWRITTEN, PRINTED)
MOST_CONFUSED = 10
"""Confusions that are shown."""
DRAWN = 2
"""Lines of each stage on the sheet."""
SHEET = "pictures/oracle.png"
"""Where the hardest lines are drawn, seen from the document."""


@dataclass(frozen=True, slots=True)
class Row:
    """One variant on the lines of one group."""

    variant: str
    group: str
    n: int
    right: int
    """Lines whose best path is their truth, accepted or not."""
    low: float
    high: float
    """Wilson's 95 % interval of their share."""
    gained: int
    """Right here and wrong as it is."""
    lost: int
    """Wrong here and right as it is."""
    accepted: int
    """Right, and accepted as the surest reading of the picture."""


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """What each variant would read, group by group, on the same lines."""
    tried = [name for name in VARIANTS if outcomes and name in outcomes[0].answers]
    groups = {group: [one for one in outcomes if one.group == group] for group in GROUPS}
    return [_row(name, group, lines) for name in tried for group, lines in groups.items() if lines]


def _row(variant: str, group: str, lines: Sequence[Outcome]) -> Row:
    pairs = [(one.answers[AS_IT_IS].right, one.answers[variant]) for one in lines]
    right = sum(answer.right for _, answer in pairs)
    return Row(
        variant,
        group,
        len(lines),
        right,
        *wilson(right, len(lines)),
        gained=sum(answer.right and not before for before, answer in pairs),
        lost=sum(before and not answer.right for before, answer in pairs),
        accepted=sum(answer.accepted for _, answer in pairs),
    )


def oracles(outcomes: Sequence[Outcome]) -> str:
    """What would be read rightly, as a Markdown table."""
    head = ("what is put right", "lines", "n", "right % (95 %)", "gained", "lost", "right and accepted %")
    body, named = [], ""
    for row in rows(outcomes):
        said = f": {VARIANTS[row.variant]}" if VARIANTS[row.variant] else ""
        body.append(["" if row.variant == named else f"**{row.variant}**{said}", *_cells(row)])
        named = row.variant
    return markdown(head, body)


def _cells(row: Row) -> list[str]:
    first = row.variant == AS_IT_IS
    return [
        row.group,
        f"{row.n:,}",
        f"{percent(row.right / row.n)} ({percent(row.low)}–{percent(row.high)})",
        "" if first else f"{row.gained:,}",
        "" if first else f"{row.lost:,}",
        percent(row.accepted / row.n),
    ]


def stages(outcomes: Sequence[Outcome], known: Mapping[str, str] = STAGES) -> str:
    """What lost the lines, as a Markdown table: each line counts once, at the first stage that lost it."""
    groups = _groups(outcomes)
    head = ["stage", "what is wrong", *(f"{group}: lines (%)" for group in groups)]
    counted = [("right and accepted", "", None), *((name, said, name) for name, said in known.items())]
    body = [[name, said, *(_share(lines, stage) for lines in groups.values())] for name, said, stage in counted]
    return markdown(head, [*body, ["all lines", "", *(f"{len(lines):,}" for lines in groups.values())]])


def _share(lines: Sequence[Outcome], stage: str | None) -> str:
    count = sum((one.loss.stage if one.loss else None) == stage for one in lines)
    return f"{count:,} ({percent(count / len(lines))})"


def confusions(outcomes: Sequence[Outcome]) -> str:
    """The commonest confusions of classes in the lines that were not read, as a Markdown table."""
    groups = _groups(outcomes)
    every = {name: [pair for one in lines if one.loss for pair in one.loss.confused] for name, lines in groups.items()}
    most = most_common([pair for pairs in every.values() for pair in pairs], MOST_CONFUSED)
    if not most:
        return "No right span was taken for another digit."
    body = [[*pair, *(f"{pairs.count(pair):,}" for pairs in every.values())] for pair, _ in most]
    return markdown(("digit", "taken for", *every), body)


def guesses(outcomes: Sequence[Outcome]) -> str:
    """What the method for folders says of the same lines, beside what lost them, as a Markdown table."""
    head = ("lost at", "lines", *(f"said: {stage}" for stage in SPELLED))
    body = []
    for stage in STAGES:
        said = [one.guess.stage for one in outcomes if one.loss and one.guess and one.loss.stage == stage]
        body.append([stage, f"{len(said):,}", *(f"{said.count(guess):,}" for guess in SPELLED)])
    return markdown(head, body)


def _groups(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The lines of each group, as the groups come; the two that are rendered always in one order."""
    names = [*(name for name in GROUPS), *(one.group for one in outcomes)]
    there = {one.group for one in outcomes}
    return {name: [one for one in outcomes if one.group == name] for name in dict.fromkeys(names) if name in there}


def record(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """As JSON: the variants' rows, the stages' counts, and every line."""
    counts = {
        group: {stage: sum(one.loss is not None and one.loss.stage == stage for one in lines) for stage in STAGES}
        for group, lines in _groups(outcomes).items()
    }
    variants = [asdict(row) for row in rows(outcomes)]
    return {"rows": variants, "stages": counts, "lines": [one.record() for one in outcomes]}


def about(card: str | None, precision: Precision, lines: str) -> str:
    """What was measured: the bundle, told from others of its name by its networks' hashes, and the lines."""
    bundle = Bundle.load(card)
    networks = ", ".join(network.file(precision).sha256[:8] for network in bundle.networks)
    return f"Bundle `{bundle.name}`, {precision} ({networks}); {lines}."


def hardest(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Of every stage the lines that were read wrongly and most surely."""
    out = []
    for stage in STAGES:
        here = [one for one in outcomes if one.loss is not None and one.loss.stage == stage]
        out += sorted(here, key=lambda one: -one.confidence)[:DRAWN]
    return out


def blocks(outcomes: Sequence[Outcome], about: str) -> dict[str, str]:
    """What was measured and the tables, by the names of the markers that they stand between."""
    if not rows(outcomes):
        return {"about": about, "stages": stages(outcomes, SPELLED), "confused": confusions(outcomes)}
    rendered = {"stages": stages(outcomes), "oracles": oracles(outcomes), "confused": confusions(outcomes)}
    return {"about": about, **rendered, "guesses": guesses(outcomes)}


write = partial(renew, "oracle")
"""Put texts between the markers of a document."""
