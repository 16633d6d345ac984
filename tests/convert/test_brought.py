"""`python -m convert keras`: a classifier that somebody brings becomes a bundle, or is refused by name."""

import hashlib
import json

import keras
import numpy as np
import pytest

from convert import __main__ as command
from convert import brought, ends, forms, quantize
from convert.errors import ConversionError
from convert.keras_file import open_file
from convert.parity.compare import Compared
from convert.scaling import Scaling
from device.classify import Classifier
from device.model import Bundle
from train import data
from train.evaluate import logits_of

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5:UserWarning")
layers = keras.layers


@pytest.fixture(scope="module")
def flat(shipped):
    """The shipped network, as one of 784 values from -1 to 1, and with a softmax."""
    *below, last = shipped.layers[1:]
    shares = layers.Dense(10, "softmax", name="shares")
    first = [layers.Reshape((28, 28, 1)), layers.Rescaling(0.5, 0.5), layers.ZeroPadding2D(2)]
    model = keras.Sequential([keras.Input((784,)), *first, *below, shares])
    shares.set_weights(last.get_weights())
    return model


@pytest.fixture
def run(small, tmp_path, monkeypatch, capsys):
    """Run the command; what it printed, as lines."""
    monkeypatch.setattr(data, "load", lambda path=None: small)

    def run(path, *options, code=0):
        given = ["keras", str(path), "--out", str(tmp_path / "out"), *options]
        assert command.main(given) == code
        out, err = capsys.readouterr()
        return (err if code else out).splitlines()

    return run


def kept(model, tmp_path, name="my-net.keras"):
    model.save(tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize("name", ["my-net.keras", "my-net.h5"])
def test_a_file_becomes_a_bundle_that_the_device_opens(name, flat, run, small, tmp_path):
    path, out = kept(flat, tmp_path, name), tmp_path / "out"
    lines = run(path)
    assert lines[0].startswith("pixels: -1..1 (paper..ink), found out: ")
    assert lines[-1] == str(out / "my-net.json")
    suffix = path.suffix
    assert {one.name for one in out.iterdir()} == {
        f"my-net{end}" for end in ("-int8.tflite", "-float32.tflite", suffix, ".json")
    }
    bundle = Bundle.load(out / "my-net.json")
    network = bundle.network("digit")
    assert (network.arch, network.graph) == ("keras", "plain")
    for precision in ("int8", "float32"):
        wrong = Classifier.open(network, precision).logits(small.test.pixels).argmax(axis=1) != small.test.labels
        assert wrong.mean() < 0.01


def test_the_card_says_where_it_comes_from(flat, run, tmp_path):
    path = kept(flat, tmp_path)
    run(path, "--name", "other", "--held-out", "500")
    card = json.loads((tmp_path / "out/other.json").read_bytes())
    made = card["made_by"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert made["keras"] == {"file": "other.keras", "sha256": digest}
    assert hashlib.sha256((tmp_path / "out/other.keras").read_bytes()).hexdigest() == digest
    assert (made["brought"], made["input"], made["taken_off"], made["gain"]) == ("my-net.keras", [784], "softmax", 1)
    assert (made["scaling"]["paper"], made["scaling"]["ink"], made["scaling"]["told"]) == (-1, 1, False)
    assert made["temperature"]["held_out"] == 500
    assert card["decoder"]["temperature"] != 1
    assert card["accuracy"]["mnist-test"]["n"] == 1000
    assert made["command"] == "python -m convert keras my-net.keras --out out --name other --held-out 500"
    assert str(tmp_path) not in (tmp_path / "out/other.json").read_text()


def test_a_bundle_in_the_way_is_named_and_the_scaling_can_be_told(flat, run, tmp_path):
    path = kept(flat, tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/my-net.h5").write_text("the user's own")
    (line,) = run(path, code=1)
    assert "has my-net.h5 already" in line
    lines = run(path, "--force", "--scaling=-1..1")
    assert lines[0].startswith("pixels: -1..1 (paper..ink), as told: ")
    assert (tmp_path / "out/my-net.h5").read_text() == "the user's own"
    (line,) = run(path, "--force", "--scaling", "1..0", code=1)
    assert "with the scaling 1..0, 80% are wanted" in line


def test_a_networks_own_scaling_is_found_out_too(root, small):
    source, choice = brought.open_source(root / "models/lenet5.keras", small)
    assert (choice.scaling, source.origin["taken_off"], source.origin["input"]) == (
        Scaling(0, 255),
        "linear",
        [32, 32, 1],
    )


def test_int8_that_differs_is_not_written(flat, run, tmp_path, monkeypatch):
    def fail(self):
        raise ConversionError("not the same")

    monkeypatch.setattr(Compared, "require", fail)
    assert run(kept(flat, tmp_path), code=1) == ["python -m convert: not the same"]
    assert not (tmp_path / "out").exists()


def test_a_file_whose_name_is_no_bundles_wants_one(flat, run, tmp_path):
    path = kept(flat, tmp_path, "my net.keras")
    (line,) = run(path, code=2)
    assert "give a --name" in line


@pytest.mark.parametrize("wrong", ["0-1", "0..0", "paper..ink"])
def test_a_wrong_scaling_is_a_usage_error(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(["keras", "net.keras", "--scaling", wrong])
    assert caught.value.code == 2
    assert "--scaling" in capsys.readouterr().err


# ── What may stand at its ends ──


OF_28, OF_32 = ((28, 28, 1), (28, 28), (1, 28, 28), (784,), (784, 1)), ((32, 32, 1), (32, 32), (1024,))


@pytest.mark.parametrize(("shape", "side"), [*((one, 28) for one in OF_28), *((one, 32) for one in OF_32)])
def test_one_channel_of_28_or_32_pixels_is_taken_however_it_is_laid_out(shape, side, small, tmp_path):
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(10)])
    assert ends.side_of(model, tmp_path) == side
    shown = np.asarray(ends.on_canvas(model, Scaling(-1, 1), side)(small.test.pixels[:5, ..., None].astype(np.float32)))
    edge = (32 - side) // 2
    pictures = small.test.pixels[:5, edge : 32 - edge, edge : 32 - edge].astype(np.float32)
    np.testing.assert_allclose(shown, np.asarray(model((pictures / 127.5 - 1).reshape(5, *shape))), atol=1e-4)


def sequence(shape, *more):
    return keras.Sequential([keras.Input(shape), *more])


def two_pictures():
    first, second = keras.Input((28, 28), name="left"), keras.Input((28, 28), name="right")
    return keras.Model([first, second], layers.Dense(10)(layers.Flatten()(layers.Add()([first, second]))))


def two_answers():
    picture = keras.Input((784,))
    return keras.Model(picture, [layers.Dense(10, name="a")(picture), layers.Dense(10, name="b")(picture)])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sequence((28, 28, 3), layers.Flatten(), layers.Dense(10)), "takes 28x28x3 values, one channel of"),
        (lambda: sequence((64, 64, 1), layers.Flatten(), layers.Dense(10)), "takes 64x64x1 values"),
        (
            lambda: sequence((None, None, 1), layers.GlobalMaxPooling2D(), layers.Dense(10)),
            r"takes the shape \[\?x\?x1\]",
        ),
        (lambda: sequence((784,), layers.Dense(26)), "gives 26 values for a digit, 10 classes are wanted"),
        (lambda: sequence((28, 28), layers.Dense(10)), "gives 28x10 values"),
        (two_pictures, r"has 2 inputs \(left, right\), one is wanted"),
        (two_answers, "has 2 outputs"),
    ],
)
def test_other_ends_are_refused(make, said, tmp_path):
    with pytest.raises(ConversionError, match=said):
        ends.side_of(make(), tmp_path)


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built:UserWarning")
def test_a_network_that_was_saved_before_it_was_built_is_refused_in_one_line(run, tmp_path):
    path = kept(keras.Sequential([layers.Flatten(), layers.Dense(10)]), tmp_path)
    (line,) = run(path, code=1)
    assert line.startswith(f"python -m convert: {path} was saved before it had any weights; build it")


@pytest.mark.parametrize("wrap", [lambda one: {one.name: one}, lambda one: [one]], ids=["names", "list"])
def test_ends_that_have_names_or_stand_in_a_list_are_taken(wrap, tmp_path):
    keras.utils.set_random_seed(8)
    inputs = keras.Input((28, 28), name="picture")
    outputs = layers.Dense(10, "softmax", name="digit")(layers.Flatten()(inputs))
    path = kept(keras.Model(wrap(inputs), wrap(outputs)), tmp_path)
    model = open_file(path)
    assert ends.side_of(model, path) == 28
    bare, taken = ends.without_last_activation(model)
    pixels = np.random.default_rng(0).normal(size=(5, 28, 28)).astype(np.float32)
    given = np.asarray(keras.Model(inputs, outputs)(pixels))
    below = ends.on_canvas(bare, Scaling(0, 255), 28)(np.pad(pixels, ((0, 0), (2, 2), (2, 2)))[..., None])
    assert taken == "softmax"
    np.testing.assert_allclose(np.asarray(keras.ops.softmax(below)), given, atol=1e-5)


# ── The last activation ──


def tail(*last):
    keras.utils.set_random_seed(8)
    return keras.Sequential([keras.Input((784,)), layers.Dense(12, "relu"), *last])


def with_operation():
    inputs = keras.Input((784,))
    return keras.Model(inputs, keras.ops.log_softmax(layers.Dense(10)(inputs)))


def masked():
    inputs = keras.Input((784,))
    return keras.Model(inputs, layers.Softmax()(layers.Dense(10)(inputs)))


def nested():
    return keras.Sequential([keras.Input((784,)), keras.Sequential([layers.Dense(10), layers.Activation("tanh")])])


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: tail(layers.Dense(10, "softmax")), "softmax"),
        (lambda: tail(layers.Dense(10), layers.Softmax()), "softmax"),
        (lambda: tail(layers.Dense(10), layers.Activation("sigmoid"), layers.Dropout(0.1)), "sigmoid"),
        (
            lambda: tail(layers.Reshape((1, 1, 12)), layers.Conv2D(10, 1, activation="softmax"), layers.Flatten()),
            "softmax",
        ),
        (masked, "softmax"),
        (with_operation, "log_softmax"),
        (nested, "tanh"),
        (lambda: tail(layers.Dense(10)), "linear"),
        (lambda: tail(layers.Dense(10, "relu")), "linear"),
    ],
)
def test_what_comes_last_is_taken_off_and_the_order_stays(make, name):
    model, pixels = make(), np.random.default_rng(0).normal(size=(40, 784)).astype(np.float32)
    bare, taken = ends.without_last_activation(model)
    assert taken == name
    below, given = np.asarray(bare(pixels, training=False)), np.asarray(model(pixels, training=False))
    activation = getattr(keras.activations, name)
    np.testing.assert_allclose(np.asarray(activation(keras.ops.convert_to_tensor(below))), given, atol=1e-5)
    assert name == "linear" or np.abs(below - given).max() > 1e-2


def test_a_batch_that_is_fixed_and_whole_numbers_are_no_hindrance():
    inputs = keras.Input(batch_shape=(16, 784), dtype="uint8")
    model = keras.Model(inputs, layers.Dense(10, "softmax")(layers.Rescaling(1 / 255)(inputs)))
    bare, _ = ends.without_last_activation(model)
    assert bare.input_shape == (None, 784)
    assert np.asarray(bare(np.zeros((3, 784), np.float32))).shape == (3, 10)


def test_layers_that_augment_do_nothing_once_converted(small):
    inputs = [keras.Input((28, 28, 1)), layers.RandomRotation(0.3), layers.GaussianNoise(1.0)]
    model = ends.on_canvas(keras.Sequential([*inputs, layers.Flatten(), layers.Dense(10)]), Scaling(0, 1), 28)
    ours = forms.outputs(quantize.to_float32(model), small.test.pixels[:20])
    np.testing.assert_allclose(ours, logits_of(model, small.test[:20]), atol=1e-4)
