"""A pipeline that takes a sample every clock gives the reference's bits, however its streams stall."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_graphs import codes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipelined_nets import beside, branches, drawn, sparse_tdnn

import bittrue
from bittrue import check, ref
from bittrue.cli import main
from bittrue.cosim import verilator
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.stalls import MATRIX, Stalls
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.lower.means import Means
from bittrue.spec import Net, as_net, save
from bittrue_sim import runner
from bittrue_sim.cosimulate import cosimulate

bittrue_rtl = pytest.importorskip("bittrue_rtl", reason="amaranth is not installed")
ROUGH = Stalls(seed=7, idle=0.4, backpressure=0.4, burst=20)


@pytest.fixture(autouse=True, scope="module")
def compiler():
    try:
        return verilator.find()
    except BadInput as error:
        pytest.skip(str(error))


def same(rtl: RtlModel, n: int, *patterns: Stalls | None, **more) -> None:
    """All tensors, and the ports of the module without probes."""
    x = codes(rtl.net, n, seed=1)
    expected = ref.taps(rtl.net, x)
    for stalls in patterns:
        trace = rtl.trace(x, stalls, probes=True, **more)
        for name, values in expected.items():
            np.testing.assert_array_equal(trace.taps[f"tap_{name}"], values, err_msg=f"node {name}, {stalls}")
    for name, values in rtl.outputs(x, ROUGH).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=f"output {name}")


def on_schedule(rtl: RtlModel) -> None:
    trace = rtl.trace(codes(rtl.net, 200, seed=2))
    assert all((np.diff(clocks)[-100:] == 1).all() for clocks in trace.received.values())
    if len(rtl.net.outputs) == 1:
        assert trace.latency == cost(rtl.net, 1, dsps=rtl.dsps).latency


@pytest.mark.parametrize("dsps", [12, *(pytest.param(dsps, marks=pytest.mark.heavy) for dsps in (0, 220))])
def test_a_pruned_tdnn_under_every_stall_pattern(dsps: int) -> None:
    rtl = RtlModel(sparse_tdnn(), 1, dsps)
    same(rtl, 400, None, *MATRIX.values())
    on_schedule(rtl)


def test_every_layer_of_vectors_with_several_ends_under_every_stall_pattern() -> None:
    rtl = RtlModel(branches(), 1, beside(branches(), 8))
    same(rtl, 300, None, *MATRIX.values())
    on_schedule(rtl)


@pytest.mark.parametrize(
    "interval, samples",
    [(2, 1), *(pytest.param(*pace, marks=pytest.mark.heavy) for pace in ((3, 1), (1, 2), (1, 4)))],
)
def test_other_paces_under_every_stall_pattern(interval: int, samples: int) -> None:
    rtl = RtlModel(sparse_tdnn(), interval, 12 * samples, samples=samples)
    same(rtl, 401, None, *MATRIX.values())
    clocks = rtl.trace(codes(rtl.net, 400, seed=2)).received["m_axis"]
    assert (np.diff(clocks)[-60:] == interval).all()


@pytest.mark.heavy
@pytest.mark.parametrize("interval, samples", [(2, 1), (3, 1), (1, 2)])
def test_branches_at_other_paces(interval: int, samples: int) -> None:
    same(RtlModel(branches(), interval, beside(branches(), 8, samples), samples=samples), 301, None, *MATRIX.values())


@pytest.mark.parametrize("after", [30, 50])
def test_a_reset_in_mid_stream_clears_all_history(after: int) -> None:
    same(RtlModel(sparse_tdnn(), 1, 12), 100, None, ROUGH, reset_after=after)


@pytest.mark.heavy
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn(), st.sampled_from([(2, 1), (3, 1), (1, 2), (1, 4)]))
def test_drawn_nets_at_other_paces(case: tuple[Net, int], pace: tuple[int, int]) -> None:
    (net, weights), (interval, samples) = case, pace
    same(RtlModel(net, interval, beside(net, weights, samples), samples=samples), 151, None, ROUGH)


@pytest.mark.heavy
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn())
def test_drawn_nets(case: tuple[Net, int]) -> None:
    rtl = RtlModel(case[0], 1, beside(*case))
    same(rtl, 150, None, ROUGH)
    on_schedule(rtl)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["tdnn-compat", "tdnn-wide", "tdnn-thermal/cold"])
def test_a_committed_net(name: str) -> None:
    rtl = RtlModel(as_net(name), 1)
    same(rtl, 3000, None, ROUGH)
    on_schedule(rtl)


@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.heavy)])
def test_a_cocotb_bench(simulator: str) -> None:
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    net = sparse_tdnn()
    found = cosimulate(net, 1, simulator, codes(net, 40, seed=3), ROUGH)
    assert found.samples >= 40 and not found.mismatches


@pytest.mark.heavy
@pytest.mark.parametrize("interval, samples", [(2, 1), (3, 1), (1, 2)])
def test_a_cocotb_bench_at_other_paces(interval: int, samples: int) -> None:
    try:
        runner.require("icarus")
    except BadInput as error:
        pytest.skip(str(error))
    net, means = sparse_tdnn(), Means(30, samples=samples)
    assert not cosimulate(net, interval, "icarus", codes(net, 40, seed=3), ROUGH, means=means).mismatches


def test_commands_and_functions_take_it(tmp_path, monkeypatch, capsys) -> None:
    net = sparse_tdnn()
    monkeypatch.chdir(tmp_path)
    save(net, "net")
    assert main(["verilog", "net", "--interval", "1", "--dsps", "9", "-o", "rtl"]) == 0
    assert "A sample every clock." in (tmp_path / "rtl" / "sparse_tdnn.v").read_text()
    built = watched(monkeypatch)
    few = ["--interval", "1", "--dsps", "9", "--luts", "9999"]
    assert main(["check", "net", *few, "--legs", "rtl", "--samples", "300", "--json"]) == 0
    assert built == [{"probes": True, "dsps": 9, "luts": 9999, "samples": 1}]
    capsys.readouterr()
    assert main(["info", "net", "--interval", "1", "--clock", "200"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "interval 1 clock a sample" in printed and "200 MS/s at 200 MHz" in printed
    assert "of 53,200 LUTs" in printed and "bits in all weigh without DSP48E1" in printed
    x = codes(net, 50, seed=4)
    np.save("x.npy", x["input"])
    two = ["--leg", "rtl", "--interval", "1", "--samples-per-clock", "2"]
    assert main(["run", "net", "-i", "x.npy", "-o", "y.npy", "--codes", *two]) == 0
    assert built[1:] == [{"probes": False, "dsps": 220, "luts": None, "samples": 2}]
    np.testing.assert_array_equal(np.load("y.npy"), ref.run(net, x))
    assert bittrue.cost("net", 1).interval == 1 and bittrue.cost("net", 1, dsps=0).adders > 500
    legs, _ = check.runnable(net, ["ref", "rtl"], check.Options(1))
    assert check.check(net, legs, 200, 0).equal and built[-1]["dsps"] == 220
    assert bittrue.check(net, ["rtl"], 201, interval=1, dsps=9, luts=9999).equal and built[-1] == built[0]
    side_by_side = bittrue.Executor(net, "rtl", interval=1, samples_per_clock=2)
    np.testing.assert_array_equal(side_by_side(x, codes=True), ref.run(net, x))
    assert built[-1] == built[1]


def watched(monkeypatch) -> list[dict]:
    """Means of every module that the RTL leg generates from now on."""
    generate, built = bittrue_rtl.verilog, []

    def told(net: Net, interval: int, **options):
        built.append(options)
        return generate(net, interval, **options)

    monkeypatch.setattr(bittrue_rtl, "verilog", told)
    return built
