"""What a day's pages would take: arithmetic from what was measured, and a document that it renews."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import scale
from benchmarks.__main__ import main
from benchmarks.cases import Case, write

FOUND = scale.Measured(
    pages=40, page=50.0, imdecode=10.0, kilobytes=400.0, driver=0.6, journal=0.4, journal_bytes=700.0
)
ASSUMED = scale.Assumed(pages=86.4e6, core_hour=0.05, requests=0.5, busy=0.8)


def cells(table: str) -> dict[str, str]:
    """First and second column."""
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {row[0]: row[1] for row in rows[2:]}


def test_a_thousand_pages_a_second() -> None:
    assert cells(scale.cluster_table(FOUND, ASSUMED)) == {
        "pages a second": "1,000",
        "cores": "62",  # 1,000 / 20 / 0.8
        "read from storage": "0.40 GB/s",
        "each core reads": "6.40 MB/s",
        "journal of a day": "60 GB",
        "drivers": "1.00",
        "cores, a day": "75",  # 62.5 x 24 x 0.05
        "reads from storage, a day": "43",
        "a million pages": "1.37",
    }


def test_without_ray_nothing_is_said_of_drivers() -> None:
    alone = scale.Measured(40, 50.0, 10.0, 400.0, None, 0.4, 700.0)
    assert "drivers" not in cells(scale.cluster_table(alone, ASSUMED))
    assert not [name for name in cells(scale.measured_table(alone)) if "Ray" in name or "keeps up" in name]
    assert cells(scale.measured_table(FOUND))["pages a second that one driver keeps up with"] == "1,000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "pages" / "white.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), np.full((300, 400), 255, np.uint8))
    write(path.parent, [Case(path, "envprint", "01310100", "cep")])
    return path.parent


def test_the_command_renews_a_document(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "JOURNALLED", 100)
    document, facts = tmp_path / "scale.md", tmp_path / "scale.json"
    document.write_text("".join(f"<!-- scale {name} -->\n<!-- end of scale {name} -->\n" for name in NAMES))
    told = ["--sample", "1", "--ray-pages", "0", "--core-hour", "0", "--write", str(document), "--json", str(facts)]
    assert main(["scale", "--folder", str(folder), *told]) == 0
    text = document.read_text()
    assert cells(text.partition("<!-- scale cluster -->")[2])["cores, a day"] == "0"
    found = json.loads(facts.read_text())["measured"]
    assert found["page"] > found["imdecode"] > 0
    assert found["journal"] > 0
    assert f"| {found['page']:.1f} ms |" in text


NAMES = ("measured", "cluster")


def test_the_project_s_document_has_places_for_them(root: Path) -> None:
    text = (root / "docs/scale.md").read_text(encoding="utf-8")
    assert all(f"<!-- scale {name} -->" in text and f"<!-- end of scale {name} -->" in text for name in NAMES)


def test_a_document_that_is_not_there_is_refused_before_anything_is_measured(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main(["scale", "--write", "nowhere.md"]) == 2
    assert "--write nowhere.md: no such file" in capfd.readouterr().err
