"""Rendered glyphs: the same whatever the number of workers, kept, and joined by MNIST's digits."""

import ast

import numpy as np
import pytest

from train import rendered
from train.errors import DataError
from train.rendered import gather, key, sets, shards


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(rendered, "SHARD", 5)
    monkeypatch.setattr(rendered, "HELD_OUT_DIGITS", 500)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("glyphs")


def same(ours, theirs):
    return np.array_equal(ours.pixels, theirs.pixels) and np.array_equal(ours.labels, theirs.labels)


def test_the_number_of_workers_does_not_matter(supplies, kept, tmp_path):
    one, two = (gather(shards(supplies, 7, 12, folder, workers)) for folder, workers in ((kept, 1), (tmp_path, 2)))
    assert len(one) > 100
    assert same(one, two)


def test_what_is_there_is_not_made_again(supplies, kept, monkeypatch):
    files = shards(supplies, 7, 12, kept, 1)
    assert [path.name for path in files] == ["0000-5.npz", "0001-5.npz", "0002-2.npz"]
    before = gather(files)
    files[1].unlink()
    made = []
    make = rendered._make
    monkeypatch.setattr(rendered, "_make", lambda writers, task: made.append(task.path) or make(writers, task))
    assert same(gather(shards(supplies, 7, 12, kept, 1)), before)
    assert made == [files[1]]


def test_another_seed_or_supply_has_glyphs_of_its_own(supplies, mnist, kept):
    other = rendered.Supplies(mnist.train[:999], None, supplies.fonts)
    assert len({key(supplies, 7), key(supplies, 8), key(other, 7)}) == 3
    assert not same(gather(shards(supplies, 8, 5, kept, 1)), gather(shards(supplies, 7, 5, kept, 1)))


def test_the_code_that_renders_is_all_of_it(root):
    """What a renderer imports renders too, but for what has no pixels in it."""
    assert all((root / name).is_file() for name in rendered.RENDERERS)
    others = {"device/errors.py", "device/types.py", "device/formats.py", "device/sources.py", "device/lattice.py"}
    others |= {f"train/{name}.py" for name in ("errors", "files", "limit", "recipe", "workers")}
    for name in rendered.RENDERERS:
        for node in ast.walk(ast.parse((root / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ("device", "train"):
                imported = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
                files = {f"{one.replace('.', '/')}.py" for one in imported}
                missing = {file for file in files if (root / file).is_file()} - set(rendered.RENDERERS) - others
                assert not missing, name


def test_glyphs_that_were_damaged_are_named_and_what_to_do(supplies, tmp_path):
    (file,) = shards(supplies, 7, 2, tmp_path, 1)
    for content in (b"", b"PK", file.read_bytes()[:-400]):
        file.write_bytes(content)
        with pytest.raises(DataError, match=r"0000-2\.npz: damaged .* remove it"):
            gather([file])


def test_lines_without_a_digit_hold_nothing_out(small, supplies, tmp_path, monkeypatch):
    make = rendered.gather
    monkeypatch.setattr(rendered, "gather", lambda files, role, *extra: make(files, role, *extra)[:0])
    with pytest.raises(DataError, match="give more --scenes"):
        sets(small, None, supplies.fonts, 7, 10, tmp_path)


def test_a_network_looks_in_its_roles_own_way(supplies, kept):
    files = shards(supplies, 7, 5, kept, 1)
    among, alone = gather(files, "digit-or-not"), gather(files, "digit-or-not-alone")
    assert (among.labels == alone.labels).all()
    assert (among.pixels >= alone.pixels).all()
    assert (among.pixels > alone.pixels).any()


def test_mnists_digits_come_after_the_glyphs(supplies, mnist, kept):
    files = shards(supplies, 7, 5, kept, 1)
    alone, joined = gather(files), gather(files, extra=mnist.train[:20])
    assert same(joined[: len(alone)], alone)
    assert np.array_equal(joined.pixels[len(alone) :], mnist.train[:20].pixels)
    assert joined.labels[len(alone) :].tolist() == mnist.train.labels[:20].tolist()


def test_a_network_of_ten_classes_is_shown_digits_alone(supplies, mnist, kept):
    files = shards(supplies, 7, 5, kept, 1)
    every, digits = gather(files, "digit-or-not-alone"), gather(files, "which-digit", mnist.train[:50])
    assert (every.labels == 10).any()
    assert (digits.labels < 10).all()
    assert (digits.pixels[:-50] == every.pixels[every.labels < 10]).all()
    assert (digits.labels[-50:] == mnist.train.labels[:50]).all()


@pytest.mark.parametrize("final", [False, True])
def test_a_share_of_the_scenes_is_held_out(final, small, fonts, tmp_path):
    made = sets(small, None, fonts, 1, 10, tmp_path, final)
    assert made.record["scenes"] == {"training": 9, "held_out": 1}
    assert made.record["mnist_digits"] == (1500 if final else 1000)
    assert made.record["glyphs"]["training"] == len(made.part) - made.record["mnist_digits"]
    assert made.record["glyphs"]["held_out"] == len(made.held_out)
    assert made.record["mnist"] == small.sha256()
    assert set(made.record["fonts"]) == {"arimo", "zeyada"}
    assert made.record["pendigits"] is None
    shown = set(map(bytes, made.part.pixels))
    assert not [glyph for glyph in made.held_out.pixels if bytes(glyph) in shown and glyph.any()]
