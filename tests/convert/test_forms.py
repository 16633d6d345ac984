"""The fast graph held equal to the plain one: what the gate measures, and that each of its checks can fail."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tensorflow.lite.python import schema_py_generated as schema

from convert import fast, forms, ranges
from convert.calibrate import representative
from convert.errors import ConversionError, ParityError
from convert.forms import Delegation, FormParity, Pair
from convert.graph import first_convolution, inspect
from convert.quantize import to_float32, to_int8
from train.lenet5 import lenet5

EQUAL = FormParity("digit", 10_000, 1e-6, 1, 0.0002, 0, 0, Delegation(1, True))


def pair_of(model, pixels, form):
    return Pair(to_int8(model, pixels, form), to_float32(model, form))


@pytest.fixture(scope="module")
def pixels(small):
    return representative(small.train, 20)


@pytest.fixture(scope="module")
def plain(shipped, pixels):
    return pair_of(shipped, pixels, "plain")


@pytest.fixture(scope="module")
def rewritten(shipped, pixels):
    return pair_of(shipped, pixels, "fast")


def failing(found, *what):
    """Exactly these checks fail, in one line that names the network."""
    with pytest.raises(ParityError) as caught:
        found.require()
    line = str(caught.value)
    assert line.startswith(f"the fast graph of {found.role} does not match the plain one on {found.n:,} glyphs: ")
    assert "\n" not in line
    assert len(found.failures()) == len(what)
    for one in what:
        assert re.search(one, line)


def test_the_shipped_weights_give_two_equal_graphs(plain, rewritten, small):
    found = forms.compare("digit", plain, rewritten, small.test.pixels)
    found.require()
    assert found.failures() == []
    assert (found.n, found.classes_changed, found.constants_changed) == (1000, 0, 0)
    assert found.delegation == Delegation(1, True)
    assert (found.int8_change, found.int8_changed) == (0, 0)


@pytest.mark.parametrize(("activation", "classes"), [("relu", 11), ("tanh", 10)])
def test_so_do_weights_that_nobody_trained(activation, classes, pixels, small):
    model = lenet5(classes, activation)
    both = [pair_of(model, pixels, form) for form in ("plain", "fast")]
    found = forms.compare("digit-or-not", *both, small.test.pixels)
    assert found.failures() == []
    assert found.int8_change == 0


def ranges_of(content):
    """Every scale of an int8 model but those of C1's constants, each once."""
    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
    found = {
        scale
        for tensor in tensors
        if tensor.Quantization() is not None and tensor.Quantization().ScaleLength() not in (0, 6, 48)
        for scale in tensor.Quantization().ScaleAsNumpy().tolist()
    }
    return sorted(found)


def test_the_ranges_are_the_plain_graphs_to_the_last_bit(plain, rewritten):
    ends = [inspect(pair.int8) for pair in (plain, rewritten)]
    assert (ends[0].input, ends[0].output) == (ends[1].input, ends[1].output)
    assert ranges_of(plain.int8) == ranges_of(rewritten.int8)


def test_c1s_constants_are_read_as_keras_has_them(plain, shipped):
    found = first_convolution(plain.int8)
    kernel, bias = shipped.get_layer("C1").get_weights()
    np.testing.assert_allclose(found.kernel * found.scales, kernel / 255, atol=found.scales.max() * 0.51)
    np.testing.assert_allclose(found.bias * found.scales, bias, atol=found.scales.max() * 0.51)


@pytest.fixture
def own_ranges(monkeypatch):
    """Leave the fast graph the ranges that the converter found for it."""
    monkeypatch.setattr(ranges, "adopt", lambda rewritten, plain: rewritten)


def test_its_own_ranges_differ_in_their_last_bits_alone(shipped, pixels, plain, small, own_ranges):
    alone = pair_of(shipped, pixels, "fast")
    found = forms.compare("digit", plain, alone, small.test.pixels)
    assert found.failures() == []
    assert ranges_of(alone.int8) == pytest.approx(ranges_of(plain.int8), rel=1e-6)


def test_weights_in_the_wrong_place_have_other_ranges(shipped, pixels, monkeypatch):
    spread = fast.spread
    monkeypatch.setattr(fast, "spread", lambda kernel: spread(kernel[:, ::-1]))
    with pytest.raises(ConversionError, match=r"the fast graph's scale of .* is 0\.\d+ off the plain one's, not 1e-05"):
        to_int8(shipped, pixels, "fast")


def test_weights_in_the_wrong_place_are_told(shipped, pixels, plain, small, monkeypatch, own_ranges):
    spread = fast.spread
    monkeypatch.setattr(fast, "spread", lambda kernel: spread(kernel[:, ::-1]))
    mirrored = pair_of(shipped, pixels, "fast")
    monkeypatch.setattr(fast, "spread", spread)
    found = forms.compare("digit", plain, mirrored, small.test.pixels)
    failing(found, "numbers of the int8 C1", "float logits", r"int8 logits differ by \d\d+ units", "int8 classes")


def test_a_layout_that_is_wrong_on_both_sides_is_told_by_its_answers(
    shipped, pixels, plain, small, monkeypatch, own_ranges
):
    spread = fast.spread
    monkeypatch.setattr(fast, "spread", lambda kernel: np.roll(spread(kernel), 6, axis=-1))
    found = forms.compare("digit", plain, pair_of(shipped, pixels, "fast"), small.test.pixels)
    failing(found, "float logits", "int8 logits", "int8 classes")


def test_another_networks_answers_are_told(plain, rewritten, pixels, small):
    other = lenet5()
    found = forms.compare("digit", plain, pair_of(other, pixels, "fast"), small.test.pixels)
    assert found.float32_change > 0.1
    failing(found, "numbers of the int8 C1", "float logits", "int8 logits", "int8 classes")


def test_other_ranges_are_told(shipped, plain, small):
    """Both graphs must be shown the same representative set."""
    narrow = pair_of(shipped, representative(small.train, 3, seed=7), "fast")
    found = forms.compare("digit", plain, narrow, small.test.pixels)
    assert found.float32_change < 1e-5
    assert found.constants_changed == 0
    assert found.int8_change > 1
    with pytest.raises(ParityError, match="int8 logits differ by"):
        found.require()


def test_the_plain_graph_is_not_taken_for_the_fast_one(plain, small):
    found = forms.compare("digit", plain, plain, small.test.pixels[:8])
    failing(found, "162 numbers|numbers of the int8 C1")


def test_a_graph_that_xnnpack_does_not_take_whole_is_told(pixels):
    """It has no int8 AVERAGE_POOL_2D with this padding, and so the graph falls into pieces."""
    found = forms.delegation(to_int8(lenet5(pooling="average"), pixels))
    assert found.partitions > 1
    assert not found.whole
    failing(replace(EQUAL, delegation=found), rf"XNNPACK takes it in {found.partitions} partitions, not 1")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"delegation": Delegation(0, False)}, "XNNPACK takes it in 0 partitions, not 1"),
        ({"delegation": Delegation(1, False)}, "one partition leaves out its input or its output"),
        ({"constants_changed": 1}, "1 numbers of the int8 C1 are not the plain C1's, 0 may differ"),
        ({"float32_change": 1.1e-5}, "float logits differ by 1.1e-05 of the largest, 1e-05 is allowed"),
        ({"float32_change": float("nan")}, "float logits differ by nan"),
        ({"int8_change": 2}, "int8 logits differ by 2 units, 1 is allowed"),
        ({"classes_changed": 2}, "int8 classes differ on 2 glyphs, 1 is allowed"),
        ({"n": 37_115, "classes_changed": 5}, "int8 classes differ on 5 glyphs, 4 is allowed"),
    ],
)
def test_one_step_beyond_a_limit_it_fails_and_says_by_how_much(broken, said):
    failing(replace(EQUAL, **broken), re.escape(said))


def test_exactly_at_the_limits_it_passes():
    replace(EQUAL, float32_change=1e-5, int8_change=1, classes_changed=1).require()
    replace(EQUAL, n=37_115, classes_changed=4).require()


def test_the_limits_are_those_promised():
    assert (forms.LARGEST_FLOAT_CHANGE, forms.LARGEST_INT8_CHANGE, forms.GLYPHS_PER_CHANGE) == (1e-5, 1, 10_000)


def test_a_difference_counts_beside_its_glyphs_largest_logit():
    one = np.array([[20.0, -40.0], [0.5, 0.1]], np.float32)
    assert forms.float_change(one, one) == 0
    assert forms.float_change(one, one + np.float32([[0.4], [0]])) == pytest.approx(0.01, rel=1e-4)
    assert forms.float_change(one, one + np.float32([[0], [0.4]])) == pytest.approx(0.4, rel=1e-4)


def test_many_batches_come_out_in_order(plain, small, monkeypatch):
    shown = small.test.pixels[:25]
    whole = forms.outputs(plain.int8, shown)
    monkeypatch.setattr(forms, "BATCH", 10)
    assert (whole.shape, whole.dtype) == ((25, 10), np.int8)
    assert np.abs(forms.outputs(plain.int8, shown).astype(int) - whole).max() <= 1
