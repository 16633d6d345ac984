"""The page of a real `postread watch --web` in a real browser: on a desk and on a phone, in both languages."""

import contextlib
import csv
import json
import re
from collections.abc import Iterator
from typing import Any

import cv2
import pytest
from playwright.sync_api import expect

from device.outputs.store import Store
from device.watch.events import Event
from tests.device.conftest import PATIENCE
from tests.device.outputs.conftest import event_of
from tests.device.web.conftest import PHONE, TOKEN, first

expect.set_options(timeout=PATIENCE)


# ── Who is let in ──


def test_a_wrong_token_is_turned_away_and_the_right_one_opens_the_page(opened) -> None:
    page = opened("")
    assert page.url.endswith("/login")
    assert page.evaluate("document.activeElement.id") == "token"
    page.keyboard.type("open simsim")
    with page.expect_response("**/login") as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 401
    expect(page.get_by_role("alert")).to_have_text("That is not the token.")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.locator("#connection.live").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.goto(page.url.replace("/login", "/"))
    assert page.url.endswith("/login")


def test_a_token_in_the_address_is_used_and_does_not_stay_there(opened) -> None:
    page = opened()
    page.locator("#connection.live").wait_for()
    assert TOKEN.split()[0] not in page.url
    (cookie,) = (one for one in page.context.cookies() if one["name"] == "postread")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


# ── What is seen ──


def test_the_picture_lives_and_shows_what_is_read_where(opened, tmp_path) -> None:
    page = opened()
    picture = page.get_by_alt_text("What the camera sees now")
    picture.wait_for()
    before = picture.get_attribute("src")
    page.wait_for_function("before => document.getElementById('picture').src !== before", arg=before)
    page.wait_for_function("one => one.naturalWidth > 0", arg=picture.element_handle())  # the next one may still load
    assert picture.evaluate("one => [one.naturalWidth, one.naturalHeight]") == [960, 588]
    expect(page.locator("#labels span")).to_have_text("01310-100")
    corners = re.findall(r"[\d.]+", page.locator("#boxes polygon").first.get_attribute("points"))
    x, y, right, bottom = (float(corners[k]) for k in (0, 1, 4, 5))
    assert 430 < x < 470 < 940 < right < 980  # as on the sample
    assert 540 < y < 590 < 620 < bottom < 660
    expect(page.locator("#state.settled")).to_have_text(re.compile("^Read"), use_inner_text=True)
    page.screenshot(path=tmp_path / "desk.png")


def test_focus_and_light_are_judged_while_one_sets_up(opened) -> None:
    page = opened()
    page.get_by_text("Focus and light").click()
    page.get_by_text("All is well. It can be read like this.").wait_for()
    # while the envelope lies there: between two of them nothing is written, and the meter says that
    meter = page.get_by_role("meter", name="Height of the digits")
    expect(meter).to_have_attribute("aria-valuetext", re.compile(r"^[78]\d pixels$"))
    expect(meter).to_have_attribute("aria-valuenow", "60")  # the end of its scale


# ── What is done ──


def test_a_reading_is_corrected_by_keyboard_stored_and_exported(opened, watched, postread) -> None:
    page, other = opened(), opened(viewport=PHONE)
    item = first(page)
    id = item.get_attribute("data-id")
    item = page.locator(f"li[data-id='{id}']")
    crop = item.get_by_alt_text("The code as the camera saw it")
    page.wait_for_function("one => one.naturalWidth > 300", arg=crop.element_handle())
    item.get_by_role("button", name="Correct").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("0131010")
    page.keyboard.press("Enter")
    expect(item.get_by_role("alert")).to_have_text("7 digits; there must be 8.")
    page.keyboard.type("8")
    page.keyboard.press("Enter")
    item.get_by_text("Corrected").wait_for()
    expect(item.locator(".code")).to_have_text("01310-108")
    expect(item).to_contain_text("read as 01310-100")
    expect(other.locator(f"li[data-id='{id}'] .code")).to_have_text("01310-108")  # told to every page
    with contextlib.closing(Store(watched.database)) as store:
        assert store.find(id).corrected == "01310108"
    crops = watched.folder / "crops"
    assert postread("export", "--store", watched.database, crops).code == 0
    with (crops / "labels.csv").open(newline="") as file:
        assert {"file": f"{id}.png", "label": "01310108"} in list(csv.DictReader(file))
    assert cv2.imread(str(crops / f"{id}.png")).shape[1] > 300
    item.get_by_role("button", name="Take back").click()
    item.get_by_role("button", name="Right").click()
    item.get_by_text("Confirmed").wait_for()


def test_readings_are_looked_up_and_erased(opened, watched) -> None:
    page = opened()
    item = first(page)
    id = item.get_attribute("data-id")
    page.get_by_placeholder("Find a code").fill("99999")
    page.get_by_text("No such reading.").wait_for()
    page.get_by_placeholder("Find a code").fill("01310")
    item = page.locator(f"li[data-id='{id}']")
    item.get_by_role("button", name="Correct").click()
    page.once("dialog", lambda dialog: dialog.accept())
    item.get_by_role("button", name="Erase").click()
    item.wait_for(state="detached")
    with contextlib.closing(Store(watched.database)) as store:
        assert store.find(id) is None


@contextlib.contextmanager
def kept(watched: Any, *codes: str) -> Iterator[list[Event]]:
    """Readings of these codes in the store while the block lasts, the newest last."""
    with contextlib.closing(Store(watched.database)) as store:
        added = [event_of(code, crop=(20, 100)) for code in codes]
        for one in added:
            store.add(one)
        yield added
        for one in added:
            store.forget(id=one.id)


def test_older_ones_are_shown_though_the_last_one_shown_was_erased_elsewhere(opened, watched) -> None:
    with kept(watched, *(f"7000{k:04d}" for k in range(30))) as added:
        page = opened()
        shown = page.locator("#list li")
        shown.nth(18).wait_for()  # what is loaded at first has come: it would replace what is asked for now
        page.evaluate("for (const item of document.querySelectorAll('#list li')) item.className = 'before'")
        page.get_by_placeholder("Find a code").fill("7000")
        expect(page.locator("#list .before")).to_have_count(0)  # what was found may look just like it
        expect(shown.last).to_have_attribute("data-id", added[10].id)
        expect(shown).to_have_count(20)
        with contextlib.closing(Store(watched.database)) as store:
            store.forget(id=added[10].id)
        page.get_by_role("button", name="Older ones").click()
        expect(shown.last).to_have_attribute("data-id", added[9].id)
        page.get_by_role("button", name="Older ones").click()
        expect(shown).to_have_count(29)
        expect(page.get_by_role("button", name="Older ones")).to_be_hidden()


def test_older_ones_that_come_late_are_not_put_below_what_was_found_since(opened, watched) -> None:
    with kept(watched, *(f"71{k % 2}0{k:04d}" for k in range(50))) as added:
        page = opened()
        shown, held = page.locator("#list li"), []
        shown.nth(18).wait_for()
        page.route(re.compile("api/readings.*before="), lambda route: held.append(route))
        with page.expect_request(re.compile("before=")):
            page.get_by_role("button", name="Older ones").click()
        page.get_by_placeholder("Find a code").fill("7110")
        expect(shown.last).to_have_attribute("data-id", added[11].id)
        with page.expect_response(re.compile("before=")) as late:
            held[0].continue_()
        late.value.finished()
        page.evaluate("new Promise(requestAnimationFrame)")
        expect(shown).to_have_count(20)
        expect(shown.last).to_have_attribute("data-id", added[11].id)


def region(page: Any) -> list[float] | None:
    return json.loads(page.request.get(re.sub(r"(//[^/]+/).*", r"\1api/settings", page.url)).text())["roi"]


def test_the_region_is_drawn_with_a_finger_and_by_keyboard(opened, tmp_path) -> None:
    page = opened(viewport=PHONE, has_touch=True, is_mobile=True)
    page.locator("#picture:not([hidden])").wait_for()
    page.get_by_role("button", name="Set region").click()
    view = _at_rest(page, "#view")
    finger = page.context.new_cdp_session(page)
    points = [(0.2, 0.2), (0.25, 0.5), (0.4, 0.6), (0.6, 0.7), (0.75, 0.8), (0.9, 0.9)]
    _draw(finger, [(view["x"] + x * view["width"], view["y"] + y * view["height"]) for x, y in points])
    page.screenshot(path=tmp_path / "region.png")
    page.get_by_role("button", name="Keep region").click()
    page.locator("#boxes .edge").wait_for()
    assert region(page) == pytest.approx([0.2, 0.2, 0.7, 0.7], abs=0.02)

    page.get_by_role("button", name="Set region").focus()
    page.keyboard.press("Enter")
    for key in ["ArrowDown"] * 3 + ["Shift+ArrowUp"] * 5 + ["Shift+ArrowLeft", "ArrowRight"]:
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.locator("#frame").wait_for(state="hidden")
    assert region(page) == pytest.approx([0.21, 0.23, 0.69, 0.65], abs=0.02)
    page.get_by_role("button", name="Set region").click()
    page.locator("[name=top]").fill("40")
    page.locator("[name=height]").fill("55")
    page.get_by_role("button", name="Keep region").click()
    page.locator("#frame").wait_for(state="hidden")
    assert region(page)[1::2] == [0.4, 0.55]
    page.get_by_role("button", name="Set region").click()
    page.get_by_role("button", name="Whole picture").click()
    page.locator("#boxes .edge").wait_for(state="detached")
    assert region(page) is None


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_no_state_moves_the_picture_under_a_finger(opened, root, language) -> None:
    page = opened(viewport=PHONE, locale=language)
    page.locator("#picture:not([hidden])").wait_for()
    words = json.loads((root / f"device/web/page/{language}.json").read_text(encoding="utf-8"))
    said = {name: text for name, text in words.items() if re.fullmatch(r"why\..*|state\..*\.more", name)}
    heights = page.evaluate(
        """said => {
            const shown = document.getElementById("state"), state = shown.cloneNode(true);
            shown.replaceWith(state);  // what comes in meanwhile changes the other
            const height = text => { state.querySelector("span").textContent = text; return state.offsetHeight; };
            return Object.fromEntries(Object.entries(said).map(([name, text]) => [name, height(text)]));
        }""",
        said,
    )
    assert len(heights) > 10
    assert len(set(heights.values())) == 1, heights


def _at_rest(page: Any, selector: str) -> dict[str, float]:
    """Where an element lies once it has stayed there for half a second: a state with a longer text moves it."""
    boxes = [page.locator(selector).bounding_box()]
    while len(boxes) < 3 or not boxes[-1] == boxes[-2] == boxes[-3]:
        page.wait_for_timeout(250)
        boxes.append(page.locator(selector).bounding_box())
    return dict(boxes[-1])


def _draw(session: Any, points: list[tuple[float, float]]) -> None:
    kinds = ["touchStart"] + ["touchMove"] * (len(points) - 1)
    for kind, (x, y) in zip(kinds, points, strict=True):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_format_and_threshold_are_changed_live_and_set_back(opened, watched) -> None:
    page = opened()
    page.get_by_text("Format and threshold").click()
    page.get_by_label("Format of the codes").select_option(label="Germany (00000)")
    page.get_by_text("Kept").wait_for()
    page.get_by_label("Format of the codes").select_option("digits")
    page.get_by_label("How many digits").fill("8")
    page.get_by_label("How many digits").blur()
    page.get_by_label("Settled from a confidence of").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.getElementById('least-now').textContent === '81 %'")
    page.get_by_role("button", name="Back to how it was started").wait_for()
    item = page.locator("#list li").filter(has_text="01310100")  # as a line of digits it has no hyphen
    item.first.wait_for()
    page.get_by_role("button", name="Back to how it was started").click()
    page.wait_for_function("() => document.getElementById('format').value === 'cep'")
    told = json.loads((watched.folder / "readings.settings.json").read_text())
    assert told["settings"] == {}


LATE = """() => { const real = window.fetch; let late = 2; window.fetch = async (...asked) => {
    const answer = await real(...asked);
    if (asked[1]?.method === "PATCH") await new Promise(done => setTimeout(done, 500 * late--));
    return answer;
} }"""
"""The first change's answer takes a second, the next one's half of that."""


def test_a_late_answer_to_one_change_does_not_undo_the_next(opened, watched) -> None:
    page = opened()
    page.evaluate(LATE)
    page.get_by_text("Format and threshold").click()
    page.get_by_label("Format of the codes").select_option("zip")
    page.get_by_label("Settled from a confidence of").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(2500)
    assert page.locator("#least-now").text_content() == "81 %"
    assert page.locator("#format").input_value() == "zip"
    page.get_by_role("button", name="Back to how it was started").click()
    page.wait_for_function("() => document.getElementById('format').value === 'cep'")
