"""The pile that is rendered, and what is measured of it."""

import csv
from pathlib import Path

import cv2
import pytest

from benchmarks import pile, pile_pages
from benchmarks.__main__ import main
from benchmarks.cases import Case, read
from device.batch.truth import read_truth

SIZES = {"c6": (1913, 1346), "dl": (2598, 1299)}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, fonts: Path) -> list[Case]:
    return pile_pages.render(tmp_path_factory.mktemp("pile"), 4, 1, 1, fonts)


@pytest.mark.slow
def test_envelopes_of_both_sizes_written_both_ways(pages: list[Case]) -> None:
    assert [case.kind for case in pages] == ["envhand", "envhand", "envprint", "envprint"]
    for case in pages:
        size = case.path.stem.partition("-")[2]
        assert cv2.imread(str(case.path), cv2.IMREAD_UNCHANGED).shape == SIZES[size][::-1]
    folder = pages[0].path.parent
    assert read(folder) == pages
    assert read_truth(folder / "truth.csv") == {(case.path.name, 0): case.text for case in pages}


@pytest.mark.slow
def test_the_command_measures_pages_and_workers(pages: list[Case], capfd: pytest.CaptureFixture[str]) -> None:
    folder = pages[0].path.parent
    assert main(["pile", "--folder", str(folder), "--sample", "2", "--pages", "6", "--workers", "1"]) == 0
    costs, runs = capfd.readouterr().out.split("\n\n")
    assert [row[0] for row in _cells(costs)] == ["envhand", "envprint", "all"]
    assert all(float(row[2]) > float(row[3]) > 0 for row in _cells(costs))
    (run,) = _cells(runs)
    assert run[:2] == ["1", "6"]
    assert run[5].endswith(" at 6")
    assert 30 < float(run[5].split()[0]) < 500


def _cells(table: str) -> list[list[str]]:
    rows = list(csv.reader(table.strip().splitlines()[2:], delimiter="|"))
    return [[cell.strip() for cell in row[1:-1]] for row in rows]


def test_a_sample_is_spread_over_the_pile() -> None:
    cases = [Case(Path(f"{number}.jpg"), "envhand", "1", "cep") for number in range(400)]
    drawn = [int(case.path.stem) for case in pile.sample(cases, 20)]
    assert [number // 20 for number in drawn] == list(range(20)), "one of each part"
    assert len({number % 4 for number in drawn}) == 4, "kinds that take turns all have theirs"
    assert pile.sample(cases, 500) == cases


def test_options_of_rendering_say_nothing_about_a_folder(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["pile", "--folder", "x", "--count", "3"]) == 2
    assert "--count is for pages that are rendered here" in capfd.readouterr().err
