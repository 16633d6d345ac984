"""What is in a pile: every file once, in an order that is always the same; what cannot be listed is named."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.batch.pile import content, listing
from device.errors import InputError

Fill = Callable[..., Path]


def addresses(*arguments: str | Path) -> list[str]:
    return [source.address for source in listing([str(argument) for argument in arguments])]


def errors(*arguments: str | Path) -> list[str]:
    return [source.error for source in listing([str(argument) for argument in arguments]) if source.error]


def test_a_folder_and_the_folders_in_it_by_name(fill: Fill) -> None:
    pile = fill("pile", "b.png", "a/z.jpg", "a/b/c.TIFF", "a.pdf", "c.webp", "notes.doc", "a.txt")
    assert addresses(pile) == [f"{pile}/{name}" for name in ("a/b/c.TIFF", "a/z.jpg", "a.pdf", "b.png", "c.webp")]


def test_arguments_keep_their_order(fill: Fill) -> None:
    pile = fill("pile", "a.png", "b.png")
    assert addresses(pile / "b.png", pile / "a.png", pile) == [
        f"{pile}/{name}" for name in ("b.png", "a.png", "a.png", "b.png")
    ]


def test_globs_also_through_folders(fill: Fill) -> None:
    pile = fill("pile", "a1.png", "a2.png", "b.png", "in/a3.png")
    assert addresses(pile / "a*.png") == [f"{pile}/a1.png", f"{pile}/a2.png"]
    assert addresses(f"{pile}/**/a*.png") == [f"{pile}/a1.png", f"{pile}/a2.png", f"{pile}/in/a3.png"]
    assert errors(pile / "z*.png") == [f"{pile}/z*.png: matches no file"]


ANY_DEPTH = {
    "**": ["a/b/3.png", "a/b/in/5.png", "a/x.png", "in/.4.png", "in/7.png", "z.png"],
    "**/": ["a/b/3.png", "a/b/in/5.png", "a/x.png", "in/.4.png", "in/7.png", "z.png"],
    "**/*.png": ["a/b/3.png", "a/b/in/5.png", "a/x.png", "in/7.png", "z.png"],
    "**/**/[0-9].png": ["a/b/3.png", "a/b/in/5.png", "in/7.png"],
    "**/.*.png": ["in/.4.png"],
    "**/*.doc": ["in/6.doc"],
    "**/in": ["a/b/in/5.png", "in/.4.png", "in/7.png"],
    "*/**": ["a/b/3.png", "a/b/in/5.png", "a/x.png", "in/.4.png", "in/7.png"],
    "a/**/b/**": ["a/b/3.png", "a/b/in/5.png"],
}
"""By the pattern; a folder that is matched means its pictures, as it does elsewhere."""


@pytest.mark.parametrize("pattern", ANY_DEPTH)
def test_at_any_depth_each_file_once(fill: Fill, monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    names = "z.png", "a/x.png", "a/b/3.png", "a/b/in/5.png", "in/7.png", "in/.4.png", "in/6.doc"
    pile = fill("pile", *names)
    assert addresses(f"{pile}/{pattern}") == [f"{pile}/{name}" for name in ANY_DEPTH[pattern]]
    monkeypatch.chdir(pile)
    assert addresses(pattern) == ANY_DEPTH[pattern]


def test_nothing_at_any_depth(fill: Fill) -> None:
    pile = fill("pile", "a/1.png")
    for pattern in (f"{pile}/**/*.tif", f"{pile}/nowhere/**", f"{pile}/**/1.png/**"):
        assert errors(pattern) == [f"{pattern}: matches no file"]


def test_at_any_depth_the_pile_is_listed_as_it_is_walked(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    pile = fill("pile", "a/1.png", "b/2.png", "c/3.doc")
    seen, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (seen.append(path), scandir(path))[1])
    assert next(listing([f"{pile}/**/*.png"])).address == f"{pile}/a/1.png"
    assert f"{pile}/b" not in seen


def test_a_name_with_a_star_in_it_is_that_file(fill: Fill) -> None:
    pile = fill("pile", "a*.png", "ab.png")
    assert addresses(pile / "a*.png") == [f"{pile}/a*.png"]


@pytest.mark.parametrize("between", ["\n", "\r\n", "\0"], ids=["lines", "Windows", "find -print0"])
@pytest.mark.parametrize("name", ["@list", "list.txt", "list.LST"])
def test_lists_of_sources(fill: Fill, monkeypatch: pytest.MonkeyPatch, between: str, name: str) -> None:
    pile = fill("pile", "a.png", "b c.png", "in/d.png")
    monkeypatch.chdir(pile)
    Path(name.removeprefix("@")).write_bytes(between.join(["\ufeffb c.png", "", "in", "a.png", ""]).encode())
    assert addresses(name) == ["b c.png", "in/d.png", "a.png"]


def test_names_with_line_breaks_come_through_lists_with_nul(fill: Fill) -> None:
    pile = fill("pile", "a\nb.png", "c.png")
    (pile / "list.txt").write_bytes(b"\0".join(os.fsencode(pile / name) for name in ("a\nb.png", "c.png")))
    assert addresses(pile / "list.txt") == [f"{pile}/a\nb.png", f"{pile}/c.png"]


LONG = f"{'x' * 300}.png"


@pytest.mark.parametrize("bad", [LONG, "nul\0/*"], ids=["too long", "NUL"])
def test_a_name_that_cannot_be_has_its_own_row_and_those_after_it_theirs(fill: Fill, bad: str) -> None:
    pile = fill("pile", "1.png", "a/2.png")
    padding = "\n" * (1 << 17)  # so far in a NUL is no longer what stands between the names
    (pile / "list.txt").write_text(f"{pile}/1.png\n{padding}{pile}/{bad}\n{pile}/a/2.png\n")
    assert addresses(pile / "list.txt") == [f"{pile}/{name}" for name in ("1.png", bad, "a/2.png")]
    assert addresses(f"{pile}/{bad}", pile / "1.png") == [f"{pile}/{name}" for name in (bad, "1.png")]
    with pytest.raises(InputError, match=r"File name too long|not a path"):
        content(f"{pile}/{bad}")


def test_a_name_in_a_folder_that_may_not_be_looked_into(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    pile = fill("pile", "1.png", "locked/2.png", "3.png")
    stat = os.stat

    def guarded(path: str | Path, **how: bool) -> os.stat_result:
        if "locked" in os.fspath(path):
            raise PermissionError(13, "Permission denied", path)
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", guarded)
    names = [f"{pile}/{name}" for name in ("1.png", "locked/2.png", "3.png")]
    (pile / "list.txt").write_text("\n".join(names))
    assert addresses(pile / "list.txt") == names
    with pytest.raises(InputError, match=r"2\.png: Permission denied"):
        content(names[1])


def test_a_list_that_is_not_there() -> None:
    assert errors("@nowhere") == ["nowhere: the list cannot be read (No such file or directory)"]


def test_a_missing_file_is_in_the_pile_and_said_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "missing.png"
    assert addresses(path) == [str(path)]
    with pytest.raises(InputError, match="No such file"):
        content(str(path))


def test_a_ring_of_links_is_walked_once_and_named(fill: Fill) -> None:
    pile = fill("pile", "a/1.png", "b/2.png")
    (pile / "a/up").symlink_to(pile)
    (pile / "b/self").symlink_to(".")
    assert addresses(pile) == [f"{pile}/a/1.png", f"{pile}/a/up", f"{pile}/b/2.png", f"{pile}/b/self"]
    assert errors(pile) == [
        f"{pile}/{name}: a link back to a folder that it lies in; left out" for name in ("a/up", "b/self")
    ]


def test_rings_are_walked_once_by_globs_too(fill: Fill) -> None:
    pile = fill("pile", "a/1.png", "b/2.png")
    (pile / "a/up").symlink_to(pile)
    for pattern in (f"{pile}/**", f"{pile}/**/*.png"):
        assert addresses(pattern) == [f"{pile}/{name}" for name in ("a/1.png", "a/up", "b/2.png")]
        assert errors(pattern) == [f"{pile}/a/up: a link back to a folder that it lies in; left out"]


def test_links_that_are_no_ring_are_followed(fill: Fill, tmp_path: Path) -> None:
    fill("elsewhere", "1.png")
    pile = fill("pile", "2.png")
    (pile / "a").symlink_to(tmp_path / "elsewhere")
    (pile / "b.png").symlink_to(pile / "2.png")
    assert addresses(pile) == [f"{pile}/2.png", f"{pile}/a/1.png", f"{pile}/b.png"]


def test_a_folder_without_permission_is_named_and_the_others_are_listed(
    fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    pile = fill("pile", "a/1.png", "b/2.png")
    scandir = os.scandir

    def guarded(path: str):
        if path.endswith("/a"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert addresses(pile) == [f"{pile}/a", f"{pile}/b/2.png"]
    assert errors(pile) == [f"{pile}/a: the folder cannot be listed (Permission denied)"]


def test_a_stamp_tells_a_file_that_was_changed(fill: Fill) -> None:
    pile = fill("pile", "a.png")
    (before,) = listing([str(pile)])
    os.utime(pile / "a.png", (1, 1))
    (after,) = listing([str(pile)])
    assert before.address == after.address
    assert before.stamp != after.stamp


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(names=st.sets(NAMES, max_size=8))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_is_lost(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    folder = tmp_path_factory.mktemp("names")
    for name in names:
        (folder / f"{name}.png").write_bytes(b"")
    assert addresses(folder) == sorted((f"{folder}/{name}.png" for name in names), key=os.fsencode)
