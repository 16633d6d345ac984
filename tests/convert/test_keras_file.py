"""Keras files of strangers: opened if they are made of Keras' own layers, refused by name and never run if not."""

import json
import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest

from convert import keras_file, sizes
from convert.errors import ConversionError
from convert.keras_file import open_file

ENDS = (".keras", ".h5")
pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5:UserWarning")


@keras.saving.register_keras_serializable("strange")
class Doubled(keras.layers.Layer):
    """A layer that Keras has not."""

    def call(self, values):
        return 2 * values


@keras.saving.register_keras_serializable("strange")
def bent(values):
    """An activation that Keras has not."""
    return values * values


def save(folder, *layers, end=".keras", shape=(28, 28, 1)):
    path = folder / f"net{end}"
    keras.Sequential([keras.Input(shape), *layers]).save(path)
    return path


def refused(path, *said):
    """In one line that names the file."""
    with pytest.raises(ConversionError) as caught:
        open_file(path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert "\n" not in line
    for one in said:
        assert one in line


def ordinary():
    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    values = layers.RandomRotation(0.1)(layers.Rescaling(1 / 255)(inputs))
    values = layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2", padding="same")(values)
    values = layers.Add()([values, layers.SeparableConv2D(4, 3, padding="same")(layers.BatchNormalization()(values))])
    values = keras.Sequential([layers.MaxPooling2D(2), layers.PReLU(), layers.Dropout(0.2)])(values)
    values = layers.Bidirectional(layers.GRU(3))(layers.Reshape((14, 56))(values))
    return keras.Model(inputs, layers.Dense(10, "softmax", kernel_constraint="max_norm")(values))


@pytest.mark.parametrize("end", ENDS)
def test_a_network_of_keras_own_layers_is_opened(end, tmp_path):
    model, path = ordinary(), tmp_path / f"net{end}"
    model.compile("adam", "mse")
    model.save(path)
    pixels = np.random.default_rng(0).uniform(0, 255, (3, 28, 28, 1)).astype(np.float32)
    ours, theirs = (np.asarray(one(pixels, training=False)) for one in (open_file(path), model))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_operations_between_layers_are_opened(tmp_path):
    inputs = keras.Input((28, 28, 1))
    values = keras.layers.Flatten()(keras.ops.relu(inputs / 255 - 0.5))
    keras.Model(inputs, keras.layers.Dense(10)(values)).save(tmp_path / "net.keras")
    assert open_file(tmp_path / "net.keras").output_shape == (None, 10)


@pytest.mark.parametrize("end", ENDS)
def test_a_lambda_is_refused_by_its_layers_name_and_not_run(end, tmp_path):
    trace = str(tmp_path / "trace")
    spy = keras.layers.Lambda(lambda values: (open(trace, "w"), values)[1], output_shape=(28, 28, 1), name="spy")  # noqa: PTH123, SIM115
    path = save(tmp_path, spy, keras.layers.Flatten(), end=end)
    (tmp_path / "trace").unlink(missing_ok=True)
    refused(path, "layer spy is a Lambda")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("end", ENDS)
def test_a_lambda_within_another_layer_is_refused(end, tmp_path):
    inner = keras.Sequential([keras.layers.Lambda(lambda values: values, output_shape=(28, 1), name="inner")])
    refused(save(tmp_path, keras.layers.TimeDistributed(inner), end=end), "layer inner is a Lambda")


@pytest.mark.parametrize("end", ENDS)
def test_a_layer_that_keras_has_not_is_refused_by_name_even_if_it_is_registered(end, tmp_path):
    refused(save(tmp_path, Doubled(name="twice"), end=end), "layer twice is a custom object, 'strange>Doubled'")


@pytest.mark.parametrize("end", ENDS)
def test_an_activation_that_keras_has_not_is_refused_by_its_layers_name(end, tmp_path):
    refused(save(tmp_path, keras.layers.Dense(3, bent, name="bending"), end=end), "layer bending", "custom", "bent")


def with_configuration(path, change):
    """Another configuration in a .keras file."""
    other = path.with_name("other.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, json.dumps(change(json.loads(content))) if name == "config.json" else content)
    return other


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("keras.utils", "get_file"),
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "StringLookup"),
        ("keras.src.layers.core.lambda_layer", "Lambda"),
        ("keras.saving", "load_model"),
    ],
)
def test_what_runs_or_reads_something_else_is_refused_before_keras_sees_it(module, kind, tmp_path, monkeypatch):
    path = save(tmp_path, keras.layers.Flatten(name="flat"))

    def change(configuration):
        configuration["config"]["layers"][1] |= {"module": module, "class_name": kind}
        return configuration

    changed = with_configuration(path, change)
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("opened"))
    refused(changed, "layer flat", kind)


def test_functions_are_refused_unless_they_are_activations(tmp_path):
    path = save(tmp_path, keras.layers.Dense(3, name="dense"))

    def change(configuration):
        function = {"module": "builtins", "class_name": "function", "config": "load_model", "registered_name": "x"}
        configuration["config"]["layers"][1]["config"]["activation"] = function
        return configuration

    refused(with_configuration(path, change), "layer dense uses the custom function 'load_model'")


@pytest.mark.parametrize("end", ENDS)
def test_what_is_no_such_file_is_refused(end, tmp_path):
    path = tmp_path / f"net{end}"
    refused(path, "is not there")
    path.write_text("not a network")
    refused(path, f"is not a {end} file that Keras saved")
    path.unlink()
    path.mkdir()
    refused(path, "is a folder")


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "net.onnx").touch()
    refused(tmp_path / "net.onnx", "is neither .keras nor .h5")


def test_weights_alone_are_refused(tmp_path):
    path = tmp_path / "net.weights.h5"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save_weights(path)
    refused(path, "holds weights only")


def test_a_damaged_file_is_refused(tmp_path):
    path = save(tmp_path, keras.layers.Flatten(), keras.layers.Dense(10))
    cut = shutil.copy(path, tmp_path / "cut.keras")
    cut.write_bytes(path.read_bytes()[:-200])
    refused(cut, "not a .keras file")
    without = with_configuration(path, lambda configuration: configuration | {"config": {"layers": 7}})
    refused(without, "Keras cannot open it")


def test_weights_that_do_not_fit_are_refused(tmp_path):
    path = save(tmp_path, keras.layers.Flatten(), keras.layers.Dense(10, name="last"), end=".h5")
    with h5py.File(path, "a") as file:
        del file["model_weights/last"]
    refused(path, "Keras cannot open it")


def zipped(path, parts, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def parts_of(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_a_configuration_that_unpacks_to_gigabytes_is_refused_and_not_unpacked(tmp_path, monkeypatch):
    parts = parts_of(save(tmp_path, keras.layers.Flatten()))
    parts["config.json"] += b" " * keras_file.MOST_CONFIGURATION
    path = zipped(tmp_path / "bomb.keras", parts)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    refused(path, "its configuration has 4,", "4,194,304 are the most")


def with_bytes(path, head, place, change):
    """Change a byte of each of a zip file's headers."""
    content, at = bytearray(path.read_bytes()), -1
    while (at := content.find(head, at + 1)) >= 0:
        content[at + place] = change(content[at + place])
    path.write_bytes(content)


def test_what_cannot_be_unpacked_is_refused_in_one_line(tmp_path):
    parts = parts_of(save(tmp_path, keras.layers.Flatten()))
    damaged = zipped(tmp_path / "damaged.keras", parts)
    content = bytearray(damaged.read_bytes())
    start = content.find(b"config.json") + len("config.json")
    content[start + 5 : start + 60] = bytes(255 - value for value in content[start + 5 : start + 60])
    damaged.write_bytes(content)
    refused(damaged, "is not a .keras file that Keras saved: Error -3 while decompressing")
    encrypted = zipped(tmp_path / "encrypted.keras", parts, zipfile.ZIP_STORED)
    with_bytes(encrypted, b"PK\x01\x02", 8, lambda flags: flags | 1)
    with_bytes(encrypted, b"PK\x03\x04", 6, lambda flags: flags | 1)
    refused(encrypted, "is encrypted")
    unknown = zipped(tmp_path / "unknown.keras", parts, zipfile.ZIP_STORED)
    with_bytes(unknown, b"PK\x01\x02", 10, lambda method: 99)
    refused(unknown, "compression method is not supported")


def test_a_layer_of_absurd_size_is_refused_before_it_is_built(tmp_path, monkeypatch):
    path = save(tmp_path, keras.layers.Flatten(), keras.layers.Dense(10, name="dense"))
    monkeypatch.setattr(keras.initializers.GlorotUniform, "__call__", lambda *_, **__: pytest.fail("made"))

    def change(configuration):
        layer = configuration["config"]["layers"][2]
        layer["config"]["units"] = 2_000_000
        return configuration

    refused(with_configuration(path, change), "layer dense brings the parameters to 1,568,000,000", "50,000,000")


@pytest.mark.parametrize("end", ENDS)
def test_many_layers_of_moderate_size_count_together(end, tmp_path, monkeypatch):
    path = save(tmp_path, keras.layers.Flatten(), *(keras.layers.Dense(30, name=f"d{k}") for k in range(4)), end=end)
    monkeypatch.setattr(sizes, "MOST", 784 * 30 + 30 + 2 * 930)
    refused(path, "layer d3 brings the parameters to")
    monkeypatch.setattr(sizes, "MOST", 784 * 30 + 30 + 3 * 930)
    assert open_file(path).count_params() == 784 * 30 + 30 + 3 * 930


def test_a_layer_that_gives_too_much_is_refused(tmp_path):
    layers = keras.layers
    inner = keras.Sequential([layers.ZeroPadding2D(8000, name="wide"), layers.GlobalMaxPooling2D()])
    refused(save(tmp_path, inner), "layer wide gives 256,", "values")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("policy", ["mixed_float16", "float16", "bfloat16", "float64"])
def test_layers_that_compute_in_another_type_are_refused_by_name(policy, end, tmp_path):
    path = save(tmp_path, keras.layers.Flatten(), keras.layers.Dense(10, name="half", dtype=policy), end=end)
    refused(path, f"layer half computes as {policy}, float32 is wanted", "set_weights")
    within = keras.layers.TimeDistributed(keras.layers.Dense(3, name="inner", dtype=policy))
    refused(save(tmp_path, within, end=end), f"layer inner computes as {policy}")


def test_pixels_of_whole_numbers_are_opened(tmp_path):
    inputs = keras.Input((28, 28, 1), dtype="uint8")
    keras.Model(inputs, keras.layers.Rescaling(1 / 255)(inputs)).save(tmp_path / "net.keras")
    assert open_file(tmp_path / "net.keras").inputs[0].dtype == "uint8"
