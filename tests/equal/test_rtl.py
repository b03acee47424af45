"""The simulated Verilog equals the reference at every node: all layers, drawn nets, stalls, no tolerance."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import corners, full_range, interval_for, nets, tdnn

from bittrue import ref
from bittrue.cli import main
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.simulation import Simulation
from bittrue.cosim.stalls import MATRIX, Stalls
from bittrue.cosim.streams import net_streams
from bittrue.cosim.verilator import find
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.lower.ports import module_name
from bittrue.lower.schedule import least_interval
from bittrue.spec import LAYERS, Add, Dense, MemoryTaps, Net, Node, Table, TensorType, save

pytest.importorskip("amaranth", reason="amaranth is not installed")
QUICK = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=150)
BUILT = sorted(LAYERS)
CLOCKS = 40_000
ROUGH = Stalls(seed=7, idle=0.4, backpressure=0.4, burst=20)


@pytest.fixture(autouse=True, scope="module")
def verilator():
    try:
        return find()
    except BadInput as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True, scope="module")
def build_folder(verilator, tmp_path_factory: pytest.TempPathFactory):
    """Drawn nets are compiled once and never again: keep them out of the checkout's build folder."""
    from bittrue.cosim import cache

    runtime = cache.build_root() / "verilator-runtime"  # shared: it takes seconds to compile
    runtime.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("build")
        (folder / runtime.name).symlink_to(runtime)
        patch.setenv(cache.VARIABLE, str(folder))
        yield


@lru_cache
def model(name: str, interval: int) -> RtlModel:
    """The model of a layer's example, or of a TDNN profile; each is generated and compiled once."""
    net = LAYERS[name].example() if name in LAYERS else tdnn(name, 1)
    return RtlModel(net, interval_for(net, interval))


def vectors(net: Net, n: int, seed: int):
    return np.concatenate([corners(net), full_range(net, n, seed)])


def at_most(rtl: RtlModel, n: int) -> int:
    """Samples that are simulated in a bounded number of clocks; a frame has many words."""
    return min(n, max(12, CLOCKS // rtl.interval))


def same(rtl: RtlModel, codes, *patterns: Stalls | None, reset_after: int | None = None) -> None:
    expected = ref.taps(rtl.net, codes)
    for stalls in patterns:
        trace = rtl.trace(codes, stalls, probes=True, reset_after=reset_after)
        np.testing.assert_array_equal(trace.outputs["m_axis"], expected[rtl.net.nodes[-1].name], err_msg="output")
        assert list(trace.taps) == [f"tap_{name}" for name in expected]
        for name, values in expected.items():
            np.testing.assert_array_equal(trace.taps[f"tap_{name}"], values, err_msg=f"node {name}, {stalls}")


def test_vectors_that_are_driven_as_a_whole_hold_the_same_words(monkeypatch):
    monkeypatch.setattr("bittrue_rtl.shapes.MANY", 1)
    draw = np.random.default_rng(3)
    layers = {
        "taps": MemoryTaps((0, 1), (1, 2), "Q2.6"),
        "fc": Dense(draw.integers(-128, 128, (9, 8)), draw.integers(-99, 99, 9), "Q1.7", "Q2.4", "relu"),
        "table": Table.tabulate(np.tanh, "Q2.4", "Q1.6"),
        "sum": Add("Q3.6"),
    }
    inputs = {"taps": "input", "fc": "taps", "table": "fc", "sum": ("fc", "table")}
    net = Net("wide", TensorType((2,), "Q1.7"), [Node(name, layer, inputs[name]) for name, layer in layers.items()])
    same(RtlModel(net, 16), vectors(net, 300, 5), None, ROUGH)


@pytest.mark.parametrize("interval", [8, pytest.param(16, marks=pytest.mark.heavy), 64])
@pytest.mark.parametrize("layer", BUILT)
def test_example_of_every_layer(layer: str, interval: int) -> None:
    rtl = model(layer, interval)
    same(rtl, vectors(rtl.net, at_most(rtl, 2000), seed=1), None, ROUGH)


@pytest.mark.parametrize("layer", BUILT)
def test_example_of_every_layer_under_every_stall_pattern(layer: str) -> None:
    rtl = model(layer, 8)
    same(rtl, vectors(rtl.net, at_most(rtl, 200), seed=2), *MATRIX.values())


TDNNS = [("wide", 8), ("compat", 16), ("wide", 32), ("compat", 64)]


@pytest.mark.parametrize(("profile", "interval"), TDNNS)
def test_tdnn(profile: str, interval: int) -> None:
    rtl = model(profile, interval)
    same(rtl, vectors(rtl.net, 2000, seed=3), None, ROUGH)


@pytest.mark.parametrize(("name", "interval"), [*TDNNS, *((layer, ii) for layer in BUILT for ii in (8, 64))])
def test_a_full_pipeline_takes_a_sample_every_interval(name: str, interval: int) -> None:
    rtl = model(name, interval)
    trace = rtl.trace(full_range(rtl.net, max(24, at_most(rtl, 60)), seed=4), probes=True)
    assert (np.diff(trace.received["m_axis"])[-10:] == rtl.interval).all()
    assert (np.diff(trace.sent["s_axis"])[-10:] == rtl.interval).all()
    assert trace.cycles_per_sample == rtl.interval
    assert trace.latency == cost(rtl.net, rtl.interval).latency


def test_run_and_taps_are_the_interface_of_a_leg() -> None:
    rtl = model("Dense", 16)
    x = vectors(rtl.net, 500, seed=5)
    expected = ref.taps(rtl.net, x)
    np.testing.assert_array_equal(rtl.run(x, ROUGH), expected["fc"])  # the module without probes
    found = rtl.taps(x)
    assert list(found) == list(expected)
    np.testing.assert_array_equal(found["fc"], expected["fc"])
    np.testing.assert_array_equal(rtl.run({"input": x}), expected["fc"])
    with pytest.raises(BadInput, match="takes samples of shape"):
        rtl.run(x[:, :3])


def test_the_command_runs_a_net_on_this_leg(tmp_path, monkeypatch) -> None:
    rtl = model("Dense", 16)
    x = vectors(rtl.net, 40, seed=6)
    monkeypatch.chdir(tmp_path)
    save(rtl.net, "net")
    np.save("x.npy", x)
    assert main(["run", "net", "-i", "x.npy", "-o", "y.npy", "--codes", "--leg", "rtl", "--interval", "16"]) == 0
    np.testing.assert_array_equal(np.load("y.npy"), ref.run(rtl.net, x))


@pytest.mark.parametrize("layer", BUILT)
@pytest.mark.parametrize("clocks", [1, 50, 333])
def test_a_reset_in_mid_stream_clears_all_history(layer: str, clocks: int) -> None:
    rtl = model(layer, 8)
    same(rtl, vectors(rtl.net, at_most(rtl, 50), seed=6), ROUGH, reset_after=clocks)


@pytest.mark.parametrize("layer", BUILT)
def test_a_reset_finds_every_strobe_of_a_full_pipeline(layer: str) -> None:
    """In each clock of two intervals: a strobe that lives on makes a result of nothing."""
    rtl = model(layer, 8)
    x = vectors(rtl.net, at_most(rtl, 20), seed=7)
    for clocks in range(300, 316):
        same(rtl, x, None, reset_after=clocks)


def test_a_flipped_weight_bit_shows_at_the_node_that_holds_it_and_not_before() -> None:
    import bittrue_rtl

    net = tdnn("compat", 1)
    text = bittrue_rtl.verilog(net, 64, probes=True)
    broken = replace(text, verilog=flip(text.verilog, "hidden2"))
    sources, sinks, taps = net_streams(net, 64, True)
    x = full_range(net, 200, seed=8)
    expected = ref.taps(net, x)
    found = Simulation(broken, module_name(net), sources, sinks, taps).run(x).taps
    differs = {name: not np.array_equal(found[f"tap_{name}"], values) for name, values in expected.items()}
    assert differs == {"features": False, "hidden1": False, "hidden2": True, "output": True}


def flip(verilog: str, node: str) -> str:
    """The text with one bit of the first ROM word of a layer inverted."""
    start = re.search(rf"module \\\S*\.{node}\.\S*rom\d* ", verilog)
    assert start is not None
    word = re.compile(r"(\[0\] = \d+'h)([0-9a-f]+)").search(verilog, start.end())
    assert word is not None
    return f"{verilog[: word.start(2)]}{int(word[2], 16) ^ 64:0{len(word[2])}x}{verilog[word.end(2) :]}"


@QUICK
@given(net=nets(max_width=4), interval=st.sampled_from([8, 16, 32]), seed=st.integers(0, 1000))
def test_drawn_nets(net: Net, interval: int, seed: int) -> None:
    same(
        RtlModel(net, interval_for(net, interval)), vectors(net, 150, seed), None, Stalls(seed, 0.4, 0.4, 1 + seed % 30)
    )


FRAMES = {
    "net": nets(max_width=5, kinds=("frames",)),
    "times": st.sampled_from([1, 2, 9]),
    "seed": st.integers(0, 1000),
}


def drawn_frames(net: Net, times: int, seed: int) -> None:
    rtl = RtlModel(net, times * least_interval(net))
    same(
        rtl, np.concatenate([corners(net)[::2], full_range(net, 20, seed)]), None, Stalls(seed, 0.4, 0.4, 1 + seed % 30)
    )
    same(rtl, full_range(net, 4, seed), None, reset_after=1 + seed)


@QUICK
@given(**FRAMES)
def test_drawn_nets_of_frames(net: Net, times: int, seed: int) -> None:
    drawn_frames(net, times, seed)


@pytest.mark.heavy
@LONG
@given(**FRAMES)
def test_many_drawn_nets_of_frames(net: Net, times: int, seed: int) -> None:
    drawn_frames(net, times, seed)


@pytest.mark.heavy
@LONG
@given(net=nets(max_width=20), interval=st.sampled_from([8, 16, 32, 64]), seed=st.integers(0, 1000))
def test_many_drawn_nets(net: Net, interval: int, seed: int) -> None:
    same(
        RtlModel(net, interval_for(net, interval)),
        vectors(net, 1000, seed),
        None,
        Stalls(seed, 0.4, 0.4, 1 + seed % 30),
    )


@pytest.mark.heavy
def test_a_million_samples() -> None:
    net = tdnn("wide", 5)
    x = full_range(net, 1_000_000, seed=9)
    np.testing.assert_array_equal(RtlModel(net, 8).run(x), ref.run(net, x))
