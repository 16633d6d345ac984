"""Server-sent events: nothing is missed, nothing is queued without end, and everybody is let go."""

import asyncio

from device.web.stream import KEPT, MOST_FOLLOWERS, Stream


def test_who_comes_first_is_told_to_ask_for_everything_then_what_happens(site, event) -> None:
    page = site()
    with page.follow() as follower:
        assert follower.message()["event"] == "reset"
        one = event("01310100")
        page.announce(one)
        told = follower.of("reading")
        assert told["data"]["id"] == one.id
        assert (told["data"]["reading"]["code"], told["data"]["crop"]) == ("01310-100", True)
        state = follower.of("state")
        assert (state["data"]["state"], state["data"]["since"]) == ("settled", one.time)


def test_who_comes_back_gets_what_was_missed_and_only_that(site, event) -> None:
    page = site()
    with page.follow() as follower:
        follower.message()
        page.announce(event("01310100"))
        last = follower.of("reading")["id"]
    page.announce(event("20040020"))
    with page.follow(Last_Event_ID=last) as follower:
        assert follower.message()["event"] == "state"  # of the first reading
        assert follower.message()["data"]["reading"]["digits"] == "20040020"


def test_an_id_of_another_run_or_none_at_all_means_everything_anew(site) -> None:
    page = site()
    for last in ("0000-1", "nonsense", "-", "é"):
        with page.follow(Last_Event_ID=last) as follower:
            assert follower.message()["event"] == "reset"


def test_who_missed_more_than_is_kept_starts_anew() -> None:
    async def scenario() -> None:
        stream = Stream()
        stream.tell("state", 0)
        follower = stream.follow(None)
        assert "retry" in await anext(follower)
        assert "event: reset" in await anext(follower)
        for number in range(KEPT + 5):
            stream.tell("state", number)
        assert len(stream._messages) == KEPT
        assert "event: reset" in await anext(follower)
        stream.tell("state", "last")
        assert 'data: "last"' in await anext(follower)
        stream.close()
        assert [text async for text in follower] == []
        assert stream.followers == 0

    asyncio.run(scenario())


def test_a_slow_follower_gets_the_newest_look_and_none_before() -> None:
    async def scenario() -> None:
        stream = Stream()
        follower = stream.follow(None)
        await anext(follower)
        await anext(follower)
        for number in range(100):
            stream.show({"number": number})
        assert '"number": 99' in await anext(follower)
        await follower.aclose()

    asyncio.run(scenario())


def test_only_so_many_pages_at_once(site, wait) -> None:
    page, followers = site(), []
    try:
        for _ in range(MOST_FOLLOWERS):
            context = page.follow()
            followers.append(context)
            context.__enter__().message()
        assert page.ask("/api/events").status == 503
    finally:
        for context in followers:
            context.__exit__(None, None, None)
    for _ in range(3):  # who has gone is noticed when something is sent
        page.live.stream.tell("state", {})
    wait(lambda: page.live.stream.followers == 0)
    assert page.ask("/api/state").status == 200


def test_looks_are_made_only_while_somebody_follows(site, envelope, monkeypatch) -> None:
    looks = []
    page = site()
    look = page.live.look
    monkeypatch.setattr(page.live, "look", lambda: looks.append(1) or look())
    page.show(envelope)
    assert page.ask("/api/state").status == 200
    assert not looks
    with page.follow() as follower:
        told = follower.of("look")["data"]
    assert told["size"] == [1240, 760]
    assert told["aid"]["advice"] == "good"
