"""The pictures that are rendered, and whose digits stand on them."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import cases
from benchmarks.__main__ import main
from benchmarks.envelopes import CAMERA, cep
from benchmarks.render import KINDS, render, unseen_digits, writers
from benchmarks.writing import INKED, INTERLOCKED, Spacing, clearance, joined, line, put
from device import formats
from device.errors import InputError
from device.model import Bundle
from train import typefaces
from train.data import Mnist
from train.writers import Hand, Hands


@pytest.fixture(scope="session")
def hands(mnist: Mnist, fonts: Path) -> Hands:
    return writers(mnist.train[-500:], fonts)


def test_every_kind_is_rendered_and_the_same_seed_gives_the_same_files(hands: Hands, tmp_path: Path) -> None:
    made, again, other = (render(hands, tmp_path / name, 1, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert [case.kind for case in made] == list(KINDS)
    assert cases.read(tmp_path / "a") == made
    for one, same, different in zip(made, again, other, strict=True):
        assert one.path.read_bytes() == same.path.read_bytes()
        assert one.path.read_bytes() != different.path.read_bytes()
        assert bool(one.text) != (one.kind in cases.NOTHING_THERE)
    assert cv2.imread(str(made[-1].path)).shape == (*CAMERA[::-1], 3)


def test_the_command_renders_and_reads(
    fonts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typefaces, "provide", lambda folder: fonts)
    kept = tmp_path / "kept"
    assert main(["accuracy", "--count", "1", "--keep", str(kept)]) == 0
    out, errors = capsys.readouterr()
    assert [row.split(" | ")[0] for row in out.splitlines()[2:]] == [f"| {kind}" for kind in (*KINDS, "all")]
    assert "handwriting: MNIST's" in errors
    assert main(["accuracy", "--keep", str(kept)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_digits_are_test_digits_and_a_card_that_does_not_tell_is_named(root: Path, mnist: Mnist) -> None:
    bundle = Bundle.load(root / "models" / "lenet5.json")
    first = bundle.network("digit")
    both = first, replace(first, role="digit-or-not")

    def words(made_by: dict, networks: tuple = (first,)) -> str:
        card = {**bundle.card, "made_by": made_by}
        digits, told = unseen_digits(replace(bundle, card=card, networks=networks), mnist)
        assert np.array_equal(digits.images, mnist.test.images)
        return told

    own, part = ({"training": {"data": {name: 50_000}}} for name in ("training", "mnist_digits"))
    assert words(own) == words({**own, "digit-or-not": part}, both) == "MNIST's test digits"
    for made_by in ({"brought": "mine.keras"}, {}):
        assert words(made_by).startswith("MNIST's test digits (the card does not tell what")
    assert words({**own, "digit-or-not": {}}, both).startswith("MNIST's test digits (the card does not tell what")


@given(st.integers(0, 2**32 - 1))
def test_a_cep_is_one_that_brazil_gives_out(seed: int) -> None:
    code = cep(np.random.default_rng(seed))
    assert len(code) == 8
    assert formats.get("cep").in_use(code)


@given(st.integers(0, 2**32 - 1), st.integers(-30, 30))
def test_glyphs_that_are_moved_by_their_clearance_only_just_do_not_meet(seed: int, drop: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = ((rng.random((25, 18)) < 0.08).astype(np.uint8) * 255 for _ in range(2))
    free = clearance(left, right, drop)
    sheet = np.zeros((100, 60), np.int64)
    sheet[35:60, :18] += left > INKED

    def ink_shared(shift: int) -> bool:
        both = sheet.copy()
        both[35 + drop : 60 + drop, 18 - shift : 36 - shift] += right > INKED
        return bool((both > 1).any())

    assert 0 <= free <= INTERLOCKED * 18
    assert not ink_shared(free)
    assert ink_shared(free + 1) or free in (0, int(INTERLOCKED * 18))


def test_touching_digits_touch_and_others_do_not(hands: Hands) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        apart = line([(Hand(hands, rng, "mnist", 50), "2837")], Spacing(0.3, 0.4), rng)
        close = line([(Hand(hands, rng, "mnist", 50), "2837")], Spacing(touching=True), rng)
        parts = [cv2.connectedComponents((ink > INKED).astype(np.uint8))[0] - 1 for ink in (apart, close)]
        assert parts[0] >= 4
        assert parts[1] < parts[0]


def test_other_faces_take_the_place_of_the_printed_ones(mnist: Mnist, fonts: Path, tmp_path: Path) -> None:
    ours = typefaces.load(fonts)
    (tmp_path / "Other-Regular.ttf").write_bytes(ours[0].path.read_bytes())
    hands = writers(mnist.train[:100], fonts, tmp_path)
    assert [face.path.name for face in hands.faces if not face.hand] == ["Other-Regular.ttf"]
    assert [face for face in hands.faces if face.hand] == [face for face in ours if face.hand]
    with pytest.raises(InputError, match=r"has no \.ttf or \.otf file"):
        writers(mnist.train[:100], fonts, tmp_path / "none")


def test_ink_beyond_the_sheet_is_lost() -> None:
    sheet, glyph = np.zeros((10, 10), np.uint8), np.full((4, 4), 9, np.uint8)
    for x, y, left in ((-2, -3, 2), (8, 8, 4), (3, 3, 16), (-9, 0, 0), (0, 30, 0)):
        sheet[:] = 0
        put(sheet, glyph, x, y)
        assert np.count_nonzero(sheet) == left
    assert joined([(glyph, -3.0, 5.0), (glyph, 10.0, 0.0)]).shape == (9, 17)
