"""The page for everybody: on a phone, in either language, in light and dark, by keyboard and by ear."""

import pytest
from playwright.sync_api import expect

from tests.device.conftest import PATIENCE
from tests.device.web.conftest import PHONE, first

expect.set_options(timeout=PATIENCE)
BEYOND = """width => [...document.querySelectorAll('main *')].filter(one => one.checkVisibility()
    && one.getBoundingClientRect().right > width + 1 && !one.closest('.unseen, #view'))
    .map(one => one.tagName + '#' + one.id + '.' + one.className)"""
"""What reaches beyond the right edge of the window."""


def test_on_a_phone_in_portuguese_nothing_reaches_beyond_the_edge(opened, tmp_path) -> None:
    page = opened(viewport=PHONE, locale="pt-BR", has_touch=True, is_mobile=True)
    first(page)
    page.get_by_text("Ao vivo").wait_for()
    for name in ("Foco e luz", "Formato e limiar"):
        page.get_by_text(name).tap()
    page.get_by_role("button", name="Definir região").tap()
    first(page).get_by_role("button", name="Corrigir").tap()
    assert page.evaluate(BEYOND, PHONE["width"]) == []
    assert page.evaluate("innerWidth") == PHONE["width"]
    small = page.evaluate("""[...document.querySelectorAll('button, select, summary, input:not([type=range])')]
        .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 32).map(one => one.outerHTML)""")
    assert small == []
    page.screenshot(path=tmp_path / "phone.png", full_page=True)


def test_the_language_is_the_browsers_until_another_is_chosen(opened) -> None:
    page = opened(locale="pt-PT")
    page.get_by_role("heading", name="Últimas leituras").wait_for()
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", name="Latest readings").wait_for()
    page.reload()
    page.get_by_role("heading", name="Latest readings").wait_for()
    page.get_by_role("link", name="English").and_(page.locator("[aria-current=true]")).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(opened, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    first(page)
    for state in ("searching", "reading", "settled", "needs-help"):
        page.evaluate("state => { document.getElementById('state').className = state; }", state)
        low = page.evaluate(_CONTRAST)
        assert low == [], f"contrast below 4.5: {low}"


_CONTRAST = """() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = one => {
    for (; one; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *:not(#view *)')]
    .filter(one => one.checkVisibility() && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(one => {
      const [a, b] = [light(channels(getComputedStyle(one).color)), light(behind(one))];
      return [one.tagName + '.' + one.className, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""


def test_everything_has_a_name_and_is_reached_by_keyboard(opened) -> None:
    page = opened()
    first(page)
    nameless = page.evaluate("""[...document.querySelectorAll('button, input, select, a, summary, img')]
        .filter(one => one.checkVisibility() && !one.hasAttribute('alt') && !(one.ariaLabel || one.textContent.trim()
            || one.labels?.length)).map(one => one.outerHTML)""")
    assert nameless == []
    reached = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("[document.activeElement].map(one => one.id || one.ariaLabel || one.textContent.trim())[0]")
        )
    assert {"To the readings", "Português", "Log out", "edit-region", "Focus and light", "find", "show"} <= reached
