"""Who is let in: the token, wrong tries, foreign hosts and foreign pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.web.access import MOST_ADDRESSES, MOST_TRIES, POLICY, WITHIN, Door
from tests.device.web.conftest import TOKEN

FORM = {"Content_Type": "application/x-www-form-urlencoded"}
GUARDED = [
    ("GET", "/api/state"),
    ("GET", "/api/picture"),
    ("GET", "/api/events"),
    ("GET", "/api/settings"),
    ("PATCH", "/api/settings"),
    ("GET", "/api/readings"),
    ("GET", "/api/readings/x/crop"),
    ("PUT", "/api/readings/x/correction"),
    ("DELETE", "/api/readings/x"),
    ("GET", "/metrics"),
    ("GET", "/no/such/thing"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_without_the_token_nothing_is_told(site, method: str, path: str) -> None:
    answer = site(TOKEN).ask(path, method)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_form_its_files_and_the_health_need_none(site) -> None:
    page = site(TOKEN)
    home = page.ask("/")
    assert (home.status, home.headers["location"]) == (303, "/login")
    assert page.ask("/login").status == 200
    assert page.ask("/page/style.css").status == 200
    assert page.ask("/healthz").status == 200


def test_scripts_send_the_token_as_a_bearer(site) -> None:
    page = site(TOKEN)
    assert page.ask("/api/state", Authorization=f"Bearer {TOKEN}").status == 200
    assert page.ask("/api/state", Authorization=f"bearer {TOKEN}").status == 200
    assert page.ask("/api/state", Authorization="Bearer open sesame").status == 401
    assert page.ask("/api/state", Authorization=f"Basic {TOKEN}").status == 401


def test_the_form_gives_a_cookie_that_scripts_and_other_sites_do_not_get(site) -> None:
    page = site(TOKEN)
    answer = page.ask("/login", "POST", "token=open+sesame%2C+please", **FORM)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie, *flags = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(flags)
    assert TOKEN not in cookie
    assert page.ask("/api/state", Cookie=cookie).status == 200
    assert page.ask("/api/state", Cookie=cookie[:-1] + "x").status == 401
    assert "Max-Age=0" in page.ask("/logout", "POST", Cookie=cookie).headers["set-cookie"]


def test_another_token_makes_the_cookie_worthless() -> None:
    assert not Door("another token").knows(Door(TOKEN).cookie)
    assert Door(TOKEN).knows(Door(TOKEN).cookie)
    assert not Door(TOKEN).knows("ç")


def test_a_wrong_token_is_turned_away_and_soon_not_looked_at(site) -> None:
    page = site(TOKEN)
    for _ in range(MOST_TRIES):
        answer = page.ask("/login", "POST", "token=wrong", **FORM)
        assert answer.status == 401
        assert b"That is not the token." in answer.body
        assert "set-cookie" not in answer.headers
    answer = page.ask("/login", "POST", "token=open+sesame%2C+please", **FORM)
    assert (answer.status, answer.headers["retry-after"]) == (429, "60")
    assert b"Too many wrong tokens" in answer.body
    assert page.ask("/api/state", Authorization=f"Bearer {TOKEN}").status == 429


def test_tries_are_counted_for_each_address_and_forgotten() -> None:
    now = 0.0
    door = Door(TOKEN, clock=lambda: now)
    for _ in range(MOST_TRIES):
        assert door.judge("wrong", "10.0.0.1") == "wrong"
    assert door.judge(TOKEN, "10.0.0.1") == "wait"
    assert door.judge(TOKEN, "10.0.0.2") == "right"
    now = WITHIN + 1
    assert door.judge(TOKEN, "10.0.0.1") == "right"


def test_however_many_try_only_so_many_are_remembered() -> None:
    door = Door(TOKEN)
    for number in range(MOST_ADDRESSES + 50):
        door.judge("wrong", str(number))
    assert len(door._wrong) == MOST_ADDRESSES


@given(st.text())
def test_no_other_text_is_the_token(text: str) -> None:
    assert Door(TOKEN).judge(text, "") == ("right" if text == TOKEN else "wrong")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example", "a b", "[::1"])
def test_a_foreign_name_that_leads_here_is_refused(site, host: str) -> None:
    assert site().ask("/api/state", Host=host).status in (400, 421)


@pytest.mark.parametrize("host", ["127.0.0.1/page/?", "127.0.0.1/login", "x@127.0.0.1", "127.0.0.1#/page/", "::1\\"])
def test_a_host_that_brings_a_path_along_opens_no_door(site, host: str) -> None:
    """Some versions of Starlette put it before the path that is asked for."""
    assert site(TOKEN).ask("/api/readings", Host=host).status in (400, 421)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "192.168.1.4:8000", "[::1]:8000", "Reader.Example"])
def test_own_names_and_figures_are_known(site, host: str) -> None:
    assert site().ask("/api/state", Host=host).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_foreign_page_changes_nothing(site, headers: dict[str, str]) -> None:
    page = site()
    assert page.ask("/api/settings", "PATCH", {"format": "zip"}, **headers).status == 403
    assert page.ask("/api/settings").json["format"] == "cep"


def test_the_own_page_and_what_is_no_browser_may(site) -> None:
    page = site()
    own = {"Origin": f"http://127.0.0.1:{page.port}", "Sec_Fetch_Site": "same-origin"}
    assert page.ask("/api/settings", "PATCH", {"format": "zip"}, **own).status == 200
    assert page.ask("/api/settings", "PATCH", {"format": "de"}).status == 200


@pytest.mark.parametrize("path", ["/", "/login", "/page/page.js", "/api/state", "/no/such/thing", "/api/readings/x"])
def test_every_answer_says_what_a_page_may_load(site, path: str) -> None:
    page = site()
    for answer in (page.ask(path), page.ask(path, Host="evil.example")):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert "http:" not in POLICY
