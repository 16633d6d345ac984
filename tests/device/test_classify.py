"""The classifier: batches, precisions and runtimes agree; a network that the device cannot feed is refused."""

import hashlib
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from device import Bundle, ModelError, RuntimeMissing
from device.classify import Classifier, find_runtime
from device.pixels import canvas, normalise
from train import data

Uint8 = NDArray[np.uint8]


@pytest.fixture(scope="module")
def glyphs() -> Uint8:
    """uint8[60, 32, 32]: each digit in six type faces."""
    drawn = []
    for face in (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX):
        for thick in (4, 7):
            for digit in "0123456789":
                ink = np.zeros((100, 100), np.uint8)
                cv2.putText(ink, digit, (15, 80), face, 2.5, 255, thick, cv2.LINE_AA)
                drawn.append(normalise(ink))
    return np.stack(drawn)


@pytest.fixture(scope="module")
def int8() -> Classifier:
    return Classifier.open(Bundle.load().network("digit"), "int8")


@pytest.fixture(scope="module")
def float32() -> Classifier:
    return Classifier.open(Bundle.load().network("digit"), "float32")


def lsb() -> float:
    """One unit of the int8 network's output, in logits."""
    scale = Bundle.load().network("digit").file("int8").output.scale
    assert scale
    return scale


# ── Logits ──


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_logits_are_float32_a_row_a_glyph(precision: str, glyphs: Uint8, request: pytest.FixtureRequest) -> None:
    logits = request.getfixturevalue(precision).logits(glyphs)
    assert logits.shape == (len(glyphs), 10)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()


def test_a_batch_is_as_good_as_one_at_a_time(int8: Classifier, glyphs: Uint8) -> None:
    together = int8.logits(glyphs)
    alone = np.concatenate([int8.logits(glyphs[k : k + 1]) for k in range(len(glyphs))])
    assert (together.argmax(axis=1) == alone.argmax(axis=1)).all()
    assert np.abs(together - alone).max() <= 2 * lsb()


@pytest.mark.parametrize("sizes", [(1, 8, 1), (8, 3, 20), (5, 5)])
def test_batches_of_any_size_follow_one_another(int8: Classifier, glyphs: Uint8, sizes: tuple[int, ...]) -> None:
    whole, at = int8.logits(glyphs), 0
    for size in sizes:
        assert np.abs(int8.logits(glyphs[at : at + size]) - whole[at : at + size]).max() <= 2 * lsb()
        at += size


def test_the_order_is_kept(int8: Classifier, glyphs: Uint8) -> None:
    assert (int8.logits(glyphs[::-1].copy()).argmax(axis=1) == int8.logits(glyphs).argmax(axis=1)[::-1]).all()


def test_answers_do_not_change_afterwards(int8: Classifier, glyphs: Uint8) -> None:
    first = int8.logits(glyphs[:5])
    before = first.copy()
    int8.logits(glyphs[5:10])
    assert (first == before).all()


def test_an_empty_batch(int8: Classifier) -> None:
    assert int8.logits(np.empty((0, 32, 32), np.uint8)).shape == (0, 10)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((32, 32), np.uint8), np.zeros((1, 28, 28), np.uint8), np.zeros((1, 32, 32), np.float32)],
    ids=lambda pixels: f"{pixels.dtype}{list(pixels.shape)}",
)
def test_nothing_but_glyphs(int8: Classifier, pixels: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match=r"uint8\[N, 32, 32\]"):
        int8.logits(pixels)


def test_precisions_agree(int8: Classifier, float32: Classifier, glyphs: Uint8) -> None:
    assert (int8.logits(glyphs).argmax(axis=1) == float32.logits(glyphs).argmax(axis=1)).mean() >= 0.95


def test_digits_are_told_apart(int8: Classifier, float32: Classifier) -> None:
    test = data.load().test
    pixels, labels = canvas(test.images[:1000]), test.labels[:1000]
    quantised, exact = int8.logits(pixels).argmax(axis=1), float32.logits(pixels).argmax(axis=1)
    assert (quantised == labels).mean() >= 0.98
    assert (quantised == exact).mean() >= 0.998


def test_threads_change_nothing(int8: Classifier, glyphs: Uint8) -> None:
    two = Classifier.open(int8.network, "int8", threads=2).logits(glyphs)
    assert np.abs(two - int8.logits(glyphs)).max() <= 2 * lsb()


@pytest.mark.slow
def test_tensorflow_s_interpreter_agrees(int8: Classifier, glyphs: Uint8, root: Path, tmp_path: Path) -> None:
    """In a process of its own, where it may warn that it is on its way out."""
    np.save(tmp_path / "glyphs.npy", glyphs)
    code = (
        "import sys, numpy as np; from device import Bundle; from device.classify import Classifier\n"
        "classifier = Classifier.open(Bundle.load().network('digit'), 'int8', 'tf')\n"
        "assert classifier.runtime == 'tf'\n"
        "np.save(sys.argv[1] + '/logits.npy', classifier.logits(np.load(sys.argv[1] + '/glyphs.npy')))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=True, capture_output=True, timeout=120)
    theirs, ours = np.load(tmp_path / "logits.npy"), int8.logits(glyphs)
    assert (theirs.argmax(axis=1) == ours.argmax(axis=1)).all()
    assert np.abs(theirs - ours).max() <= 2 * lsb()


# ── Networks that are not the device's.  Each card is made to agree with its file as far as it can. ──


@pytest.fixture(scope="module")
def odd_networks(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    script = root / "tests/device/odd_networks.py"
    done = subprocess.run([sys.executable, script, folder], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


def put(bundle, precision: str, source: Path, **described: dict[str, Any]) -> Path:
    """Put a network into the bundle in place of its own; described: what the card says of input and output."""
    entry = bundle.network[precision]
    path = bundle.path.parent / "odd.tflite"
    shutil.copy(source, path)
    entry.update(file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    for end, facts in described.items():
        entry[end].update(facts)
    bundle.write()
    return path


def refusal(bundle, precision: str = "int8") -> str:
    with pytest.raises(ModelError) as caught:
        Classifier.open(Bundle.load(bundle.path).network("digit"), precision)
    message = str(caught.value)
    assert message.isprintable()
    return message


def ends(path: Path) -> dict[str, dict[str, Any]]:
    """What a card says of this network's input and output."""
    _, interpreter_class = find_runtime()
    interpreter = interpreter_class(model_path=str(path))
    said = {}
    for end, details in (("input", interpreter.get_input_details()), ("output", interpreter.get_output_details())):
        (scale, zero_point), dtype = details[0]["quantization"], np.dtype(details[0]["dtype"]).name
        quantised = dtype == "int8"
        said[end] = {
            "shape": [-1, *(int(side) for side in details[0]["shape"][1:])],
            "dtype": dtype,
            "scale": float(scale) if quantised else None,
            "zero_point": int(zero_point) if quantised else None,
        }
    return said


def test_any_network_of_the_right_ends_will_do(bundle, odd_networks: Path, glyphs: Uint8) -> None:
    good = odd_networks / "good.tflite"
    put(bundle, "int8", good, **ends(good))
    classifier = Classifier.open(Bundle.load(bundle.path).network("digit"))
    assert classifier.logits(glyphs).shape == (len(glyphs), 10)


def test_another_input_shape(bundle, odd_networks: Path) -> None:
    path = put(bundle, "int8", odd_networks / "side.tflite")
    assert refusal(bundle) == f"{path}: its input has the shape [1, 28, 28, 1], the device wants [N, 32, 32, 1]"
    put(bundle, "int8", odd_networks / "side.tflite", **ends(odd_networks / "side.tflite"))
    assert "its input has the shape" in refusal(bundle)


def test_another_number_of_classes(bundle, odd_networks: Path) -> None:
    path = put(bundle, "int8", odd_networks / "classes.tflite", **ends(odd_networks / "classes.tflite"))
    assert refusal(bundle) == f"{path}: its output has the shape [1, 12], the device wants [N, 10]"


@pytest.mark.parametrize("card_agrees", [False, True])
def test_float_where_int8_is_listed(bundle, odd_networks: Path, card_agrees: bool) -> None:
    float_ = odd_networks / "float.tflite"
    path = put(bundle, "int8", float_, **(ends(float_) if card_agrees else {}))
    assert refusal(bundle) == f"{path}: its input is float32, int8 is wanted; convert it again"


def test_int8_where_float_is_listed(bundle) -> None:
    path = put(bundle, "float32", bundle.file("int8"))
    assert refusal(bundle, "float32") == f"{path}: its input is int8, float32 is wanted; convert it again"


@pytest.mark.parametrize("end", ["input", "output"])
@pytest.mark.parametrize(("field", "value"), [("scale", 0.5), ("zero_point", 3), ("scale", None), ("zero_point", None)])
def test_another_quantisation_than_the_card_s(bundle, end: str, field: str, value: float | None) -> None:
    bundle.network["int8"][end][field] = value
    bundle.write()
    message = refusal(bundle)
    assert message.startswith(f"{bundle.file()}: its {end} is quantised with (")
    assert "the card says" in message


def test_pixels_that_would_have_to_be_scaled(bundle, odd_networks: Path) -> None:
    path = put(bundle, "int8", odd_networks / "scale.tflite", **ends(odd_networks / "scale.tflite"))
    message = refusal(bundle)
    assert message.startswith(f"{path}: its input is quantised with (0.00")
    assert message.endswith("the device feeds pixels with (1.0, -128)")


def test_two_inputs(bundle, odd_networks: Path) -> None:
    path = put(bundle, "float32", odd_networks / "inputs.tflite")
    assert refusal(bundle, "float32") == f"{path}: 2 inputs and 1 outputs, one of each is wanted"


def test_a_card_that_says_another_shape(bundle) -> None:
    bundle.network["int8"]["input"]["shape"] = [-1, 28, 28, 1]
    bundle.write()
    assert str(bundle.file()) in refusal(bundle)


def test_a_truncated_network_whose_hash_is_right_does_not_take_the_process_down(bundle, root: Path) -> None:
    """In a process of its own, which may crash."""
    whole = bundle.file().read_bytes()
    for length in (8, 60, 2_000, len(whole) // 2, len(whole) - 1_000, len(whole) - 9, len(whole) - 1):
        (bundle.path.parent / f"{length}.tflite").write_bytes(whole[:length])
        bundle.network["int8"].update(file=f"{length}.tflite", sha256=hashlib.sha256(whole[:length]).hexdigest())
        (bundle.path.parent / f"{length}.json").write_text(json.dumps(bundle.card))
    code = (
        "import sys, pathlib; from device import Bundle, ModelError; from device.classify import Classifier\n"
        "for card in pathlib.Path(sys.argv[1]).glob('[0-9]*.json'):\n"
        "    try: Classifier.open(Bundle.load(card).network('digit'))\n"
        "    except ModelError as error: print(card.stem in str(error), 'cannot load it' in str(error))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, bundle.path.parent], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True True"] * 7


# ── Runtimes ──


def forbid(monkeypatch: pytest.MonkeyPatch, error: Exception, *names: str) -> None:
    """Have these modules fail to be imported."""
    real = importlib.import_module

    def import_module(name: str, package: str | None = None) -> ModuleType:
        if name.startswith(names):
            raise error
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", import_module)


def test_litert_comes_first() -> None:
    name, interpreter = find_runtime()
    assert name == "litert"
    assert interpreter.__module__.startswith("ai_edge_litert")


def test_tflite_runtime_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = ModuleType("tflite_runtime.interpreter")
    stand_in.Interpreter = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tflite_runtime", ModuleType("tflite_runtime"))
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", stand_in)
    forbid(monkeypatch, ModuleNotFoundError("none"), "ai_edge_litert")
    assert find_runtime() == ("tflite-runtime", object)
    assert find_runtime("tflite-runtime") == ("tflite-runtime", object)


def test_no_runtime_at_all_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, ModuleNotFoundError("none"), "ai_edge_litert", "tflite_runtime")
    with pytest.raises(RuntimeMissing) as caught:
        find_runtime()
    assert str(caught.value) == "no TFLite interpreter is installed: pip install ai-edge-litert"
    assert isinstance(caught.value, ImportError)


def test_on_32_bits_another_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, ModuleNotFoundError("none"), "ai_edge_litert", "tflite_runtime")
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    with pytest.raises(RuntimeMissing, match='pip install tflite-runtime "numpy<2"'):
        find_runtime()


@pytest.mark.parametrize(
    ("runtime", "command"),
    [
        ("litert", "pip install ai-edge-litert"),
        ("tflite-runtime", 'pip install tflite-runtime "numpy<2"'),
        ("tf", "pip install tensorflow"),
    ],
)
def test_a_runtime_that_is_not_there_names_its_command(
    monkeypatch: pytest.MonkeyPatch, runtime: Any, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    forbid(monkeypatch, ModuleNotFoundError("none"), "ai_edge_litert", "tflite_runtime")
    with pytest.raises(RuntimeMissing) as caught:
        find_runtime(runtime)
    assert str(caught.value).endswith(command)
    assert runtime in str(caught.value)


def test_a_runtime_that_is_broken_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, ImportError("numpy.core.multiarray failed"), "ai_edge_litert", "tflite_runtime")
    with pytest.raises(RuntimeMissing, match=r"does not load \(numpy.core.multiarray failed\): pip install"):
        find_runtime("tflite-runtime")
    with pytest.raises(RuntimeMissing, match="pip install"):
        find_runtime("auto")
