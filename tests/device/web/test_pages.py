"""The page's files: two languages alike, every text there, nothing from elsewhere, nothing inline."""

import re
from typing import get_args

import pytest

from device.decode import REASONS
from device.watch.events import State
from device.watch.trouble import WHY
from device.web.aid import ADVICE
from device.web.pages import FOLDER, LANGUAGES, preferred, words

OURS = {"language", "note", "door"}
"""What the server fills in beside the texts."""


def test_both_languages_have_the_same_texts_with_the_same_gaps() -> None:
    english, portuguese = (words(language) for language in LANGUAGES)
    assert english.keys() == portuguese.keys()
    gaps = re.compile(r"\{\w+\}")
    for key, text in english.items():
        assert text
        assert portuguese[key]
        assert sorted(gaps.findall(text)) == sorted(gaps.findall(portuguese[key])), key


def test_everything_that_can_happen_has_its_words() -> None:
    wanted = {f"why.{slug}" for slug in (*WHY, *REASONS, "stuck")} | {f"advice.{slug}" for slug in ADVICE}
    wanted |= {f"state.{state}" for state in get_args(State)}
    assert wanted <= words("en").keys()


def test_every_text_that_the_page_asks_for_is_there_and_none_is_left_over() -> None:
    asked = set()
    for path in FOLDER.glob("*.html"):
        asked |= set(re.findall(r"\{\{([\w.-]+)\}\}", path.read_text())) - OURS
    scripts = "".join(path.read_text() for path in FOLDER.glob("*.js"))
    asked |= set(re.findall(r'"([a-z]+\.[a-z-]+)"', scripts)) & words("en").keys()
    asked |= set(re.findall(r'say\("([\w.-]+)"', scripts))
    assert asked <= words("en").keys()
    composed = ("why.", "advice.", "state.", "badge.", "login.")
    assert {key for key in words("en").keys() - asked if not key.startswith(composed)} == set()


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere_and_nothing_is_inline(path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|\beval\(|innerHTML|document\.write", text)
    if path.suffix == ".html":
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", text)


def test_the_page_is_light() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 60_000


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("de, pt-BR;q=0.5, en;q=0.7", "en"),
        ("en;q=0.1, pt;q=0.2", "pt-BR"),
        ("pt;q=0, en;q=0.1", "en"),
        ("de,fr", "en"),
        ("*", "en"),
        (";;;q=x,,", "en"),
    ],
)
def test_the_browsers_language_is_spoken(header: str, language: str) -> None:
    assert preferred(header) == language


def test_a_language_that_was_chosen_stays(site) -> None:
    page = site()
    assert 'lang="pt-BR"' in page.ask("/", Accept_Language="pt").body.decode()
    answer = page.ask("/?lang=en", Accept_Language="pt")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert 'lang="en"' in page.ask("/", Accept_Language="pt", Cookie=cookie).body.decode()


def test_a_file_that_is_the_same_is_not_sent_again(site) -> None:
    page = site()
    first = page.ask("/page/style.css")
    again = page.ask("/page/style.css", If_None_Match=first.headers["etag"])
    assert (first.status, again.status, again.body) == (200, 304, b"")
