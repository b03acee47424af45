"""Imported graphs give the bits that qonnx's executor gives; what does not fit is refused, or changed and reported."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_graphs import codes, graphs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qonnx_graphs import FITS, Sketch, brevitas_cnn, brevitas_mlp, drawn
from qonnx_judge import executed, onnx, shaped, written

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.spec import LAYERS, Net
from bittrue.targets.qonnx.export import export
from bittrue.targets.qonnx.read import Imported, read_qonnx

NATURAL = {"Add", "Concat", "Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "Dense", "Flatten"}
NATURAL |= {"MaxPool1d", "MaxPool2d", "Mul", "Reshape", "Sub", "Table", "Upsample"}
"""Layers that are read from the graph alone, whoever wrote it."""


def values(net: Net, given: dict[str, np.ndarray], last: bool) -> dict[str, np.ndarray]:
    """Values of codes by the graph's names, channels ``last`` where the graph has them so."""
    found = {}
    for k, (name, array) in enumerate(given.items()):
        floats = np.ldexp(array, -net.inputs[name].format.frac).astype(np.float32)
        found[f"x{k}"] = np.moveaxis(floats, 1, -1) if last else floats
    return found


def compared(model: onnx.ModelProto, done: Imported, count: int = 60) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Codes of every result in qonnx and in the reference, for inputs that its Quant node lets pass."""
    net, model = done.net, shaped(model)
    given = {name: codes(net, count, 5)[name] for name in net.inputs}
    found: dict[str, list[np.ndarray]] = {}
    for sample in range(len(next(iter(given.values())))):
        last = any("channels last" in each for each in done.remarks)
        one = executed(model, values(net, {name: array[sample : sample + 1] for name, array in given.items()}, last))
        for name, array in one.items():
            found.setdefault(name, []).append(array[0])
    expected = ref.outputs(net, given)
    return [
        np.ldexp(np.array(array, np.float64), net.types[name].format.frac)
        for array, name in zip(found.values(), net.outputs, strict=True)
    ], list(expected.values())


@pytest.mark.parametrize("name", FITS)
def test_what_fits_gives_the_same_bits(name, tmp_path):
    model = FITS[name]()
    done = read_qonnx(written(model, tmp_path / "m.onnx"))
    for found, expected in zip(*compared(model, done, 12), strict=True):
        np.testing.assert_array_equal(found, expected)
        assert len(np.unique(expected)) > 3
    assert not any(each.startswith("changed") for each in done.remarks)


@settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(net=graphs(), seed=st.integers(0, 1000))
def test_exported_graphs_are_read_without_their_description(net, seed, tmp_path_factory):
    """What bittrue wrote about the net is taken away: the graph alone says what it is, where its layers are natural."""
    model = onnx.load_model_from_string(export(net).model)
    del model.metadata_props[:]
    path = written(model, tmp_path_factory.getbasetemp() / "bare.onnx")
    if not {type(node.layer).__name__ for node in net.nodes} <= NATURAL:
        return
    try:
        done = read_qonnx(path)
    except BadInput as error:  # written as slices, for float64 or for what onnxruntime lacks
        assert "Pad" in str(error) or "Slice" in str(error) or "Floor" in str(error)
        return
    given = codes(net, 9, seed)
    found = ref.outputs(done.net, dict(zip(done.net.inputs, given.values(), strict=True)))
    for one, other in zip(found.values(), ref.outputs(net, given).values(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("layer", sorted(NATURAL))
def test_natural_layers_are_read_without_a_description(layer, tmp_path):
    net = LAYERS[layer].example() if layer != "Add" else LAYERS["Sub"].example()
    model = onnx.load_model_from_string(export(net).model)
    del model.metadata_props[:]
    done = read_qonnx(written(model, tmp_path / "bare.onnx"))
    assert [type(node.layer) for node in done.net.nodes] == [type(node.layer) for node in net.nodes]
    given = codes(net, 9, 1)
    found = ref.outputs(done.net, dict(zip(done.net.inputs, given.values(), strict=True)))
    for one, other in zip(found.values(), ref.outputs(net, given).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_halves_to_even_are_refused_or_changed_with_a_report(tmp_path):
    path = written(brevitas_mlp("ROUND"), tmp_path / "m.onnx")
    with pytest.raises(BadInput, match=r"Quant 'quant5' rounds ROUND, and layers round halves up; .*--requantise"):
        read_qonnx(path)
    done = read_qonnx(path, requantise=True)
    assert [each for each in done.remarks if each.startswith("changed: Quant 'quant5' rounds ROUND")]
    (found,), (expected,) = compared(brevitas_mlp("HALF_UP"), done)  # that alone has changed
    np.testing.assert_array_equal(found, expected)
    (before,), _ = compared(brevitas_mlp("ROUND"), done)
    assert (before != expected).any()


def test_a_scale_that_is_no_power_of_two_becomes_the_next_one(tmp_path):
    path = written(brevitas_mlp("FLOOR", scale=0.07), tmp_path / "m.onnx")
    with pytest.raises(BadInput, match=r"has the scale 0\.07, taken as 2\^-3; train with scales"):
        read_qonnx(path)
    (found,), (expected,) = compared(brevitas_mlp("FLOOR", scale=0.125), read_qonnx(path, requantise=True))
    np.testing.assert_array_equal(found, expected)


def small(weight=None, bias=None, scale=2.0**-3, **quant):
    net = Sketch((1, 3))
    x = net.quant("x0", 2.0**-3, 6)
    weight = net.quant(drawn(1, 3, 2), scale, 4) if weight is None else weight
    y = net.op("MatMul", x, weight)
    y = y if bias is None else net.op("Add", y, np.float32(bias))
    return net.model(net.quant(y, 2.0**-2, 6, **{"rounding": "FLOOR", **quant}))


def test_weights_with_other_scales_are_requantised_and_it_says_how_far(tmp_path):
    path = written(small(scale=0.11), tmp_path / "m.onnx")
    with pytest.raises(BadInput, match="no integers times a power of two; they became"):
        read_qonnx(path)
    done = read_qonnx(path, requantise=True)
    (layer,) = (node.layer for node in done.net.nodes)
    off = np.abs(layer.weight * layer.weight_format.scale - np.round(drawn(1, 3, 2) / 0.11).clip(-8, 7).T * 0.11).max()
    assert f"at most {off:.3g} away" in " ".join(done.remarks) and off <= layer.weight_format.scale / 2 + 1e-7


def test_biases_between_the_steps_are_rounded_and_it_says_so(tmp_path):
    path = written(small(bias=[0.1, -0.3]), tmp_path / "m.onnx")
    with pytest.raises(BadInput, match=r"its biases are no multiples of 2\^-6"):
        read_qonnx(path)
    (layer,) = (node.layer for node in read_qonnx(path, requantise=True).net.nodes)
    assert (layer.bias + 8).tolist() == [6, -19]  # 6.4 and -19.2; half a step less for the rounding
    fine = read_qonnx(written(small(bias=[2.0**-9, 0]), tmp_path / "f.onnx"))
    assert "3 zeros below their last bit" in " ".join(fine.remarks)


def test_wide_sums_are_exact_here_and_it_says_that_float32_is_not(tmp_path):
    net = Sketch((1, 3))
    x = net.quant("x0", 2.0**-15, 16)
    path = written(
        net.model(net.op("MatMul", x, net.quant(drawn(1, 3, 2, bits=14, frac=13), 2.0**-13, 14))), tmp_path / "m"
    )
    assert "are exact here and rounded in float32" in " ".join(read_qonnx(path).remarks)


def odd_quant(*parameters: float):
    numbers = list(map(np.float32, parameters))
    return lambda net, x: net.op("Quant", x, *numbers, domain=net.domain)


def linear(net: Sketch, x: str) -> str:
    return net.op("MatMul", x, net.constant(drawn(1, 3, 2)))


REFUSED = {
    "zero point": (odd_quant(0.5, 3, 4), "a zero point that is not 0"),
    "bits": (odd_quant(0.5, 0, 2.5), "2.5 bits"),
    "scale": (odd_quant(-0.5, 0, 4), "a scale that is not positive"),
    "parameters": (odd_quant(0.5, 0), "2 parameters"),
    "rounding": (lambda net, x: net.quant(x, 0.5, 4, rounding="STOCHASTIC"), "rounds 'STOCHASTIC'"),
    "scales": (lambda net, x: net.quant(linear(net, x), [0.5, 0.25], 4), "a tensor of a net has one format"),
    "one signed bit": (lambda net, x: net.quant(linear(net, x), 0.5, 1, rounding="FLOOR"), "use 2 bits"),
    "softmax": (lambda net, x: net.op("Softmax", x), "Softmax 'softmax1' has no layer"),
    "trunc": (lambda net, x: net.op("Trunc", x, np.float32(1), domain=net.domain), "Trunc 'trunc1' has no layer"),
    "bipolar": (lambda net, x: net.op("BipolarQuant", x, np.float32(1), domain=net.domain), "only weights may be so"),
    "two tensors": (lambda net, x: net.op("MatMul", x, x), "where a net has constants"),
    "sizes": (lambda net, x: net.op("MatMul", x, net.constant(drawn(1, 4, 2))), "needs a vector and a matrix"),
    "sums of sums": (lambda net, x: linear(net, linear(net, x)), "put a Quant node before it"),
    "an input": (lambda net, x: net.op("Identity", x), "gives an input back"),
    "samples": (lambda net, x: net.op("Reshape", x, net.constant([3, 1], np.int64)), "keep the samples apart"),
    "slope": (lambda net, x: net.op("LeakyRelu", linear(net, x), alpha=0.1), "the slope 0.1"),
    "offset": (lambda net, x: net.quant(net.op("Add", net.op("Relu", linear(net, x)), 0.25), 2.0**-9, 16), "of 0.25"),
    "domain": (lambda net, x: net.op("Dwell", x, domain="finn.custom_op.fpgadataflow"), "which is not known"),
    "no format": (lambda net, x: linear(net, "x0"), "input 'x0' that has no format"),
    "two formats": (lambda net, x: net.op("Add", x, net.quant("x0", 0.5, 4)), "quantised in two ways"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_layer_is_refused_in_a_sentence(name, tmp_path):
    edit, sentence = REFUSED[name]
    net = Sketch((1, 3))
    model = net.model(edit(net, net.quant("x0", 2.0**-3, 6)))
    with pytest.raises(BadInput, match=sentence):
        read_qonnx(written(model, tmp_path / "m.onnx"))


def test_a_changed_graph_is_read_as_any_other(tmp_path):
    net = LAYERS["Dense"].example()
    model = onnx.load_model_from_string(export(net).model)
    (bias,) = (each for each in model.graph.initializer if each.name == "fc/bias")
    changed = onnx.numpy_helper.to_array(bias) + np.float32([1, 0, 0])
    bias.CopyFrom(onnx.numpy_helper.from_array(changed, bias.name))
    done = read_qonnx(written(model, tmp_path / "m.onnx"))
    assert done.remarks[0] == "bittrue wrote this model, and it was changed since: it is read as any other"
    step = 1 << net.nodes[0].layer.acc_frac(net.input.format)
    assert (done.net.nodes[0].layer.bias - net.nodes[0].layer.bias).tolist() == [step, 0, 0]


def test_a_weight_of_another_name_is_read_as_any_other(tmp_path):
    net = LAYERS["Dense"].example()
    model = onnx.load_model_from_string(export(net).model)
    (weight,) = (each for each in model.graph.initializer if each.name == "fc/weight")
    weight.name = "fc/weights"
    (takes,) = (node for node in model.graph.node if "fc/weight" in node.input)
    takes.input[list(takes.input).index("fc/weight")] = weight.name
    done = read_qonnx(written(model, tmp_path / "m.onnx"))
    assert (done.net.nodes[0].layer.weight == net.nodes[0].layer.weight).all()


def test_a_changed_node_is_read_as_any_other(tmp_path):
    model = onnx.load_model_from_string(export(LAYERS["Dense"].example()).model)
    (last,) = (node for node in model.graph.node if node.output[0] == "fc")
    (mode,) = (each for each in last.attribute if each.name == "rounding_mode")
    mode.s = b"CEIL"
    with pytest.raises(BadInput, match="follows an offset of"):
        read_qonnx(written(model, tmp_path / "m.onnx"))


def test_data_in_other_files_are_not_opened(tmp_path):
    model = brevitas_cnn("FLOOR")
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    with pytest.raises(BadInput, match="its data lie in another file, which is not opened"):
        read_qonnx(written(model, tmp_path / "m.onnx"))


def test_a_tensor_beyond_the_limit_is_refused_before_it_is_made(tmp_path):
    model = brevitas_cnn("FLOOR")
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([1 << 40])
    with pytest.raises(BadInput, match="beyond 16 axes or 67,108,864 elements"):
        read_qonnx(written(model, tmp_path / "m.onnx"))


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"not a model at all")
    with pytest.raises(BadInput, match="is no ONNX file"):
        read_qonnx(tmp_path / "m.onnx")
