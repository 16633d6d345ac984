"""The review page in a real browser, by keyboard alone, and the way of its corrections back into the table."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from device.batch import corrections, review, tables
from device.batch.rows import CORRECTED, flat
from device.errors import InputError, UsageError
from tests.device.conftest import PATIENCE

Line = dict[str, Any]

NAMES = (
    "plain.png",
    '=HYPERLINK("http:||x","y").png',
    "a\nb.png",
    "</script><script>alert(1)<!--.png",
    "a;=1, 'c'.png",
)


def line(source: str, page: int = 0, code: str = "01310-100", confidence: float = 0.4, **others: Any) -> Line:
    reading = {"code": code, "digits": code.replace("-", ""), "format": "cep", "confidence": confidence}
    reading |= {"accepted": False, "reason": "not-sure", "detail": None, "known": None, "box": [59, 40, 514, 87]}
    reading |= {"quad": [], "digit_boxes": [[59, 40, 9, 9]], "digit_confidences": [0.4]}
    return {"schema": 1, "source": source, "page": page, "pages": 1, "readings": [reading], "error": None} | others


def accepted(told: Line) -> Line:
    (reading,) = told["readings"]
    return told | {"readings": [reading | {"accepted": True, "reason": None}]}


@pytest.fixture
def scans(tmp_path: Path, coded: bytes) -> list[str]:
    """Scans with names that a pile may have."""
    paths = [tmp_path / name.replace("</", "<|") for name in NAMES]
    for path in paths:
        path.write_bytes(coded)
    return [str(path) for path in paths]


@pytest.fixture(params=[".jsonl", ".csv", ".parquet", ".sqlite"])
def table(request: pytest.FixtureRequest, tmp_path: Path, scans: list[str]) -> Path:
    """A table with a page for each of the scans, the less sure the earlier."""
    path = tmp_path / f"codes{request.param}"
    tables.write(path, [json.dumps(line(scan, confidence=0.1 + 0.1 * k)) for k, scan in enumerate(scans)])
    return path


# ── Which pages, in which order ──


def test_refused_first_and_the_least_sure_first() -> None:
    lines = [accepted(line("surer", confidence=0.9)), accepted(line("sure", confidence=0.6)), line("b", confidence=0.5)]
    lines += [line("a", confidence=0.8), line("nothing", readings=[]), line("broken", error="broken: damaged")]
    assert [row.source for row in review.choose(lines, 99)] == ["nothing", "b", "a", "sure", "surer"]
    assert [row.source for row in review.choose(lines, 2)] == ["nothing", "b"]


def test_what_was_looked_at_is_not_shown_again() -> None:
    assert review.choose([line("a", corrected=True)], 9) == []


# ── Corrections ──


def test_corrections_come_back_into_every_kind_of_table(table: Path, scans: list[str]) -> None:
    wanted = {(scans[0], 0): corrections.Correction(scans[0], 0, "04538132")}
    wanted[scans[1], 0] = corrections.Correction(scans[1], 0, "")
    wanted["elsewhere", 0] = corrections.Correction("elsewhere", 0, "04538132")
    left = corrections.apply(table, wanted, "cep")
    assert [one.source for one in left] == ["elsewhere"]
    rows = [flat(told) for told in tables.read(table)]
    assert [row.source for row in rows] == scans
    assert (rows[0].code, rows[0].accepted, rows[0].reason, rows[0].confidence) == ("04538-132", True, CORRECTED, 1.0)
    assert (rows[1].code, rows[1].accepted, rows[1].reason) == (None, False, CORRECTED)
    assert (rows[2].code, rows[2].accepted, rows[2].reason) == ("01310-100", False, "not-sure")
    assert corrections.apply(table, {}, "cep") == []
    assert [flat(told) for told in tables.read(table)] == rows


def test_the_machine_s_reading_stays_in_json_lines(tmp_path: Path) -> None:
    out = tmp_path / "codes.jsonl"
    other = line("a")["readings"] + accepted(line("a", code="11111-111"))["readings"]
    tables.write(out, [json.dumps(line("a", readings=other))])
    corrections.apply(out, {("a", 0): corrections.Correction("a", 0, "04538132")}, "cep")
    (told,) = tables.read(out)
    assert told["corrected"] is True
    assert [(one["digits"], one["accepted"], one["reason"]) for one in told["readings"]] == [
        ("04538132", True, None),
        ("11111111", False, CORRECTED),
    ]
    assert told["readings"][0]["digit_boxes"] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("source,page,code\na.png,0,1310100\n", "'1310100' is no cep code; a spreadsheet drops zeros in front"),
        ("source,page,code\na.png,0,O1310-100\n", "'O1310-100' is no cep code"),
        ("source,page,code\na.png,first,01310-100\n", "invalid literal"),
        ("source,code\na.png,01310-100\n", "no column is called page"),
        ("", "no column is called source"),
    ],
)
def test_corrections_that_cannot_be_are_refused_by_name(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        corrections.load(path, "cep")
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_crops_are_labelled_and_added_to(tmp_path: Path, scans: list[str]) -> None:
    out, folder = tmp_path / "codes.jsonl", tmp_path / "crops"
    tables.write(out, [json.dumps(line(scan)) for scan in scans])
    one = {(scans[0], 0): corrections.Correction(scans[0], 0, "01310104")}
    two = {(scans[1], 0): corrections.Correction(scans[1], 0, "01310100")}
    elsewhere = {(scans[2], 0): corrections.Correction(scans[2], 0, "99999999")}
    assert corrections.crops(out, one, folder, 10**8) == (1, [])
    assert corrections.crops(out, two | elsewhere, folder, 10**8) == (2, [])
    with (folder / "labels.csv").open(newline="") as file:
        labels = {row["file"]: row["label"] for row in csv.DictReader(file)}
    assert sorted(labels.values()) == ["01310100", "01310104"]
    assert {path.name for path in folder.iterdir()} == {*labels, "labels.csv"}
    for name in labels:
        picture = cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED)
        assert picture.ndim == 2
        assert 87 < picture.shape[0] < 160
        assert 514 < picture.shape[1] <= 632


def test_crops_do_not_go_into_a_folder_of_something_else(tmp_path: Path, scans: list[str]) -> None:
    out = tmp_path / "codes.jsonl"
    tables.write(out, [json.dumps(line(scans[0]))])
    (tmp_path / "labels.csv").write_text("picture,text\n")
    with pytest.raises(InputError, match=r"labels\.csv: .* another folder"):
        corrections.crops(out, {(scans[0], 0): corrections.Correction(scans[0], 0, "01310100")}, tmp_path, 10**8)


def test_a_file_where_the_crops_should_go_is_named_and_nothing_is_applied(
    postread: Callable[..., Any], tmp_path: Path, scans: list[str]
) -> None:
    out, saved, file = tmp_path / "codes.jsonl", tmp_path / "corrections.json", tmp_path / "file"
    tables.write(out, [json.dumps(line(scans[0]))])
    before = out.read_bytes()
    saved.write_text(json.dumps({"corrections": [{"source": scans[0], "page": 0, "code": "01310-104"}]}))
    file.write_text("mine")
    answer = postread("batch", "--out", out, "--apply", saved, "--crops", file / "crops")
    assert answer.code == 1
    assert answer.err == f"postread: --crops {file / 'crops'}: cannot be made (Not a directory); give another folder\n"
    assert out.read_bytes() == before


def test_labels_that_are_no_text_are_named(tmp_path: Path, scans: list[str]) -> None:
    out = tmp_path / "codes.jsonl"
    tables.write(out, [json.dumps(line(scans[0]))])
    (tmp_path / "labels.csv").write_bytes(b"file,label\n\xff\xfe,1\n")
    with pytest.raises(InputError, match=r"labels\.csv: .* another folder"):
        corrections.crops(out, {(scans[0], 0): corrections.Correction(scans[0], 0, "01310100")}, tmp_path, 10**8)


# ── Scans that are others than were read ──


@pytest.fixture(params=[(5, 5), (60, 100), (126, 600)], ids=["beside the line", "its corner", "all but a pixel of it"])
def replaced(request: pytest.FixtureRequest, scans: list[str]) -> str:
    """The first of the scans, after a smaller one has taken its place, which has not all of the line."""
    picture = np.full(request.param, 255, np.uint8)
    Path(scans[0]).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return scans[0]


def test_a_smaller_scan_in_its_place_is_named_and_the_review_page_shows_the_others(
    tmp_path: Path, scans: list[str], replaced: str
) -> None:
    path = tmp_path / "review.html"
    count, failed = review.write(path, [line(scan) for scan in scans], 9, "cep", 10**8)
    assert (count, len(failed)) == (5, 1)
    assert failed[0].startswith(f"{replaced}: the scan is another than was read")
    data = path.read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0]
    first, *others = json.loads(data)["pages"]
    assert first["missing"] == failed[0]
    assert "scan" in first
    assert "crop" not in first
    assert all("crop" in other for other in others)


def test_a_smaller_scan_in_its_place_gives_no_crop_and_what_was_corrected_is_applied(
    postread: Callable[..., Any], tmp_path: Path, scans: list[str], replaced: str
) -> None:
    out, saved, folder = tmp_path / "codes.jsonl", tmp_path / "corrections.json", tmp_path / "crops"
    tables.write(out, [json.dumps(line(scan)) for scan in scans])
    told = [{"source": scan, "page": 0, "code": "01310-104"} for scan in scans]
    saved.write_text(json.dumps({"corrections": told}))
    answer = postread("batch", "--out", out, "--apply", saved, "--crops", folder)
    assert answer.code == 1
    assert f"{replaced}: the scan is another than was read" in answer.err
    assert "Traceback" not in answer.err
    assert {row.code for row in map(flat, tables.read(out))} == {"01310-104"}
    assert len(list(folder.glob("*.png"))) == len(scans) - 1


# ── In a browser ──


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[[Path], Any]]:
    """opened(path): the page in a window of its own; it may complain of nothing and ask for nothing."""
    contexts, complaints = [], []

    def opened(path: Path) -> Any:
        context = browser.new_context(viewport={"width": 1200, "height": 800}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(error))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:", "blob:")) or complaints.append(request.url),
        )
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


@pytest.mark.slow
def test_five_hundred_rows_by_keyboard_alone(
    opened: Callable[[Path], Any], postread: Callable[..., Any], scans: list[str], tmp_path: Path
) -> None:
    out, page_path, saved = tmp_path / "codes.csv", tmp_path / "review.html", tmp_path / "corrections.csv"
    told = [line(scans[k % 5], k // 5, confidence=k / 1000) for k in range(500)]
    tables.write(out, [json.dumps(one | {"pages": 100}) for one in told])
    for scan in scans:
        _book(Path(scan), 100)
    assert postread("batch", "--out", out, "--review", page_path).code == 0
    page = opened(page_path)
    assert page.locator("li").count() == 500
    press = page.keyboard.press
    press("Enter")  # right as it is
    page.keyboard.type("04538132")
    press("Enter")  # another code
    press("Delete")
    press("Enter")  # none
    page.keyboard.type("123")
    press("Enter")  # stays, and says why
    assert "3 digits, cep has 8" in page.locator("li.current .state").inner_text()
    press("Escape")
    press("ArrowDown")
    page.keyboard.type("20040002")
    press("Enter")
    press("Control+End")
    page.keyboard.type("99999999")
    press("Enter")
    press("Control+ArrowDown")
    assert page.evaluate("document.activeElement === rows[3].input")  # the first that was left out
    assert page.locator("#count").inner_text() == "5 of 500 looked at, not saved"
    with page.expect_download() as download:
        press("Control+s")
    download.value.save_as(saved)
    assert "not saved" not in page.locator("#count").inner_text()
    page.screenshot(path=tmp_path / "review.png")

    answer = postread("batch", "--out", out, "--apply", saved, "--crops", tmp_path / "crops")
    assert answer.code == 0, answer.err
    assert "5 pages corrected" in answer.err
    rows = [flat(one) for one in tables.read(out)]
    done = {number: row.code for number, row in enumerate(rows) if row.reason == CORRECTED}
    assert done == {0: "01310-100", 1: "04538-132", 2: None, 4: "20040-002", 499: "99999-999"}
    assert [(row.source, row.page) for row in rows] == [(one["source"], one["page"]) for one in told]


def _book(path: Path, pages: int) -> None:
    """Make a scan a file of so many pages, whatever it is called."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    cv2.imwritemulti(str(path.with_suffix(".tif")), [picture] * pages)
    path.with_suffix(".tif").replace(path)


@pytest.mark.slow
def test_what_was_not_saved_is_still_there_and_json_is_saved_too(
    opened: Callable[[Path], Any], scans: list[str], tmp_path: Path
) -> None:
    path, saved = tmp_path / "review.html", tmp_path / "corrections.json"
    review.write(path, [line(scan, code=f"0131010{k}") for k, scan in enumerate(scans)], 9, "cep", 10**8)
    page = opened(path)
    for _ in scans:
        page.keyboard.press("Enter")
    page.on("dialog", lambda dialog: dialog.accept())
    page.evaluate("unsaved = false")
    page.reload()
    assert page.locator("li.taken").count() == len(scans)
    with page.expect_download() as download:
        page.keyboard.press("Control+Shift+s")
    download.value.save_as(saved)
    found = corrections.load(saved, "cep")
    assert {(one.source, one.digits) for one in found.values()} == {
        (scan, f"0131010{k}") for k, scan in enumerate(scans)
    }


def test_a_page_that_is_a_rule_is_shown(tmp_path: Path) -> None:
    scan, path = tmp_path / "rule.png", tmp_path / "review.html"
    cv2.imwrite(str(scan), np.full((1, 10_000), 255, np.uint8))
    assert review.write(path, [line(str(scan), readings=[])], 9, "cep", 10**8) == (1, [])


def test_no_name_ends_the_script_that_it_is_in(tmp_path: Path) -> None:
    path = tmp_path / "review.html"
    count, failed = review.write(path, [line(name) for name in NAMES], 9, "cep", 10**8)
    text = path.read_text(encoding="utf-8")
    assert (count, len(failed)) == (5, 5)  # there are no such files, and their rows are there all the same
    assert text.count("</script>") == 2
    assert "<script>alert" not in text
    data = text.split('id="data">')[1].split("</script>")[0]
    assert {page["source"] for page in json.loads(data)["pages"]} == set(NAMES)
    assert "http" not in text.replace("http:||x", "").replace("http-equiv", "")
