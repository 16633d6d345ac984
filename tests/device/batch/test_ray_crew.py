"""The crew on a cluster, with a stand-in for the cluster: nothing twice, nothing lost, no end that is none."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.batch import crew, ray_crew, ray_lap
from device.batch.journal import Answer, Task
from device.batch.ray_lap import Orders, PageReader
from device.batch.worker import CHUNK, Settings
from device.errors import ModelError, PostreadError
from tests.device.batch.test_crew import stand_in

TOLD = Settings(None, "", "int8", "auto", 1, None, 0, 10**8)


class Lost(Exception):
    """What Ray raises."""


def tasks(*sizes: int) -> Iterator[Task]:
    """Files of so many pages that have not been opened yet."""
    return iter([Task(number, f"pages {size}", 0, None, None) for number, size in enumerate(sizes)])


def answered(task: Task) -> Iterator[Answer]:
    """What an actor makes of a task whose address says how many pages there are: one chunk at most."""
    pages = int(task.address.split()[1])
    for page in range(task.start, min(task.start + CHUNK, task.stop or pages)):
        yield Answer(task.ordinal, page, pages, "{}", True, None)


Cluster = Callable[[Sequence[Any]], Iterator[Any]]


def read(cluster: Cluster, *sizes: int) -> list[tuple[int, int]]:
    """The pages that a crew of two answers for, in order; cluster: batches → what it says of them."""

    class Lap:
        def __init__(self, orders: Orders, batches: Sequence[Any], workers: int):
            self._said = cluster(batches)

        def more(self) -> list[Any]:
            return [said for said in [next(self._said, None)] if said]

    with pytest.MonkeyPatch.context() as patch:
        ray = SimpleNamespace(exceptions=SimpleNamespace(RayError=Lost), shutdown=lambda: None)
        patch.setattr(ray_crew, "_connected", lambda address, workers: ray)
        patch.setattr(ray_crew, "Lap", Lap)
        patch.setattr(ray_crew, "LAP", 20)
        with ray_crew.RayCrew(TOLD, 2, 60, "local") as crew:
            return sorted((answer.ordinal, answer.page) for answer in crew.read(tasks(*sizes)))


def pages(*sizes: int) -> list[tuple[int, int]]:
    return [(number, page) for number, size in enumerate(sizes) for page in range(size)]


@given(
    sizes=st.lists(st.integers(1, 3 * CHUNK), max_size=60),
    # For each batch in turn: answered, answered twice, never, or the lap ends with an error.
    fates=st.lists(st.sampled_from(["once", "once", "twice", "never", "lost"]), max_size=40),
)
@settings(max_examples=60)
def test_every_page_once_whatever_the_cluster_does(sizes: list[int], fates: list[str]) -> None:
    to_come, idle = iter(fates), [0]

    def cluster(batches: Sequence[Any]) -> Iterator[Any]:
        idle[0] += 1
        for number, told in batches:
            fate = "once" if idle[0] == ray_crew.IDLE else next(to_come, "once")
            if fate == "lost":
                raise Lost("a node has gone")
            for _ in range({"once": 1, "twice": 2, "never": 0}[fate]):
                idle[0] = 0
                yield number, [answer for task in told for answer in answered(task)]

    assert read(cluster, *sizes) == pages(*sizes)


def test_a_large_file_is_shared_out() -> None:
    seen: list[int] = []

    def cluster(batches: Sequence[Any]) -> Iterator[Any]:
        seen.append(sum(len(told) for _, told in batches))
        for number, told in batches:
            yield number, [answer for task in told for answer in answered(task)]

    assert read(cluster, 100 * CHUNK) == pages(100 * CHUNK)
    assert seen == [1, 40, 40, 19]


def test_a_cluster_that_answers_nothing_is_given_up() -> None:
    def cluster(batches: Sequence[Any]) -> Iterator[Any]:
        raise Lost("Traceback\n  somewhere\nActorDiedError: the node has gone")
        yield

    said = r"^--address local: the cluster answers nothing \(ActorDiedError: the node has gone\); what was read is kept"
    with pytest.raises(PostreadError, match=said):
        read(cluster, 1, 1)


def test_what_an_actor_cannot_begin_with_ends_the_run() -> None:
    with pytest.raises(ModelError, match=r"card\.json: damaged"):
        read(lambda batches: iter([(batches[0][0], ModelError("card.json: damaged"))]), 1)


# ── An actor ──


def actor(monkeypatch: pytest.MonkeyPatch, **orders: Any) -> Callable[..., Any]:
    """actor(address, …): what an actor of a stand-in for the model says of these."""
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(crew, "main", stand_in)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)  # it will be the worker's: put back afterwards
    told = {"settings": TOLD, "timeout": 60.0, **orders}
    reader = PageReader(Orders(**{**_orders(), **told}))
    return lambda *addresses: reader._read(
        [(Task(number, address, 0, None, None), False) for number, address in enumerate(addresses)]
    )


def _orders() -> dict[str, Any]:
    orders = Orders.of(TOLD, 60.0)
    return {name: getattr(orders, name) for name in ("settings", "timeout", "folder", "version", "model")}


def test_a_page_that_kills_whoever_reads_it_is_named_and_the_actor_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    said = actor(monkeypatch)("pages 1", "dies", "pages 1")
    assert [answer.error for answer in said] == [
        None,
        "dies: page 0: 3 processes that read it have ended (signal 9)",
        None,
    ]


def test_an_actor_reads_no_more_of_a_file_than_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    said = actor(monkeypatch)(f"pages {3 * CHUNK}", "pages 2")
    assert sorted((answer.ordinal, answer.page) for answer in said) == pages(CHUNK, 2)


def test_of_a_book_whose_first_page_ends_the_actor_s_process_every_page_is_there_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = actor(monkeypatch, settings=replace(TOLD, format="dies at 0"))(f"pages {3 * CHUNK}")
    (rest, last) = ray_crew._rests([Task(0, f"pages {3 * CHUNK}", 0, None, None)], said)
    assert sorted(answer.page for answer in said) == list(range(CHUNK))
    assert (rest.start, rest.stop, last.start, last.stop) == (CHUNK, 2 * CHUNK, 2 * CHUNK, 3 * CHUNK)


@pytest.mark.parametrize(
    ("orders", "said"),
    [({"version": "0.0.1"}, "and this is 0.0.1: install the same"), ({"model": "0"}, "another model under this name")],
    ids=["another version", "another model"],
)
def test_a_node_that_would_answer_otherwise_is_named(
    monkeypatch: pytest.MonkeyPatch, orders: dict[str, Any], said: str
) -> None:
    (error,) = [actor(monkeypatch, **orders)("pages 1")]
    assert isinstance(error, PostreadError)
    assert said in str(error)
    assert str(error).startswith("node ")


def test_a_folder_that_a_node_lacks_ends_the_run_and_its_files_are_not_called_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(crew, "main", stand_in)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    here = Task(0, f"{tmp_path}/a.png", 0, None, None)
    assert ray_lap.seen(here)
    gone = Task(0, f"{tmp_path}/elsewhere/a.png", 0, None, None)
    assert not ray_lap.seen(gone)
    assert not ray_lap.seen(Task(0, "s3://bucket/a.png", 0, None, None))
    error = PageReader(Orders.of(TOLD, 60.0))._read([(gone, True)])
    assert isinstance(error, PostreadError)
    assert "does not have this folder; a pile of local files has to lie where every node sees it" in str(error)


# ── What can be told at once ──


def test_no_ray_is_one_line(postread: Any, fill: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_crew.importlib.util, "find_spec", lambda name: None)
    answer = postread("batch", fill("pile", "a.png"), "--out", tmp_path / "codes.csv", "--engine", "ray")
    assert (answer.code, answer.err) == (1, "postread: --engine ray needs a package: pip install 'postread[ray]'\n")


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9"])
def test_nobody_at_the_address_is_one_line(postread: Any, fill: Any, tmp_path: Any, address: str) -> None:
    pytest.importorskip("ray")
    out = tmp_path / "codes.csv"
    answer = postread("batch", fill("pile", "a.png"), "--out", out, "--engine", "ray", "--address", address)
    said = f"postread: --address {address}: no Ray cluster answers there ([Errno 111] Connection refused)\n"
    assert (answer.code, answer.err) == (1, said)
    assert not list(tmp_path.glob("*.journal"))


def test_an_address_without_ray_is_a_usage_error(postread: Any, fill: Any, tmp_path: Any) -> None:
    answer = postread("batch", fill("pile", "a.png"), "--out", tmp_path / "codes.csv", "--address", "auto")
    assert (answer.code, answer.err) == (2, "postread: --address auto: of what? give --engine ray too\n")
