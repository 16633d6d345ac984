"""From a run to a bundle: what is written, what the card says, and when nothing is written at all."""

import hashlib
import itertools
import json
import re
from dataclasses import replace

import keras
import numpy as np
import pytest

from convert import __main__ as command
from convert import bundle as bundles
from convert import calibrate, fast, forms, quantize, ranges
from convert.errors import ConversionError, ParityError
from convert.graph import inspect
from convert.parity.compare import Comparison
from convert.source import CLASSES
from device.classify import Classifier
from device.model import Bundle
from device.pixels import PIXELS_VERSION
from train import data
from train.data import Glyphs
from train.errors import ExistsError, RunError
from train.lenet5 import lenet5
from train.rendered import save

FILES = {"mine-int8.tflite", "mine-float32.tflite", "mine.keras", "mine.json"}
STEMS = {role: "" if role == "digit" else f"-{role}" for role in CLASSES}
"""What a network's role adds to the bundle's name."""
SECOND = {f"mine-digit-or-not{end}" for end in ("-int8.tflite", "-float32.tflite", ".keras")}


def make(run, out, mnist, **options):
    return bundles.make_bundle(run, "mine", out, mnist, "python -m convert model run --name mine", **options)


def test_a_run_becomes_a_bundle_that_the_device_opens(make_run, small, out):
    parity = make(make_run(), out, small)
    assert {path.name for path in out.iterdir()} == FILES
    bundle = Bundle.load(out / "mine.json")
    accuracy = bundle.card["accuracy"]["mnist-test"]
    assert accuracy == {
        "n": 1000,
        "float32_error": parity.digit.float32_error,
        "int8_error": parity.digit.quantised_error,
        "argmax_agreement": parity.digit.agreement,
        "sqnr_db": round(parity.digit.sqnr, 1),
    }
    for precision in ("int8", "float32"):
        logits = Classifier.open(bundle.network("digit"), precision=precision).logits(np.zeros((3, 32, 32), np.uint8))
        assert logits.shape == (3, 10)


def card_matches(folder, name):
    """Check a card against its files, without the device."""
    card = json.loads((folder / f"{name}.json").read_bytes())
    assert [network["role"] for network in card["networks"]] == list(STEMS)[: len(card["networks"])]
    for network, precision in itertools.product(card["networks"], ("int8", "float32")):
        stem = name + STEMS[network["role"]]
        said, content = network[precision], (folder / f"{stem}-{precision}.tflite").read_bytes()
        graph = inspect(content)
        assert said["file"] == f"{stem}-{precision}.tflite"
        assert (said["sha256"], said["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
        for end, tensor in (("input", graph.input), ("output", graph.output)):
            found = {"shape": list(tensor.shape), "dtype": tensor.dtype, "scale": tensor.scale}
            assert said[end] == found | {"zero_point": tensor.zero_point}
    for made in (card["made_by"], card["made_by"].get("digit-or-not")):
        if made:
            keras_file = folder / made["keras"]["file"]
            assert hashlib.sha256(keras_file.read_bytes()).hexdigest() == made["keras"]["sha256"]
    return card


def test_the_shipped_card_matches_its_files(root):
    card = card_matches(root / "models", "lenet5")
    assert (card["card_schema"], card["name"], card["pixels_version"]) == (1, "lenet5", PIXELS_VERSION)
    assert card["networks"][0]["classes"] == list("0123456789")
    assert (card["networks"][0]["role"], card["networks"][0]["arch"]) == ("digit", "lenet5")
    assert card["made_by"]["data"]["mnist"] == data.ARRAYS_SHA256
    assert card["accuracy"]["mnist-test"]["n"] == 10_000


@pytest.mark.parametrize("role", STEMS)
def test_the_shipped_networks_answer_as_their_plain_graphs(role, root, mnist):
    """Whichever graph is shipped: the float network is the .keras network."""
    shipped = Bundle.load(root / "models" / "lenet5.json").network(role)
    model = keras.models.load_model(root / "models" / f"lenet5{STEMS[role]}.keras", compile=False)
    pixels = mnist.test[:1000].pixels
    plain = forms.outputs(quantize.to_float32(model), pixels)
    assert forms.float_change(plain, forms.outputs(shipped.file("float32").read(), pixels)) <= 1e-5


def test_the_shipped_temperature_was_fitted_on_digits_held_out(root):
    card = json.loads((root / "models" / "lenet5.json").read_bytes())
    assert card["made_by"]["temperature"]["held_out"] == 10_000
    assert 1 < card["decoder"]["temperature"] < 1.5


def test_the_readme_tells_the_cards_temperature(root):
    found = re.findall(r"temperature in the card, ([\d.]+),", (root / "models" / "README.md").read_text())
    assert [float(one) for one in found] == [
        json.loads((root / "models/lenet5.json").read_bytes())["decoder"]["temperature"]
    ]


def test_the_card_names_no_folder_and_no_time(make_run, small, out):
    make(make_run(), out, small)
    text = (out / "mine.json").read_text()
    card_matches(out, "mine")
    assert str(out.parent) not in text
    assert text.endswith("}\n")
    assert not {"time", "date", "created"} & set(json.loads(text)["made_by"])


def test_the_same_run_gives_the_same_bytes(make_run, small, out):
    run = make_run()
    make(run, out, small)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    make(run, out, small, force=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_calibration_on_one_image_repeated_is_not_shipped(make_run, small, out, monkeypatch):
    one = calibrate.representative(small.train)[1:2]  # a one: little ink
    monkeypatch.setattr(calibrate, "representative", lambda digits: np.repeat(one, 100, axis=0))
    with pytest.raises(ParityError, match="digit: int8 is not good enough on 1,000 of MNIST's test digits"):
        make(make_run(), out, small)
    assert not out.exists()


def test_a_failed_conversion_leaves_the_older_bundle_alone(make_run, small, out, monkeypatch):
    run = make_run()
    make(run, out, small)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    one = calibrate.representative(small.train)[1:2]  # a one: little ink
    monkeypatch.setattr(calibrate, "representative", lambda digits: one)
    with pytest.raises(ParityError):
        make(run, out, small, force=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_two_runs_become_one_bundle_and_the_card_lists_both(make_run, make_second, small, out):
    compared = make(make_run(), out, small, others=[make_second()])
    assert {path.name for path in out.iterdir()} == FILES | SECOND
    card = card_matches(out, "mine")
    assert [len(network["classes"]) for network in card["networks"]] == [10, 11]
    rendered = card["accuracy"]["rendered"]
    found = compared.of("digit-or-not")
    assert (rendered["n"], rendered["digits"]) == (found.parity.n, found.digits.n)
    assert rendered["n"] == 1100 - 11 * card["made_by"]["digit-or-not"]["representative"]["per_class"]
    assert rendered["int8_error"] < 0.02
    assert rendered["argmax_agreement"] >= 0.995
    assert card["made_by"]["temperature"]["held_out"] == 500  # of the first network, whose answers it softens
    classifier = Classifier.open(Bundle.load(out / "mine.json").network("digit-or-not"))
    assert classifier.logits(np.zeros((3, 32, 32), np.uint8)).shape == (3, 11)
    assert (out / "mine-digit-or-not-int8.tflite").stat().st_size <= 80 * 1024


def test_three_runs_become_one_bundle_whose_third_network_is_compared_on_rendered_digits(
    make_run, make_second, make_third, small, out
):
    compared = make(make_run(), out, small, others=[make_second(), make_third()])
    card = card_matches(out, "mine")
    assert [network["role"] for network in card["networks"]] == ["digit", "digit-or-not", "which-digit"]
    assert [len(network["classes"]) for network in card["networks"]] == [10, 11, 10]
    which = compared.of("which-digit")
    assert card["accuracy"]["rendered-which"]["n"] == which.parity.n == compared.of("digit-or-not").digits.n
    assert which.table() in compared.table()
    assert which.failures() == []
    assert Bundle.load(out / "mine.json").network("which-digit")


def test_a_bundle_of_fewer_networks_leaves_no_files_of_the_others(make_run, make_second, make_third, small, out):
    run, second = make_run(), make_second()
    make(run, out, small, others=[second, make_third()])
    make(run, out, small, others=[second], force=True)
    assert {path.name for path in out.iterdir()} == FILES | SECOND


def test_there_is_a_network_that_tells_digits_from_others_and_one_of_each_role(
    make_run, make_second, make_third, small, out
):
    run, second, third = make_run(), make_second(), make_third()
    with pytest.raises(ConversionError, match="digit-or-not is wanted"):
        make(run, out, small, others=[third])
    with pytest.raises(ConversionError, match="both runs of the role digit-or-not"):
        make(run, out, small, others=[second, second])
    with pytest.raises(ConversionError, match="both runs of the role which-digit"):
        make(run, out, small, others=[third, second, third])


class Nothing:
    """Stands for a comparison."""

    @staticmethod
    def table():
        return ""


def graphs(out):
    """Of each network, as the card and the file itself have it."""
    card = json.loads((out / "mine.json").read_bytes())
    said = [network["graph"] for network in card["networks"]]
    files = [out / network["int8"]["file"] for network in card["networks"]]
    found = ["fast" if "TRANSPOSE" in inspect(file.read_bytes()).operators else "plain" for file in files]
    assert said == found
    return said


def test_both_networks_are_fast_and_equal_to_their_plain_graphs(make_run, make_second, small, out):
    compared = make(make_run(), out, small, others=[make_second()])
    assert graphs(out) == ["fast", "fast"]
    assert [(form.role, form.n) for form in compared.forms[:2]] == [("digit", 1000), ("digit-or-not", 1000)]
    assert (compared.forms[2].role, compared.forms[2].n) == ("digit-or-not", compared.of("digit-or-not").parity.n)
    assert [form.failures() for form in compared.forms] == [[]] * 3
    assert all(form.table() in compared.table() for form in compared.forms)


def test_the_plain_graph_can_be_had(make_run, make_second, small, out):
    compared = make(make_run(), out, small, others=[make_second()], graph="plain")
    assert graphs(out) == ["plain", "plain"]
    assert compared.forms == ()


def test_averages_are_shipped_plain_and_never_fast(shipped, make_run, small, out, monkeypatch):
    monkeypatch.setattr(Comparison, "failures", lambda self: [])  # the weights were trained for another pooling
    model = lenet5(pooling="average")
    model.set_weights(shipped.get_weights())
    run = make_run(model=model)
    make(run, out, small)
    assert graphs(out) == ["plain"]
    with pytest.raises(ConversionError, match="no fast graph: its S2 does not pool by maxima"):
        make(run, out, small, force=True, graph="fast")


def test_a_fast_graph_that_differs_is_not_shipped(make_run, small, out, monkeypatch):
    spread = fast.spread
    monkeypatch.setattr(fast, "spread", lambda kernel: spread(kernel[:, ::-1]))
    with pytest.raises(ConversionError, match="the fast graph's scale of"):
        make(make_run("first"), out, small)
    monkeypatch.setattr(ranges, "adopt", lambda rewritten, plain: rewritten)
    with pytest.raises(ParityError, match="the fast graph of digit does not match the plain one on 1,000 glyphs: "):
        make(make_run(), out, small)
    assert not out.exists()


@pytest.mark.parametrize(
    ("given", "graph"), [((), None), (("--graph", "plain"), "plain"), (("--graph", "fast"), "fast")]
)
def test_the_command_asks_for_the_graph(given, graph, make_run, small, out, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "load", lambda path=None: small)
    monkeypatch.setattr(bundles, "make_bundle", lambda *_, **options: asked.append(options["graph"]) or Nothing)
    assert command.main(["model", str(make_run().folder), "--out", str(out), *given]) == 0
    assert asked == [graph]


def test_a_second_network_goes_when_it_is_no_longer_asked_for(make_run, make_second, small, out):
    run = make_run()
    make(run, out, small, others=[make_second()])
    with pytest.raises(ExistsError, match="mine-digit-or-not-int8"):
        make(run, out, small)
    make(run, out, small, force=True)
    assert {path.name for path in out.iterdir()} == FILES


def test_a_second_network_whose_int8_differs_is_not_shipped(make_run, make_second, small, out, monkeypatch):
    apart = calibrate.apart

    def spoilt(glyphs, classes):
        shown, left = apart(glyphs, classes)
        return shown[np.full(len(shown), 10)], left  # one speck

    monkeypatch.setattr(calibrate, "apart", spoilt)
    with pytest.raises((ParityError, ConversionError)):
        make(make_run(), out, small, others=[make_second()])
    assert not out.exists()


def test_runs_of_the_wrong_role_or_data_are_refused(make_run, make_second, small, out):
    run, second = make_run(), make_second()
    with pytest.raises(ConversionError, match="digit-or-not is wanted"):
        make(run, out, small, others=[run])
    with pytest.raises(ConversionError, match="digit is wanted"):
        make(second, out, small)
    other = make_second("other", data=replace(small, test=small.test[:5]))
    with pytest.raises(ConversionError, match="other digits"):
        make(run, out, small, others=[other])


def test_too_few_held_out_glyphs_of_a_class_are_refused(make_run, make_second, small, out):
    few = Glyphs(small.test.pixels, small.test.labels)
    with pytest.raises(ConversionError, match="too few"):
        make(make_run(), out, small, others=[make_second(glyphs=few)])


def test_held_out_glyphs_that_were_changed_are_refused(make_run, make_second, small, out):
    second = make_second()
    save(second.folder / "held-out.npz", small.test.pixels, small.test.labels)
    with pytest.raises(RunError, match="sha256 differs"):
        make(make_run(), out, small, others=[second])


def test_a_fitted_decoder_stays_with_its_networks_and_with_no_others(make_run, small, out, capsys):
    run, file = make_run(), out / "mine.json"
    make(run, out, small)
    assert "kept" not in capsys.readouterr().err
    card = json.loads(file.read_bytes())
    fitted = card["decoder"] | {"fitted": {}, "weights": {"skip": 2.0}, "temperature": 1.25}
    told = card["made_by"] | {"temperature": {"held_out": 7, "training": "python -m train --name older"}}
    older = card | {"decoder": fitted, "made_by": told}
    file.write_text(json.dumps(older))
    make(run, out, small, force=True)
    found = json.loads(file.read_bytes())
    assert found["decoder"] == fitted
    assert found["made_by"]["temperature"] == told["temperature"]
    assert (
        f"{file}: the networks are the same, so the decoder that was fitted to them is kept" in capsys.readouterr().err
    )
    older["networks"][0]["int8"]["sha256"] = "another"
    file.write_text(json.dumps(older))
    make(run, out, small, force=True)
    assert json.loads(file.read_bytes())["decoder"]["weights"] == {}


@pytest.mark.parametrize("name", sorted(FILES))
def test_any_file_in_the_way_is_named_and_kept(name, make_run, small, out):
    out.mkdir()
    (out / name).write_text("mine")
    with pytest.raises(ExistsError, match=rf"has {name} already.*--force"):
        make(make_run(), out, small)
    assert [path.read_text() for path in out.iterdir()] == ["mine"]


def test_digits_the_network_was_not_trained_on_are_refused(make_run, small, out):
    with pytest.raises(ConversionError, match="other digits"):
        make(make_run(), out, replace(small, train=small.train[:2999]))


def test_a_file_that_is_no_network_is_refused(make_run, small, out):
    run = make_run()
    run.model_file.write_text("not a network")
    with pytest.raises(ConversionError, match="not a Keras model"):
        make(run, out, small)


def test_a_network_of_other_classes_is_refused(make_run, small, out):
    with pytest.raises(ConversionError, match="11 classes"):
        make(make_run(model=lenet5(classes=11), validation=0), out, small)


def test_the_temperature_comes_from_digits_held_out(make_run, small, monkeypatch):
    """Where none were, one below 1 is of a network that knows the digits, and is not taken."""
    final, held_out = make_run("final", validation=0), make_run("held-out", validation=500)
    assert bundles.temperature_of(held_out, small) != 1.0
    for fitted, of_final in ((0.7, 1.0), (1.3, 1.3)):
        monkeypatch.setattr(bundles, "fit_temperature", lambda *given, fitted=fitted: fitted)
        assert bundles.temperature_of(held_out, small) == fitted
        assert bundles.temperature_of(final, small) == of_final


def test_a_final_run_takes_the_temperature_of_one_that_held_digits_out(make_run, small, out):
    final, held_out = make_run("final", validation=0), make_run("held-out", validation=500)
    make(final, out, small, held_out=held_out)
    card = json.loads((out / "mine.json").read_bytes())
    assert card["decoder"]["temperature"] == bundles.temperature_of(held_out, small)
    assert card["made_by"]["temperature"] == {"held_out": 500, "training": "python -m train --name held-out"}


def test_a_temperature_of_another_recipe_is_refused(make_run, small, out):
    with pytest.raises(ConversionError, match="another recipe"):
        make(make_run("final", validation=0), out, small, held_out=make_run("other", epochs=7))


def test_a_run_that_holds_no_digits_out_calibrates_nothing(make_run, small, out):
    final = make_run("final", validation=0)
    with pytest.raises(ConversionError, match="final holds no digits out; train it without --final"):
        make(final, out, small, held_out=final)
