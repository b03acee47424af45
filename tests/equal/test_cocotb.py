"""The Verilog equals the reference in a cocotb bench, on both simulators, at every node and whatever stalls."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from frame_nets import Chain, ecg_tiny
from strategies import corners, full_range, interval_for, tdnn

from bittrue import ref
from bittrue.cosim.stalls import MATRIX, Stalls
from bittrue.cosim.streams import HardwareFault, net_streams
from bittrue.cost import default_interval, macs
from bittrue.errors import BadInput
from bittrue.lower.ports import module_name
from bittrue.lower.schedule import schedule
from bittrue.lower.sources import Sources
from bittrue.num import Format
from bittrue.spec import LAYERS, Dense, LeakyReLU, MemoryTaps, Net, Node, TensorType, load
from bittrue_sim import runner
from bittrue_sim.cosimulate import compare, cosimulate

pytest.importorskip("amaranth", reason="amaranth is not installed")
ROUGH = Stalls(seed=3, idle=0.4, backpressure=0.4, burst=20)
WEIGHTS = sorted((Path(__file__).resolve().parents[2] / "weights").glob("*/net.json"))


@pytest.fixture(params=runner.SIMULATORS)
def simulator(request):
    try:
        runner.require(request.param)
    except BadInput as error:
        pytest.skip(str(error))
    return request.param


@lru_cache
def small_tdnn() -> Net:
    """A TDNN that Icarus can simulate in seconds: 8 features, 6 hidden neurons."""
    rng, fmt = np.random.default_rng(5), Format.parse("Q1.11")
    nodes = [Node("features", MemoryTaps((0, 1), (1, 2), fmt), ("input",))]
    for name, inputs, outputs, activation in (("hidden", 8, 6, LeakyReLU(3)), ("output", 6, 2, LeakyReLU(1))):
        weight = rng.integers(fmt.lo, fmt.hi, (outputs, inputs), endpoint=True)
        bias = rng.integers(-(1 << 20), 1 << 20, outputs)
        nodes.append(Node(name, Dense(weight, bias, fmt, Format.parse("Q3.9"), activation), (nodes[-1].name,)))
    return Net("small-tdnn", TensorType((2,), fmt), tuple(nodes))


@lru_cache
def example(layer: str) -> Net:
    return LAYERS[layer].example()


def vectors(net: Net, n: int):
    return np.concatenate([corners(net)[::3], full_range(net, n, seed=1)])


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_example_of_every_layer(layer: str, simulator: str) -> None:
    net = example(layer)
    x = vectors(net, 40)
    layouts = schedule(net, interval_for(net, 8)).layouts
    result = cosimulate(net, interval_for(net, 8), simulator, x, ROUGH)
    words = layouts[net.last].transfers + sum(layouts[node.name].transfers for node in net.nodes)
    assert (result.samples, result.words) == (len(x), len(x) * words)


@pytest.mark.parametrize("pattern", MATRIX)
def test_every_stall_pattern(pattern: str, simulator: str) -> None:
    net = small_tdnn()
    result = cosimulate(net, 16, simulator, vectors(net, 25 if simulator == "icarus" else 500), MATRIX[pattern])
    assert result.mismatches == 0


def test_without_probes(simulator: str) -> None:
    net = small_tdnn()
    assert cosimulate(net, 16, simulator, vectors(net, 20), probes=False).cycles >= 16 * 20


def test_the_full_tdnn_under_verilator() -> None:
    try:
        runner.require("verilator")
    except BadInput as error:
        pytest.skip(str(error))
    net = tdnn("wide", 1)
    cosimulate(net, 32, "verilator", vectors(net, 1000), ROUGH)


@pytest.mark.parametrize(
    ("name", "interval"), [("verilator", 4096), pytest.param("icarus", 1024, marks=pytest.mark.heavy)]
)
def test_the_shape_of_the_heartbeat_classifier(name: str, interval: int) -> None:
    """Icarus takes minutes: the examples of the layers are what it computes every time."""
    try:
        runner.require(name)
    except BadInput as error:
        pytest.skip(str(error))
    result = cosimulate(ecg_tiny(), interval, name, full_range(ecg_tiny(), 4, seed=1), ROUGH)
    layouts, names = schedule(ecg_tiny(), interval).layouts, [node.name for node in ecg_tiny().nodes]
    assert result.words == 4 * sum(layouts[name].transfers for name in [*names, names[-1]])


def test_few_lanes_move_nothing_for_long_and_are_not_stuck(simulator: str) -> None:
    chain = Chain((1, 2), 11)
    chain.conv(2, 1)
    net = chain.net("slow")
    assert cosimulate(net, 12_000, simulator, full_range(net, 4, seed=1)).cycles > 3 * 12_000


@pytest.mark.skipif(not WEIGHTS, reason="no weights are committed")
@pytest.mark.parametrize("path", WEIGHTS, ids=lambda path: path.parent.name)
def test_committed_weights(path: Path) -> None:
    try:
        runner.require("verilator")
    except BadInput as error:
        pytest.skip(str(error))
    net = load(path.parent)
    small = sum(macs(node.layer, net.types[node.name]) for node in net.nodes) < 1_000_000
    if not small:
        pytest.skip("the net is too large to be simulated here")
    n = 300 if len(net.input.shape) == 1 else 8
    cosimulate(net, default_interval(net), "verilator", vectors(net, n), ROUGH)


@lru_cache
def sources() -> Sources:
    import bittrue_rtl

    return bittrue_rtl.verilog(small_tdnn(), 16, probes=True)


def bench(verilog: str, simulator: str, stalls: Stalls | None = None, seed: int = 2) -> None:
    """Of `sources` with another text, whose memory files stay."""
    net = small_tdnn()
    x = full_range(net, 40, seed)
    (source,), (sink,), taps = net_streams(net, 16, True)
    expected = {f"tap_{name}": values for name, values in ref.taps(net, x).items()}
    outputs = {sink: expected["tap_output"], **{tap: expected[tap.name] for tap in taps}}
    compare(replace(sources(), verilog=verilog), module_name(net), simulator, {source: x}, outputs, stalls)


def text() -> str:
    return sources().verilog


def rom_word(digits) -> str:
    """The text with the first word of a ROM of the layer ``hidden`` replaced by ``digits(its hexadecimal digits)``."""
    start = re.search(r"module \\\S*\.hidden\.\S*rom\d* ", text())
    assert start is not None
    word = re.compile(r"\[0\] = \d+'h([0-9a-f]+)").search(text(), start.end())
    assert word is not None
    return text()[: word.start(1)] + digits(word[1]) + text()[word.end(1) :]


def test_a_flipped_weight_bit_is_named_by_node_sample_and_both_words(simulator: str) -> None:
    bench(text(), simulator)
    verilog = rom_word(lambda digits: f"{int(digits, 16) ^ 0x200:0{len(digits)}x}")
    with pytest.raises(HardwareFault, match=r"hidden: sample \d+, lane \d is 0x\w{4} \(-?\d+\), expected 0x\w{4} "):
        bench(verilog, simulator)


def test_an_undefined_weight_fails(simulator: str) -> None:
    reason = "tap_hidden_tdata is .*X.* while tvalid is high" if simulator == "icarus" else "hidden: sample"
    with pytest.raises(HardwareFault, match=reason):
        bench(rom_word(lambda digits: "x" * len(digits)), simulator)


def test_an_undefined_handshake_fails_under_icarus() -> None:
    try:
        runner.require("icarus")
    except BadInput as error:
        pytest.skip(str(error))
    verilog = text().replace("endmodule", "assign s_axis_tready = 1'bx; endmodule", 1)  # a second driver, of X
    with pytest.raises(HardwareFault, match="s_axis_tready is X after reset"):
        bench(verilog, "icarus")


def test_words_in_another_order_fail(simulator: str) -> None:
    verilog, count = re.subn(
        r"assign m_axis_tdata = ([^;]*);", r"wire [31:0] t = \1; assign m_axis_tdata = {t[15:0], t[31:16]};", text()
    )
    assert count == 1
    with pytest.raises(HardwareFault, match="m_axis: sample 0, lane 0"):
        bench(verilog, simulator)


def test_fewer_than_four_samples_are_refused() -> None:
    net = small_tdnn()
    with pytest.raises(BadInput, match="give at least 4"):
        cosimulate(net, 16, "icarus", full_range(net, 3, 1))
