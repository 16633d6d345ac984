"""REST, through a real server on loopback."""

import csv
import threading
import time

import cv2
import numpy as np
import pytest

from device.outputs.export import labelled_crops
from device.watch.events import Event
from device.web.live import STUCK


@pytest.fixture
def page(site, event):
    """A page with 12 readings, every fifth of them refused."""
    made = site()
    for number in range(12):
        made.announce(event(f"0131{number:04d}", "settled" if number % 5 else "refused"))
    return made


@pytest.fixture
def single(site, event):
    """A page with one reading."""
    made = site()
    made.announce(event("01310100"))
    return made


# ── Readings ──


def test_readings_are_given_newest_first_and_page_after_page(page) -> None:
    first = page.ask("/api/readings?limit=5").json
    assert [one["reading"]["digits"][-2:] for one in first["readings"]][:3] == ["11", "10", "09"]
    seen, next = list(first["readings"]), first["next"]
    while next:
        answer = page.ask(f"/api/readings?limit=5&before={next}").json
        seen, next = seen + answer["readings"], answer["next"]
    assert len({one["id"] for one in seen}) == len(seen) == 12


def test_what_is_older_than_an_erased_reading_nobody_can_tell(page) -> None:
    next = page.ask("/api/readings?limit=5").json["next"]
    page.store.forget(id=next)
    answer = page.ask(f"/api/readings?limit=5&before={next}")
    assert (answer.status, next in answer.json["error"]) == (404, True)


def test_readings_are_found_by_outcome_and_by_digits(page) -> None:
    refused = page.ask("/api/readings?event=refused").json["readings"]
    assert [one["reading"]["digits"] for one in refused] == ["01310010", "01310005", "01310000"]
    found = page.ask("/api/readings?code=0011").json["readings"]
    assert [one["reading"]["code"] for one in found] == ["01310-011"]
    id = page.store.latest(1)[0].id
    page.ask(f"/api/readings/{id}/correction", "PUT", {"code": "99999-999"})
    assert [one["id"] for one in page.ask("/api/readings?code=99999-9").json["readings"]] == [id]


def test_a_crop_is_a_picture(single) -> None:
    answer = single.ask(f"/api/readings/{single.store.latest(1)[0].id}/crop")
    assert answer.headers["content-type"] == "image/png"
    assert cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_UNCHANGED).shape == (24, 160)


def test_a_correction_is_stored_told_to_everybody_exported_and_taken_back(single, tmp_path) -> None:
    id = single.store.latest(1)[0].id
    with single.follow() as follower:
        follower.message()
        answer = single.ask(f"/api/readings/{id}/correction", "PUT", {"code": "01310-108"})
        assert (answer.status, answer.json["corrected"]) == (200, "01310-108")
        assert follower.of("corrected")["data"] == answer.json
    assert single.store.find(id).corrected == "01310108"
    assert single.ask(f"/api/readings/{id}").json["corrected"] == "01310-108"
    assert labelled_crops(single.store, tmp_path / "crops") == 1
    with (tmp_path / "crops/labels.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [{"file": f"{id}.png", "label": "01310108"}]
    assert single.ask(f"/api/readings/{id}/correction", "DELETE").json["corrected"] is None
    assert labelled_crops(single.store, tmp_path / "crops") == 0


@pytest.mark.parametrize("code", ["0131010", "013101000", "O1310-100", "", "٠١٣١٠١٠٠", None, 1310100, ["01310100"]])
def test_what_is_no_code_is_no_correction(single, code) -> None:
    id = single.store.latest(1)[0].id
    answer = single.ask(f"/api/readings/{id}/correction", "PUT", {"code": code})
    assert answer.status == 400
    assert "digits" in answer.json["error"]
    assert single.store.find(id).corrected is None


@pytest.mark.parametrize("body", ["", "{", "[]", '"01310100"', "\0", "{" + " " * 5000 + "}"])
def test_what_is_no_json_is_refused_in_a_line(single, body: str) -> None:
    answer = single.ask(f"/api/readings/{single.store.latest(1)[0].id}/correction", "PUT", body)
    assert (answer.status, "JSON" in answer.json["error"]) == (400, True)


def test_a_reading_can_be_erased(single) -> None:
    id = single.store.latest(1)[0].id
    with single.follow() as follower:
        follower.message()
        assert single.ask(f"/api/readings/{id}", "DELETE").status == 204
        assert follower.of("forgotten")["data"] == {"id": id}
    assert single.store.find(id) is None
    assert single.store.crop(id) is None
    for method, path in (("GET", ""), ("GET", "/crop"), ("DELETE", ""), ("DELETE", "/correction")):
        assert single.ask(f"/api/readings/{id}{path}", method).status == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "event=state", "limit=²"])
def test_what_cannot_be_asked_is_said(single, query: str) -> None:
    answer = single.ask("/api/readings?" + query.replace("²", "%C2%B2"))
    assert (answer.status, query.partition("=")[0] in answer.json["error"]) == (400, True)


def test_without_a_store_nothing_is_there_and_nothing_breaks(site, event) -> None:
    page = site(stores=False)
    with page.follow() as follower:
        follower.message()
        page.announce(event("01310100"))
        told = follower.of("reading")["data"]
    assert (told["reading"]["digits"], told["crop"]) == ("01310100", False)
    assert page.ask("/api/readings").json["readings"] == []
    assert page.ask(f"/api/readings/{told['id']}/correction", "PUT", {"code": "01310100"}).status == 404
    assert page.ask("/api/state").json["stores"] is False
    assert b"postread_stored_readings" not in page.ask("/metrics").body


def test_however_much_is_asked_the_store_has_two_connections(single) -> None:
    threads = [threading.Thread(target=lambda: single.ask("/api/readings")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(single.store._opened) == 2


# ── The picture ──


def test_a_picture_is_made_when_it_is_asked_for_and_once_for_all(site, envelope) -> None:
    page = site()
    page.show(envelope)
    first = page.ask("/api/picture")
    assert (first.headers["content-type"], first.headers["postread-shot"]) == ("image/jpeg", "0")
    assert cv2.imdecode(np.frombuffer(first.body, np.uint8), 1).shape == (588, 960, 3)
    assert page.ask("/api/picture").body == first.body


def test_another_picture_is_waited_for(site, envelope) -> None:
    page = site()
    page.show(envelope)
    page.ask("/api/picture")
    threading.Timer(0.3, lambda: page.show(envelope[::-1])).start()
    second = page.ask("/api/picture?after=0")
    assert (second.status, second.headers["postread-shot"]) == (200, "1")


def test_without_a_picture_there_is_none_in_the_end(site, monkeypatch) -> None:
    monkeypatch.setattr("device.web.picture.WAIT", 0.2)
    assert site().ask("/api/picture").status == 204


def test_many_who_look_at_many_shots_do_not_have_more_made_than_eight_a_second(site, envelope, monkeypatch) -> None:
    made = []
    from device.web import picture

    whole = picture.jpeg
    monkeypatch.setattr(picture, "jpeg", lambda shot: made.append(time.monotonic()) or whole(shot))
    page, done = site(), threading.Event()

    def watch() -> None:
        number = "-"
        while not done.is_set():
            number = page.ask(f"/api/picture?after={number}").headers["postread-shot"]

    page.show(envelope)
    threads = [threading.Thread(target=watch) for _ in range(3)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        page.show(envelope)
        time.sleep(0.01)
    done.set()
    for thread in threads:
        thread.join()
    assert len(made) >= 2
    assert len(made) <= (made[-1] - made[0]) / picture.EVERY + 2


# ── State, settings, health ──


def test_the_state_is_told(site) -> None:
    page = site()
    page.announce(Event("state", "needs-help", "too-dark"))
    told = page.ask("/api/state").json
    assert (told["state"], told["why"], told["source"]) == ("needs-help", "too-dark", "stand-in")


def test_settings_are_changed_kept_told_and_taken_by_the_watcher(site, tmp_path) -> None:
    page = site()
    with page.follow() as follower:
        follower.message()
        wanted = {"format": "ZIP", "min_confidence": 0.9, "roi": [0, 0.5, 1, 0.5]}
        answer = page.ask("/api/settings", "PATCH", wanted)
        told = {"format": "zip", "min_confidence": 0.9, "roi": [0, 0.5, 1, 0.5]}
        assert answer.json == told | {"changed": ["format", "min_confidence", "roi"]}
        assert follower.of("settings")["data"] == answer.json
    assert page.watcher.reader.format.name == "cep"  # the watcher's own thread takes them
    page.live.turn()
    watcher = page.watcher
    assert (watcher.reader.format.name, watcher.least, watcher.roi) == ("zip", 0.9, (0, 0.5, 1, 0.5))
    assert page.ask("/api/settings", "DELETE").json["changed"] == []
    page.live.turn()
    assert (watcher.reader.format.name, watcher.least, watcher.roi) == ("cep", 0.8, None)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"format": "uk"}, "have letters"),
        ({"format": 3}, "a format's name"),
        ({"min_confidence": 1.2}, "between 0 and 1"),
        ({"min_confidence": True}, "a number"),
        ({"min_confidence": float("nan")}, "a number"),
        ({"roi": [0, 0, 2, 1]}, "inside of the picture"),
        ({"roi": [0, 0, 0.01, 1]}, "at least 0.05"),
        ({"roi": "0,0,1,1"}, "four shares"),
        ({"roi": [0, 0, 1, None]}, "a number"),
        ({"store": "x.db"}, "'store' cannot be set here"),
    ],
)
def test_settings_that_cannot_be_change_nothing(site, wanted, said: str) -> None:
    page = site()
    answer = page.ask("/api/settings", "PATCH", wanted | {"min_confidence": wanted.get("min_confidence", 0.5)})
    assert (answer.status, said in answer.json["error"]) == (400, True), answer.body
    assert page.ask("/api/settings").json["changed"] == []


def test_every_format_of_digits_is_offered(site) -> None:
    offered = {one["name"]: one for one in site().ask("/api/formats").json["formats"]}
    assert offered["cep"] == {"name": "cep", "country": "Brazil", "length": 8, "example": "11111-111"}
    assert {"zip", "zip+4", "de", "jp"} <= set(offered)


def test_health_fails_when_the_source_is_lost_the_watcher_hangs_or_nothing_is_stored(site, monkeypatch) -> None:
    page = site()
    assert page.ask("/healthz").json == {"ok": True, "why": None}

    def failing() -> str:
        answer = page.ask("/healthz")
        assert answer.status == 503
        return answer.json["why"]

    page.watcher.camera.trouble = "no picture for 5 s"
    assert failing() == "source-lost"
    page.watcher.camera.trouble = None
    page.announce(Event("state", "needs-help", "not-stored"))
    assert failing() == "not-stored"
    page.announce(Event("state", "searching"))
    assert page.ask("/healthz").status == 200
    page.live._turned -= STUCK + 1
    assert failing() == "stuck"
    page.live.turn()
    assert page.ask("/healthz").status == 200


def test_a_late_reading_is_told_and_is_not_what_happens_now(site, event) -> None:
    page = site()
    with page.follow() as follower:
        follower.of("reset")
        page.live.told(event(late=True))
        assert follower.of("reading")["data"]["reading"]["digits"] == "01310100"
    assert page.ask("/api/state").json["state"] == "searching"
    assert page.live.counts["settled"] == 1


def test_figures_are_in_prometheus_form(page) -> None:
    page.show(np.full((72, 128), 90, np.uint8))
    answer = page.ask("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    told: dict[str, float] = {}
    typed = set()
    for line in answer.body.decode().splitlines():
        if line.startswith("# "):
            _, kind, name, *_ = line.split(" ")
            typed |= {name} if kind == "TYPE" else set()
            continue
        name, value = line.rsplit(" ", 1)
        assert name.partition("{")[0] in typed
        assert name not in told
        told[name] = float(value)
    assert told['postread_readings_total{outcome="settled"}'] == 9
    assert told['postread_readings_total{outcome="refused"}'] == 3
    assert told['postread_stored_readings{outcome="settled"}'] == 9
    assert told["postread_frames_total"] == 1
    assert told["postread_outbox_waiting"] == 0
    assert told["postread_healthy"] == 1
    assert told["process_resident_memory_bytes"] > 1e7
    assert sum(value for name, value in told.items() if name.startswith("postread_state{")) == 1


def test_what_is_not_there_is_said_in_json(site) -> None:
    page = site()
    assert (page.ask("/api/nothing").status, page.ask("/api/nothing").json["error"]) == (404, "Not Found")
    assert page.ask("/api/state", "POST").status == 405
    assert page.ask("/page/../server.py").status == 404
    assert page.ask("/page/%2e%2e%2fserver.py").status == 404
