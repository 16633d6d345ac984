"""What a converted network is: its ends, its operators, its size, and the same answers."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from convert.calibrate import representative
from convert.errors import ConversionError
from convert.graph import Tensor, inspect
from convert.quantize import LARGEST_INT8, OPERATORS, check, to_float32, to_int8
from device.pixels import canvas
from train.evaluate import logits_of
from train.lenet5 import lenet5

PLAIN = ("CONV_2D", "MAX_POOL_2D") * 2 + ("RESHAPE",) + ("FULLY_CONNECTED",) * 3
FAST = ("RESHAPE", "TRANSPOSE", "RESHAPE", "CONV_2D", "RESHAPE", "MAX_POOL_2D", "RESHAPE", *PLAIN[2:])


@pytest.fixture(scope="module")
def pixels(small):
    return representative(small.train, 20)


@pytest.fixture(scope="module")
def int8(shipped, pixels):
    return to_int8(shipped, pixels)


@pytest.fixture(scope="module")
def fast_int8(shipped, pixels):
    return to_int8(shipped, pixels, "fast")


@pytest.fixture(scope="module")
def float32(shipped):
    return to_float32(shipped)


def run(content, values):
    """Raw output of a batch, straight through the interpreter."""
    interpreter = Interpreter(model_content=content)
    first, last = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(first, values.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(first, values)
    interpreter.invoke()
    return interpreter.get_tensor(last)


def test_it_is_eight_operators_and_no_more(int8, float32):
    assert inspect(int8).operators == inspect(float32).operators == PLAIN


def test_the_fast_graph_moves_values_about_c1_and_is_else_the_same(shipped, fast_int8):
    assert inspect(fast_int8).operators == inspect(to_float32(shipped, "fast")).operators == FAST
    assert len(fast_int8) <= LARGEST_INT8


def test_the_plain_graph_may_not_move_values(fast_int8):
    check(inspect(fast_int8), "int8", 10, OPERATORS["fast"])
    with pytest.raises(ConversionError, match="operators it should not have: TRANSPOSE"):
        check(inspect(fast_int8), "int8", 10, OPERATORS["plain"])


def test_int8_takes_int8_at_a_scale_of_one_and_gives_int8(int8):
    graph = inspect(int8)
    assert graph.input == Tensor((-1, 32, 32, 1), "int8", 1.0, -128)
    assert (graph.output.shape, graph.output.dtype) == ((-1, 10), "int8")
    assert graph.output.scale > 0


def test_float32_takes_and_gives_floats_without_a_scale(float32):
    graph = inspect(float32)
    assert graph.input == Tensor((-1, 32, 32, 1), "float32", None, None)
    assert graph.output == Tensor((-1, 10), "float32", None, None)


def test_int8_has_at_most_80_kilobytes(int8):
    assert len(int8) <= LARGEST_INT8 == 80 * 1024


@pytest.mark.parametrize("count", [1, 3, 8, 17])
def test_the_fast_graphs_batch_can_be_any_and_gives_the_same_integers(int8, fast_int8, small, count):
    batch = (canvas(small.test.images[:count])[..., None] ^ 0x80).view(np.int8)
    np.testing.assert_array_equal(run(fast_int8, batch), run(int8, batch))


@pytest.mark.parametrize("count", [1, 3, 8, 17])
def test_the_batch_can_be_any(int8, float32, small, count):
    batch = canvas(small.test.images[:count])[..., None]
    assert run(float32, batch.astype(np.float32)).shape == (count, 10)
    one_by_one = np.concatenate([run(int8, (one ^ 0x80).view(np.int8)[None]) for one in batch])
    assert np.abs(run(int8, (batch ^ 0x80).view(np.int8)).astype(int) - one_by_one).max() <= 2


def test_float32_gives_the_logits_of_keras_for_raw_pixels(float32, shipped, small):
    ours = run(float32, canvas(small.test.images)[..., None].astype(np.float32))
    np.testing.assert_allclose(ours, logits_of(shipped, small.test), atol=1e-3)


def test_it_gives_logits_and_no_probabilities(float32, small):
    ours = run(float32, canvas(small.test.images[:10])[..., None].astype(np.float32))
    assert ours.max() > 2
    assert ours.min() < -2


def test_the_same_network_converts_to_the_same_bytes(shipped, pixels, int8):
    assert to_int8(shipped, pixels) == int8


@pytest.mark.parametrize(
    ("activation", "pooling", "extra"),
    [
        ("tanh", "max", {"TANH"}),
        ("relu", "average", {"AVERAGE_POOL_2D"}),
        ("tanh", "average", {"TANH", "AVERAGE_POOL_2D"}),
    ],
)
def test_the_options_convert_too(activation, pooling, extra, pixels, small):
    model = lenet5(activation=activation, pooling=pooling)
    content = to_float32(model)
    assert extra <= set(inspect(content).operators)
    ours = run(content, canvas(small.test.images[:50])[..., None].astype(np.float32))
    np.testing.assert_allclose(ours, logits_of(model, small.test[:50]), atol=1e-4)
    assert inspect(to_int8(model, pixels[:10])).input.dtype == "int8"


def test_eleven_classes_convert_too(pixels):
    assert inspect(to_int8(lenet5(classes=11), pixels[:10])).output.shape == (-1, 11)


def test_a_representative_set_without_white_is_refused(shipped, pixels):
    with pytest.raises(ConversionError, match="lacks black or white"):
        to_int8(shipped, pixels // 2)


def test_a_graph_with_other_ends_or_operators_is_refused(int8, float32):
    with pytest.raises(ConversionError, match="not int8"):
        check(inspect(float32), "int8", 10)
    with pytest.raises(ConversionError, match="not int8"):
        check(inspect(int8), "int8", 11)
    graph = inspect(int8)
    with pytest.raises(ConversionError, match="operators it should not have: SHAPE"):
        check(type(graph)(("SHAPE", *graph.operators), graph.input, graph.output), "int8", 10, OPERATORS["plain"])
