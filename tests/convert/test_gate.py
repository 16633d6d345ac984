"""The gate, and that it can fail: each sabotage is refused, and by the check that is there for it.

Each is converted as `python -m convert model` does it.  Where it is a threshold that refuses it, the test also shows
that with this threshold given up nothing else would have: it is what stands between the sabotage and a bundle.
"""

from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest

from convert import bundle as bundles
from convert import calibrate, gate, quantize
from convert.errors import ConversionError, ParityError
from convert.gate import ON_MNIST, Limits, failures
from convert.parity.compare import Comparison
from convert.parity.figures import Parity, compare
from convert.parity.layers import Layer
from convert.temperature import FLATTEST, SHARPEST, fit_temperature
from device import classify
from device.errors import ModelError

GOOD = Parity(
    n=10_000,
    float32_wrong=50,
    quantised_wrong=50,
    agreeing=10_000,
    only_float32_wrong=0,
    only_quantised_wrong=0,
    largest_difference=0.1,
    sqnr=40.0,
    confidence_shift=0.0,
    largest_shift=0.0,
    float32_calibration=0.001,
    quantised_calibration=0.001,
    sharpness=1.0,
)
LAYERS = (
    Layer("C1", "CONV_2D", 43.0, 0.00005, 0.0, 47.0),
    Layer("C3", "CONV_2D", 38.0, 0.0001, 0.0, 42.0),
    Layer("output", "FULLY_CONNECTED", 34.0, 0.00002, 0.0, 44.0),
)


# ── The thresholds ──


def test_the_thresholds_are_those_promised():
    assert Limits(error_gap=0.0005, disagreement=0.0005, sqnr=30.0, error=0.05, clipped=0.005) == ON_MNIST
    assert ON_MNIST.sharpness == (0.2, 5.0)
    assert gate.limits("digit", "lenet5", on_mnist=True) == ON_MNIST
    assert gate.limits("digit", "cnn-simple", on_mnist=True).error_gap == 0.001
    assert gate.limits("digit", "lenet5-1998", on_mnist=True).sharpness == (0.2, 20.0)
    assert gate.LARGEST_CODE_GAP == 0.002


EVERY = {name: limits for name, limits in vars(gate).items() if isinstance(limits, Limits)}


@pytest.mark.parametrize("limits", EVERY.values(), ids=EVERY)
def test_the_temperature_is_looked_for_beyond_every_limit(limits):
    """Else it would stop short of the limit, and the check could not fail."""
    low, high = limits.sharpness
    assert 2 * SHARPEST <= low < high <= FLATTEST / 4


@pytest.mark.parametrize("limits", [ON_MNIST, gate.DISTANCES_ON_MNIST, gate.BROUGHT_ON_MNIST])
def test_logits_thirty_times_too_large_are_refused(limits):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 10, 5000).astype(np.uint8)
    logits = (np.eye(10)[labels] * 8 + rng.normal(0, 2, (5000, 10))).astype(np.float32)
    logits /= np.float32(fit_temperature(logits, labels))
    assert failures(compare(logits, logits, labels), limits) == []
    (said,) = failures(compare(30 * logits, 30 * logits, labels), limits)
    assert said.startswith("the logits are too large: their temperature is ")


def test_the_wide_network_is_held_to_the_same():
    assert len({gate.limits("digit-or-not", arch, on_mnist=False) for arch in ("lenet5", "lenet5-wide")}) == 1


def test_what_meets_them_has_no_failures():
    assert failures(GOOD, ON_MNIST, LAYERS) == []
    edge = replace(GOOD, quantised_wrong=55, agreeing=9_995, float32_wrong=50, sqnr=30.0, sharpness=5.0)
    assert failures(edge, ON_MNIST, LAYERS) == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"quantised_wrong": 56}, "the errors differ by 0.06%, 0.01% more than the 0.05% allowed"),
        ({"quantised_wrong": 44}, "the errors differ by 0.06%, 0.01% more than the 0.05% allowed"),
        ({"agreeing": 9_994}, "the classes agree on 99.94%, 0.01% less than the 99.95% asked"),
        ({"sqnr": 29.5}, "the logits' SQNR is 29.5 dB, 0.5 less than the 30 asked"),
        ({"float32_wrong": 501, "quantised_wrong": 501}, "5.01% are read wrongly, 0.01% more than the 5% allowed"),
        ({"sharpness": 10.0}, "the logits are too large: their temperature is 10, 0.2 to 5 is allowed"),
        ({"sharpness": 0.1}, "the logits are too small: their temperature is 0.1"),
    ],
)
def test_one_step_beyond_a_threshold_is_told_with_how_much_and_where(broken, said):
    found = failures(replace(GOOD, **broken), ON_MNIST, LAYERS)
    assert len(found) == 2
    assert found[0].startswith(said)
    assert found[1] == "most of the noise comes in at C3 (38.0 dB, 0.00% of its values clipped, its weights 42.0 dB)"


def test_clipping_is_told_with_its_layer():
    clipped = replace(LAYERS[1], clipped=0.02)
    found = failures(GOOD, ON_MNIST, (LAYERS[0], clipped, LAYERS[2]))
    assert found[0].startswith("2.00% of C3's values are clipped, 1.50% more than the 0.50% allowed")


def test_a_share_of_few_digits_is_rounded_up_to_a_digit():
    few = replace(GOOD, n=1_000, quantised_wrong=51, agreeing=999)
    assert failures(few, ON_MNIST) == []
    assert len(failures(replace(few, quantised_wrong=52, agreeing=998), ON_MNIST)) == 2


def test_what_people_bring_may_differ_by_a_part_of_its_own_errors():
    asked, poor = gate.limits("digit", "keras", on_mnist=True), replace(GOOD, float32_wrong=800)
    assert failures(replace(poor, quantised_wrong=860, agreeing=9_880), asked) == []
    assert len(failures(replace(poor, quantised_wrong=861, agreeing=9_879), asked)) == 2
    assert len(failures(replace(GOOD, quantised_wrong=61, agreeing=9_989), asked)) == 2
    assert failures(replace(poor, float32_wrong=2_001, quantised_wrong=2_001), asked)


@pytest.mark.parametrize(("right", "missed"), [(1_500, 0), (1_504, 0), (1_496, 0), (1_505, 1), (1_495, 1)])
def test_whole_codes_may_differ_by_two_tenths_of_a_point(right, missed):
    found = gate.code_failures(2_000, 1_500, right)
    assert len(found) == missed
    assert all("differ by 0.25%, 0.05% more than the 0.20% allowed" in said for said in found)


def test_another_network_is_not_its_reference():
    theirs = np.log(np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert gate.reference_failures(theirs, theirs + 1e-5) == []
    assert "0 classes differ" in gate.reference_failures(theirs, theirs * 1.1)[0]
    assert "2 classes differ" in gate.reference_failures(theirs, theirs[:, ::-1])[0]


def test_all_that_is_missed_stands_in_one_line():
    with pytest.raises(ParityError, match=r"^digit: first; second$") as caught:
        gate.require("digit", ["first", "second"])
    assert "\n" not in str(caught.value)


# ── The sabotages ──


@dataclass
class Gate:
    """What the gate saw of a conversion."""

    found: Comparison | None = None

    def without(self, **given_up) -> list[str]:
        """What would still be said with some thresholds given up."""
        return replace(self.found, limits=replace(self.found.limits, **given_up)).failures()


@pytest.fixture
def seen(monkeypatch) -> Gate:
    """Keep what the first network's comparison found."""
    told, compare = Gate(), bundles.compare_bundle

    def keep(*given):
        compared = compare(*given)
        told.found = compared.networks[0]
        return compared

    monkeypatch.setattr(bundles, "compare_bundle", keep)
    return told


@pytest.fixture
def convert(make_run, small, tmp_path):
    """Convert a network as the command does, into a folder that must stay empty when it is refused."""

    def go(model=None):
        out = tmp_path / "models"
        try:
            bundles.make_bundle(make_run(model=model), "mine", out, small, "python -m convert model run", graph="plain")
        except (ConversionError, ModelError) as error:
            if out.exists() or "\n" in str(error):
                pytest.fail(f"refused, and yet {out} is there, or in more than one line: {error}")
            raise

    return go


NO_NOISE_CHECKS = {"sqnr": -200.0, "clipped": 1.0}
NEARLY = 0.005
"""Classes in which float and int8 may differ, where pixels of another range make the logits 255 times as large."""


def test_the_network_itself_passes(convert, seen):
    convert()
    assert seen.found.failures() == []


def test_a_representative_set_of_one_image_repeated_is_refused(convert, seen, small, monkeypatch):
    """A zero, of which most classes survive: neither the errors nor the agreement tell."""
    zero = small.train.pixels[small.train.labels == 0][:1]
    monkeypatch.setattr(calibrate, "representative", lambda digits: np.repeat(zero, 1000, axis=0))
    with pytest.raises(ParityError, match=r"SQNR is \d+\.\d dB, .* values are clipped, .* comes in at (F6|output) \("):
        convert()
    assert seen.without(**NO_NOISE_CHECKS) == []
    assert len(seen.without(sqnr=-200.0)) == len(seen.without(clipped=1.0)) == 2  # each would do alone


def test_a_network_shown_pixels_of_another_range_is_refused(convert, seen, shipped):
    """0..255 in place of 0..1: a ReLU network is still right most of the time, and float and int8 nearly agree."""
    model = keras.models.clone_model(shipped)
    model.set_weights(shipped.get_weights())
    model.get_layer("scale").scale = 1.0
    with pytest.raises(
        ParityError, match=r"the logits are too large: .*does the network expect pixels of another range"
    ):
        convert(model)
    assert seen.found.parity.float32_error < 0.05
    found = seen.without(sharpness=(0, np.inf), disagreement=NEARLY)
    assert [said for said in found if "comes in at" not in said] == []


def test_a_conversion_that_loses_the_scaling_is_refused(convert, seen, monkeypatch):
    """Both files nearly agree with one another, and neither with Keras."""

    def unscaled(model):
        other = keras.models.clone_model(model)
        other.set_weights(model.get_weights())
        other.get_layer("scale").scale = 1.0
        return other

    for name in ("to_int8", "to_float32"):
        real = getattr(quantize, name)
        monkeypatch.setattr(quantize, name, lambda model, *given, real=real: real(unscaled(model), *given))
    with pytest.raises(ParityError, match=r"off the Keras network's, 0.001 is allowed"):
        convert()
    assert replace(seen.found, reference=()).failures() != []  # the temperature tells as well
    limits = replace(seen.found.limits, sharpness=(0, np.inf), disagreement=NEARLY)
    assert replace(seen.found, reference=(), limits=limits).failures() == []


def test_a_representative_set_of_pixels_from_0_to_1_is_refused(convert, monkeypatch):
    real = calibrate.representative
    monkeypatch.setattr(calibrate, "representative", lambda digits: real(digits) // 255)
    with pytest.raises(ConversionError, match="the representative set lacks black or white"):
        convert()


@pytest.mark.parametrize("end", ["input", "output"])
def test_a_wrong_zero_point_in_the_card_is_refused(end, convert, seen, monkeypatch):
    real = bundles.card

    def shifted(*given):
        described = real(*given)
        described["networks"][0]["int8"][end]["zero_point"] += 1
        return described

    monkeypatch.setattr(bundles, "card", shifted)
    with pytest.raises(ModelError, match=f"its {end} is quantised with .*, the card says"):
        convert()


def test_a_wrong_zero_point_moves_no_class_and_yet_the_gate_tells_it_from_noise(convert, seen, monkeypatch):
    """Were the device not to look, all logits would be off by the same."""
    real = bundles.card

    def shifted(*given):
        described = real(*given)
        described["networks"][0]["int8"]["output"]["zero_point"] += 6
        return described

    monkeypatch.setattr(bundles, "card", shifted)
    monkeypatch.setattr(classify, "_check", lambda *_: None)
    with pytest.raises(
        ParityError, match=r"the file itself gives \d+\.\d dB: its output is taken for another than it is"
    ):
        convert()
    assert seen.found.parity.agreement >= 0.999
    assert seen.without(sqnr=-200.0) == []


def uneven(shipped):
    """LeNet-5 with one weight of F6 a thousand times the others, between two units that have no say: the same network
    to float32 and to weights that are scaled unit by unit, and rubbish where one scale is for all of F6."""
    model = keras.models.clone_model(shipped)
    model.set_weights(shipped.get_weights())
    c5, f6, output = (model.get_layer(name) for name in ("C5", "F6", "output"))
    (kernel, bias), (next_kernel, next_bias), (last, last_bias) = (one.get_weights() for one in (c5, f6, output))
    before = int(np.abs(next_kernel).sum(axis=1).argmin())
    after = int(np.abs(last).sum(axis=1).argmin())
    bias[before], next_kernel[before, after], last[after] = -1000, 100, 0
    c5.set_weights([kernel, bias])
    f6.set_weights([next_kernel, next_bias])
    output.set_weights([last, last_bias])
    return model


def test_weights_of_one_scale_for_all_are_refused_where_that_hurts_and_the_layer_is_named(
    convert, seen, shipped, monkeypatch
):
    real = quantize._converter

    def per_tensor(*given):
        converter = real(*given)
        converter._experimental_disable_per_channel = True
        return converter

    monkeypatch.setattr(quantize, "_converter", per_tensor)
    with pytest.raises(ParityError, match=r"SQNR is -?\d+\.\d dB.*comes in at F6 \(.* its weights \d+\.\d dB\)"):
        convert(uneven(shipped))


def test_the_same_network_passes_with_a_scale_for_every_unit(convert, seen, shipped):
    convert(uneven(shipped))
    assert seen.found.parity.sqnr > 30


def test_a_network_of_other_classes_is_refused(convert, seen, shipped):
    """As one is whose labels were shuffled, or that was shown letters: nothing but the truth can tell."""
    model = keras.models.clone_model(shipped)
    model.set_weights(shipped.get_weights())
    kernel, bias = model.get_layer("output").get_weights()
    model.get_layer("output").set_weights([np.roll(kernel, 1, axis=1), np.roll(bias, 1)])
    with pytest.raises(ParityError, match=r"are read wrongly, .* other classes than the card's, or other pixels"):
        convert(model)
    assert [said for said in seen.without(error=1.0) if "temperature" not in said and "comes in" not in said] == []


def test_a_network_of_another_number_of_classes_is_refused(convert):
    from train.lenet5 import lenet5

    with pytest.raises(ConversionError, match="has 26 classes, the role digit has 10"):
        convert(lenet5(classes=26))
