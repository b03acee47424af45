"""Exported nets in qonnx's executor: every layer, every committed net, drawn nets; not one integer differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_graphs import codes, graphs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qonnx_judge import judged, onnx, same
from strategies import corners, nets

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import LAYERS, Abs, Conv1d, Dense, LeakyReLU, Linear, Net, Node, ReLU, TensorType, load
from bittrue.spec.store import content_hash
from bittrue.targets.qonnx.export import export
from bittrue.targets.qonnx.exporting import weighted
from bittrue.targets.qonnx.read import read_qonnx

ROOT = Path(__file__).parents[2]
WEIGHTS = sorted(path.parent for path in (ROOT / "weights").rglob("net.json"))
DRAWN = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def there_and_back(net: Net, given: dict[str, np.ndarray], path: Path) -> None:
    """The model gives the reference's integers, and is read as the same net again."""
    done = export(net, len(next(iter(given.values()))))
    same(net, judged(net, done.model, done.kinds, given), given)
    path.write_bytes(done.model)
    again = read_qonnx(path)
    assert content_hash(again.net) == content_hash(net) and not again.remarks


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_every_layer(layer, tmp_path):
    net = LAYERS[layer].example()
    there_and_back(net, codes(net, 9, 1), tmp_path / "m.onnx")


@pytest.mark.parametrize("folder", WEIGHTS, ids=lambda folder: str(folder.relative_to(ROOT / "weights")))
def test_committed_nets(folder, tmp_path):
    net = load(folder)
    there_and_back(net, codes(net, 5, 2), tmp_path / "m.onnx")


@DRAWN
@given(net=graphs(), seed=st.integers(0, 1000))
def test_drawn_nets(net, seed, tmp_path_factory):
    there_and_back(net, codes(net, 3, seed), tmp_path_factory.getbasetemp() / "drawn.onnx")


@pytest.mark.heavy
@settings(DRAWN, max_examples=400)
@given(net=graphs(layers=8), seed=st.integers(0, 1000))
def test_many_drawn_nets(net, seed, tmp_path_factory):
    there_and_back(net, codes(net, 9, seed), tmp_path_factory.getbasetemp() / "drawn.onnx")


@settings(DRAWN, max_examples=10)
@given(net=nets())
def test_drawn_streams(net, tmp_path_factory):
    there_and_back(net, {"input": corners(net)}, tmp_path_factory.getbasetemp() / "stream.onnx")


def one(activation, bits: int, shift: int = 3, fmt: str = "Q1.7") -> Net:
    given, rows = Format.parse(fmt), np.array([[3, -128, 55], [127, 127, -1]])
    layer = Dense(rows, np.array([5, -900]), Format(8, 4), Format(bits, given.frac + 4 - shift), activation)
    return Net("one", TensorType((3,), given), [Node("fc", layer, "input")])


@pytest.mark.parametrize("shift", [-4, 0, 1, 20])
@pytest.mark.parametrize("bits", [1, 2, 24, 25, 40])
@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(1), LeakyReLU(9), Abs()], ids=str)
def test_words_and_shifts(activation, bits, shift, tmp_path):
    net = one(activation, bits, shift)
    given = codes(net, 40, 3)
    done = export(net, len(given["input"]))
    same(net, judged(net, done.model, done.kinds, given), given)


def test_ties_round_up_on_both_sides_of_zero():
    layer = Dense([[1]], [0], "Q4.4", "Q5.3", "linear")
    net = Net("ties", TensorType((1,), Format.parse("Q8.0")), [Node("fc", layer, "input")])
    given = {"input": np.arange(-128, 128)[:, np.newaxis]}
    done = export(net, 256)
    same(net, judged(net, done.model, done.kinds, given), given)


def test_sums_beyond_float32_are_carried_in_float64_and_it_says_so():
    wide, narrow = one(Linear(), 16, 4, "Q1.23"), one(Linear(), 16, 4, "Q1.7")
    assert any("fc carried in float64: float32 would round" in each for each in export(wide).remarks)
    assert not export(narrow).remarks
    kinds = {node.op_type for node in onnx.load_model_from_string(export(wide).model).graph.node}
    assert "Cast" in kinds


def test_float32_would_be_wrong_there(monkeypatch):
    net = one(Linear(), 24, 0, "Q1.23")
    given = codes(net, 40, 3)
    monkeypatch.setattr(weighted, "carrier", lambda *_: np.dtype(np.float32))
    done = export(net, len(given["input"]))
    with pytest.raises(AssertionError, match="output fc"):
        same(net, judged(net, done.model, done.kinds, given), given)


def test_sums_beyond_float64_are_refused():
    rows = np.full((1, 3), 1 << 30)
    layer = Dense(rows, np.array([0]), Format(32, 0), Format(16, 0), Linear())
    net = Net("far", TensorType((3,), Format(30, 0)), [Node("fc", layer, "input")])
    with pytest.raises(BadInput, match=r"node fc \(Dense\): the accumulator needs 6\d bits"):
        export(net)


def test_the_natural_form_is_what_other_tools_know():
    first = Conv1d(np.ones((2, 1, 3), int), [0, 1], "Q2.6", "Q1.7", "relu", padding=1)
    net = Net("natural", TensorType((1, 8), Format.parse("Q1.7")), [Node("conv", first, "input")])
    graph = onnx.load_model_from_string(export(net).model).graph
    assert [node.op_type for node in graph.node] == ["Quant", "Quant", "Conv", "Relu", "Quant"]
    last = {each.name: onnx.helper.get_attribute_value(each) for each in graph.node[-1].attribute}
    assert last == {"signed": 0, "narrow": 0, "rounding_mode": b"FLOOR"}  # hls4ml knows ROUND and FLOOR alone
    assert [each.name for each in graph.output] == ["conv"]


FINN = Net(
    "finn",
    TensorType((2, 6), Format.parse("Q1.7")),
    [
        Node("first", Conv1d(np.arange(18).reshape(3, 2, 3) - 9, [70, -5, 3], "Q1.4", "Q2.3", "relu"), "input"),
        Node("second", Conv1d(np.arange(9).reshape(3, 3, 1) - 4, [7, -8, 0], "Q1.3", "Q4.2", "linear"), "first"),
        Node("slope", Conv1d(np.arange(9).reshape(3, 3, 1) - 4, [7, -8, 0], "Q1.3", "Q4.2", "leaky_relu/2"), "second"),
    ],
)


def test_for_finn_thresholds_round(monkeypatch):
    """FINN makes of a Quant node thresholds at half steps and counts those that a sum reaches: halves go up."""
    given, done = codes(FINN, 200, 4), export(FINN, 207, finn=True)
    assert not done.remarks
    with pytest.raises(AssertionError, match="output slope"):  # halves to even
        same(FINN, judged(FINN, done.model, done.kinds, given), given)
    monkeypatch.setattr("qonnx.custom_op.general.intquant.resolve_rounding_mode", lambda _: lambda x: np.floor(x + 0.5))
    same(FINN, judged(FINN, done.model, done.kinds, given), given)


def test_for_finn_float64_and_means_are_refused():
    with pytest.raises(BadInput, match="fc would be carried in float64, which FINN has not"):
        export(one(Linear(), 16, 4, "Q1.23"), finn=True)
    with pytest.raises(BadInput, match="thirds cuts off toward zero"):
        export(LAYERS["AvgPool1d"].example(), finn=True)


def test_samples_are_bounded():
    with pytest.raises(BadInput, match="0 samples"):
        export(one(Linear(), 8), 0)
    with pytest.raises(BadInput, match="give 1 to"):
        export(one(Linear(), 8), 1 << 26)
