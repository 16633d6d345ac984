"""A bundle that is not one is refused in one line that names the file and what is wrong with it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device import Bundle, ModelError, model
from device.reader import Reader


def open_all(where: str | Path) -> None:
    for network in Bundle.load(where).networks:
        for file in network.files.values():
            file.read()


def refusal(where: str | Path) -> str:
    with pytest.raises(ModelError) as caught:
        open_all(where)
    assert isinstance(caught.value, ValueError)
    message = str(caught.value)
    assert message.isprintable()
    return message


# ── The shipped bundle ──


@pytest.mark.parametrize("name", [None, "lenet5"])
def test_the_shipped_bundle_is_found_by_name(root: Path, name: str | None) -> None:
    bundle = Bundle.load(name)
    assert bundle.name == "lenet5"
    assert bundle.path == root / "models/lenet5.json"
    digit = bundle.network("digit")
    assert digit.classes == tuple("0123456789")
    for precision in ("int8", "float32"):
        assert digit.file(precision).read()[4:8] == b"TFL3"


def test_a_card_is_found_wherever_it_lies(bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Bundle.load(bundle.path).path == bundle.path
    monkeypatch.chdir(bundle.path.parent)
    assert Bundle.load("lenet5.json").name == "lenet5"
    assert Bundle.load("./lenet5.json").name == "lenet5"


def test_the_device_s_own_models_come_before_the_checkout_s(
    bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the wheel, where they lie in device/models/."""
    package = tmp_path / "site/device"
    package.mkdir(parents=True)
    bundle.path.parent.rename(package / "models")
    monkeypatch.setattr(model, "__file__", str(package / "model.py"))
    assert model.find("lenet5") == package / "models/lenet5.json"


def test_a_network_never_lies_outside_the_card_s_folder(bundle) -> None:
    bundle.network["int8"]["file"] = "/etc/../passwd"
    assert Bundle.load(bundle.write()).network("digit").file("int8").path == bundle.path.parent / "passwd"


# ── Not a card ──


def test_an_unknown_name_is_told_what_there_is() -> None:
    assert refusal("lenet6") == "no shipped bundle is called 'lenet6'; there is lenet5, or give a PATH.json"


@pytest.mark.parametrize("where", ["lenet5-int8.tflite", "a/lenet5-int8.tflite", "lenet5.keras", "models/"])
def test_the_network_is_not_the_card(where: str) -> None:
    assert "give the card (NAME.json), not the network" in refusal(where)


def test_no_such_card(tmp_path: Path) -> None:
    assert (
        refusal(tmp_path / "none.json") == f"{tmp_path}/none.json: the card cannot be read (No such file or directory)"
    )


def test_a_folder_called_json(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    assert "cannot be read (Is a directory)" in refusal(tmp_path / "folder.json")


@pytest.mark.parametrize(
    "content",
    [b"", b"This is a model.\n", b"{'card_schema': 1}", b'{"card_schema": 1', b"\xff\xfe\0{", b"TFL3" * 9, b"[" * 9999],
    ids=["empty", "text", "python", "cut", "binary", "network", "nested"],
)
def test_text_is_not_a_card(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.json"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: not a model card (not JSON: ")


@pytest.mark.parametrize("content", [{}, [], None, 1, "card", {"networks": []}, [{"card_schema": 1}]], ids=str)
def test_json_that_is_no_card(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content))
    assert refusal(path) == f"{path}: not a model card (it has no card_schema)"


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_another_schema(bundle, schema: Any) -> None:
    bundle.card["card_schema"] = schema
    assert f"card_schema {schema}, this version reads 1; upgrade postread" in refusal(bundle.write())


@pytest.mark.parametrize("version", [0, 1, 3, None, "2"])
def test_another_version_of_the_pixel_contract(bundle, version: Any) -> None:
    bundle.card["pixels_version"] = version
    assert f"made for pixels version {version}, this device has 2" in refusal(bundle.write())


# ── A card with a hole in it ──

DAMAGE: dict[str, Callable[[Any], Any]] = {
    "no networks": lambda bundle: bundle.card.pop("networks"),
    "no name": lambda bundle: bundle.card.pop("name"),
    "no decoder": lambda bundle: bundle.card.pop("decoder"),
    "networks are text": lambda bundle: bundle.card.update(networks="lenet5-int8.tflite"),
    "networks are a number": lambda bundle: bundle.card.update(networks=1),
    "a network is text": lambda bundle: bundle.card.update(networks=["lenet5-int8.tflite"]),
    "no role": lambda bundle: bundle.network.pop("role"),
    "no classes": lambda bundle: bundle.network.pop("classes"),
    "no file": lambda bundle: bundle.network["int8"].pop("file"),
    "no sha256": lambda bundle: bundle.network["int8"].pop("sha256"),
    "no input": lambda bundle: bundle.network["float32"].pop("input"),
    "no output": lambda bundle: bundle.network["int8"].pop("output"),
    "no scale": lambda bundle: bundle.network["int8"]["input"].pop("scale"),
    "a shape of text": lambda bundle: bundle.network["int8"]["input"].update(shape=["N", 32, 32, 1]),
    "a scale of text": lambda bundle: bundle.network["int8"]["output"].update(scale="small"),
    "decoder is a number": lambda bundle: bundle.card.update(decoder=3),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_card(bundle, what: str) -> None:
    DAMAGE[what](bundle)
    assert refusal(bundle.write()).startswith(f"{bundle.path}: the card is damaged (")


@pytest.mark.parametrize(
    "damage",
    [
        {"temperature": None},
        {"weights": 3},
        {"weights": {"odds": "high"}},
        {"thresholds": []},
        {"confidence": {"any": 1}},
    ],
    ids=str,
)
def test_a_damaged_decoder(bundle, damage: dict[str, Any]) -> None:
    bundle.card["decoder"] |= damage
    with pytest.raises(ModelError) as caught:
        Reader.load(bundle.write())
    assert str(caught.value).startswith(f"{bundle.path}: the card is damaged (decoder, ")


def test_no_network_for_digits(bundle) -> None:
    bundle.card["networks"] = [entry for entry in bundle.card["networks"] if entry["role"] != "digit"]
    assert "the bundle has no network for the role 'digit'" in refusal(bundle.write())


@pytest.mark.parametrize("classes", [list("012345678"), list("0123456789AB"), list("9876543210"), []], ids="".join)
def test_classes_that_are_not_the_digits(bundle, classes: list[str]) -> None:
    bundle.network["classes"] = classes
    message = refusal(bundle.write())
    assert message.startswith(f"{bundle.path}: its digit network has the classes {' '.join(classes)}")


def test_a_precision_that_is_not_there(bundle) -> None:
    del bundle.network["float32"]
    network = Bundle.load(bundle.write()).network("digit")
    with pytest.raises(ModelError, match="no float32 file"):
        network.file("float32")


# ── A network that is not the card's ──


def test_a_missing_network(bundle) -> None:
    bundle.file().unlink()
    assert refusal(bundle.path) == f"{bundle.file()}: cannot be read (No such file or directory); restore the bundle"


@pytest.mark.parametrize("content", [b"", b"TFL3", b"This is a network.\n", b"\x89HDF\r\n\x1a\n" * 9])
def test_text_is_not_a_network(bundle, content: bytes) -> None:
    bundle.file().write_bytes(content)
    bundle.network["int8"]["sha256"] = hashlib.sha256(content).hexdigest()
    assert refusal(bundle.write()).startswith(f"{bundle.file()}: not a TFLite model")


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_a_truncated_network(bundle, precision: str) -> None:
    path = bundle.file(precision)
    path.write_bytes(path.read_bytes()[:-1])
    assert refusal(bundle.path).startswith(f"{path}: not the file that the card describes (its sha256 differs)")


def test_one_bit_of_another_network(bundle) -> None:
    content = bytearray(bundle.file().read_bytes())
    content[len(content) // 2] ^= 1
    bundle.file().write_bytes(content)
    assert "its sha256 differs" in refusal(bundle.path)


def test_the_card_of_another_network(bundle) -> None:
    bundle.network["int8"]["file"] = bundle.network["float32"]["file"]
    assert "its sha256 differs" in refusal(bundle.write())
