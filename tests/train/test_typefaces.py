"""Typefaces: from pinned packages, each checked by its hash, and one line when they cannot be had."""

import hashlib
import io
import re
import shutil
import tarfile

import pytest

from train import typefaces
from train.errors import DataError

NAMES = ("arimo", "zeyada")


def test_every_package_is_pinned_by_version_and_hash():
    for version, digest in typefaces.PACKAGES.values():
        assert re.fullmatch(r"\d[\w.]*", version)
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
    kinds = (typefaces.PRINTED, typefaces.HANDWRITTEN, typefaces.FONTSOURCE)
    assert len(typefaces.PACKAGES) == sum(map(len, kinds))
    assert not typefaces.APACHE - set(typefaces.PACKAGES)


def test_the_benchmarks_face_is_none_of_them():
    assert not [name for name in typefaces.PACKAGES if "dejavu" in name]


def test_printed_and_handwritten_faces_are_told_apart(fonts):
    faces = typefaces.load(fonts)
    assert [(face.path.name.split("[")[0].split(".")[0], face.hand, face.weight) for face in faces] == [
        ("Arimo", False, 400), ("Arimo", False, 700), ("Zeyada", True, None),
    ]  # fmt: skip
    for face in faces:
        glyph = face.glyph("8", 40)
        assert 20 < glyph.shape[0] < 60
        assert glyph.max() == 255


def test_a_face_whose_weight_varies_is_there_in_bold_too(fonts):
    regular, bold, _ = typefaces.load(fonts)
    assert bold.glyph("1", 60).astype(float).sum() > 1.2 * regular.glyph("1", 60).astype(float).sum()


def test_version_hash_and_licence_are_recorded(fonts):
    found = typefaces.record(fonts)
    assert set(found) == set(NAMES)
    assert found["arimo"] == {"version": "1.341", "sha256": typefaces.PRINTED["arimo"][1], "licence": "OFL-1.1"}


def test_a_folder_that_has_the_wheels_is_taken(fonts):
    assert typefaces.provide(fonts, NAMES) == fonts


def test_a_folder_that_lacks_some_is_refused_in_one_line(fonts):
    with pytest.raises(DataError, match=r"lacks fontpkg-noto-sans, .* and \d+ more; without --fonts") as caught:
        typefaces.provide(fonts)
    assert "\n" not in str(caught.value)


def test_a_wheel_of_another_hash_is_refused(fonts, tmp_path):
    for wheel in fonts.glob("*.whl"):
        shutil.copy(wheel, tmp_path)
    (tmp_path / typefaces.file_name("zeyada")).write_bytes(b"PK")
    with pytest.raises(DataError, match=r"fontpkg_zeyada\S+ has another hash"):
        typefaces.provide(tmp_path, NAMES)


def test_a_damaged_wheel_in_the_cache_is_fetched_again(fonts, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "postread" / "fonts"
    shutil.copytree(fonts, folder)
    damaged = folder / typefaces.file_name("arimo")
    damaged.write_bytes(damaged.read_bytes()[:1000])
    asked = []

    def pip(command, seconds, into):
        asked.extend(one for one in command if one.startswith("fontpkg-"))
        shutil.copy(fonts / damaged.name, into)

    monkeypatch.setattr(typefaces, "run_limited", pip)
    assert typefaces.provide(names=NAMES) == folder
    assert asked == ["fontpkg-arimo==1.341"]
    assert typefaces.provide(names=NAMES) == folder
    assert len(asked) == 1


@pytest.mark.parametrize("reason", ["no answer within 180 s", "No matching distribution found for fontpkg-arimo"])
def test_without_a_network_one_line_says_why_and_what_to_do(reason, tmp_path, monkeypatch):
    def pip(*_):
        raise DataError(reason)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(typefaces, "run_limited", pip)
    with pytest.raises(DataError) as caught:
        typefaces.provide(names=NAMES)
    expected = f"fontpkg-arimo, fontpkg-zeyada cannot be had ({reason}); name a folder of these packages"
    assert str(caught.value) == f"{expected} with --fonts FOLDER"


def test_what_pip_brings_is_not_kept_if_it_is_something_else(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def pip(command, seconds, into):
        (into / typefaces.file_name("arimo")).write_bytes(b"PK")

    monkeypatch.setattr(typefaces, "run_limited", pip)
    with pytest.raises(DataError, match="another hash"):
        typefaces.provide(names=NAMES)
    assert not list(tmp_path.rglob("*.whl"))


def test_a_folder_without_any_package_has_no_faces(tmp_path):
    with pytest.raises(DataError, match="none of the fonts' packages"):
        typefaces.load(tmp_path)


def test_a_face_that_was_cut_off_in_the_cache_is_unpacked_again(fonts, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    faces = typefaces.load(fonts)
    for face in faces:
        face.path.write_bytes(face.path.read_bytes()[:100])
    assert [face.path.stat().st_size > 100 for face in typefaces.load(fonts)] == [True] * len(faces)


def _archive(name: str) -> bytes:
    """What npm would bring, with a printed face in it."""
    file = io.BytesIO()
    content = b"a face"
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"package/files/{name}-latin-400-normal.woff")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def test_handwriting_that_pip_lacks_comes_from_npm(tmp_path, monkeypatch):
    content, asked = _archive("patrick-hand"), []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(typefaces.shutil, "which", lambda _: "npm")
    monkeypatch.setitem(typefaces.PACKAGES, "patrick-hand", ("5.3.0", hashlib.sha256(content).hexdigest()))

    def npm(command, seconds, into):
        asked.append([word for word in command if not word.startswith("/")])
        (into / "fontsource-patrick-hand-5.3.0.tgz").write_bytes(content)

    monkeypatch.setattr(typefaces, "run_limited", npm)
    folder = typefaces.provide(names=["patrick-hand"])
    assert asked == [["npm", "pack", "--silent", "--pack-destination", "@fontsource/patrick-hand@5.3.0"]]
    (face,) = typefaces.load(folder)
    assert (face.path.name, face.path.read_bytes(), face.hand) == ("patrickhand-regular.woff", b"a face", True)


def test_without_npm_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(typefaces.shutil, "which", lambda _: None)
    with pytest.raises(DataError, match=r"npm, which brings @fontsource/patrick-hand, is not installed: install it"):
        typefaces.provide(names=["patrick-hand"])
