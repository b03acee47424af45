"""A source on every leg and simulator: the reference's samples for any seed, frame, parameter and gain."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from source_nets import crowded, pictures, two_rates, vectors

import bittrue
from bittrue.check.source_legs import make_source
from bittrue.cosim import verilator
from bittrue.cosim.source_model import SourceBench, SourceModel
from bittrue.cosim.stalls import Stalls
from bittrue.cost import default_source_interval
from bittrue.errors import BadInput
from bittrue.lower.fold import TooShort
from bittrue.lower.source import source_plan
from bittrue.ref.source import run_source
from bittrue.spec.source import Source

SOURCES = [two_rates, pictures, vectors]
ROUGH = Stalls(seed=3, idle=0.4, backpressure=0.5, burst=20)
SLOW = Stalls(seed=4, idle=0.1, backpressure=0.9, burst=150)


@pytest.mark.parametrize("leg", ["torch", "c"])
@pytest.mark.parametrize("make", SOURCES)
def test_legs_without_hardware(make, leg):
    source = make()
    try:
        run = make_source(leg, source)
    except BadInput as error:
        pytest.skip(str(error))
    for seed, numbers, gain in ((0, [0, 1, 2], 4096), (2**64 - 1, [2**32 - 1, 5, 6], -30000), (77, [9], 32767)):
        wanted = run_source(source, seed, numbers, {"H": 99}, gain)
        assert (run(seed, np.array(numbers), {"H": 99}, gain) == wanted).all()


# ---- hardware -------------------------------------------------------------------------------------------------------


@pytest.fixture
def compiler():
    pytest.importorskip("bittrue_rtl", reason="amaranth is not installed")
    try:
        return verilator.find()
    except BadInput as error:
        pytest.skip(str(error))


@lru_cache
def model(make, interval: int | None = None) -> SourceModel:
    return SourceModel(make(), interval)


def same(rtl: SourceModel, seed: int, first: int, count: int, gain: int, stalls: Stalls | None = None, **more):
    """The frames of the reference."""
    numbers = first + np.arange(count)
    trace = rtl.trace(seed, numbers, {"H": 50}, gain, stalls, **more)
    wanted = run_source(rtl.bench.source, seed, numbers, {"H": 50}, gain)
    assert (trace.outputs["m_axis"] == wanted).all()
    return trace


HEAVY = [pytest.param(make, marks=pytest.mark.heavy) for make in (pictures, crowded)]


@pytest.mark.parametrize("make", [two_rates, vectors, *HEAVY])
def test_hardware_keeps_its_pace(make, compiler):
    rtl = model(make)
    trace = same(rtl, 2**64 - 5, 0, 40, -20000)
    assert trace.cycles_per_sample == pytest.approx(rtl.bench.plan.clocks, abs=0.2)
    assert rtl.bench.plan.latency <= trace.latency <= rtl.bench.plan.latency + 12


@pytest.mark.parametrize("make", [two_rates, vectors, *HEAVY])
@pytest.mark.parametrize("stalls", [ROUGH, SLOW], ids=["rough", "slow"])
def test_hardware_stalled_and_reset(make, stalls, compiler):
    same(model(make), 12345, 7, 25, 32767, stalls)
    same(model(make), 1, 2**32 - 6, 6, 4096, stalls, reset_after=700)


@pytest.mark.parametrize("stalls", [None, ROUGH], ids=["steady", "rough"])
@pytest.mark.parametrize("make", [two_rates, HEAVY[1]])
def test_starts_anew_anywhere(make, stalls, compiler):
    numbers = [1, 2, 2**31, 2**31, 2**31 + 1, 0x55555555, 0xAAAAAAAA, 0xAAAAAAAB, 0xFFFFFFFF, 0, 0, 0]
    wanted = run_source(make(), 6, numbers, {"H": -102}, 4096)
    assert (model(make).run(6, numbers, {"H": -102}, 4096, stalls) == wanted).all()


@pytest.mark.heavy
@pytest.mark.parametrize("interval", [36, 300, 4096])
def test_intervals(interval, compiler):
    rtl = SourceModel(two_rates(), interval)
    trace = same(rtl, 3, 0, 20, 4096)
    assert trace.cycles_per_sample == pytest.approx(rtl.bench.plan.clocks, abs=0.2)


def test_frames_without_a_number(compiler):
    with pytest.raises(BadInput, match=r"below 2\^32"):
        model(two_rates).run(0, [2**32], {"H": 0}, 4096)


def test_generate_through_hardware(compiler):
    wanted = bittrue.generate(two_rates(), count=3, length=50, seed=8, H=0.7, gain=1.5)
    found = bittrue.generate(two_rates(), count=3, length=50, seed=8, H=0.7, gain=1.5, leg="rtl")
    assert (found == wanted).all()


@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=pytest.mark.heavy)])
@pytest.mark.parametrize("make", [two_rates, HEAVY[0]])
def test_cocotb(simulator, make):
    pytest.importorskip("bittrue_rtl", reason="amaranth is not installed")
    from bittrue_sim import runner
    from bittrue_sim.source_cosimulate import cosimulate_source

    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    for stalls in (None, ROUGH):
        found = cosimulate_source(make(), None, simulator, 99, [7, 8, 9, 2**31, 2**31 + 1], {"H": 20}, 5000, stalls)
        assert found.words == 5 * make().net.output.elements // SourceBench(make()).output.beats.lanes


def test_generators_are_shared_as_far_as_they_keep_up():
    source = crowded()
    plan = source_plan(source, default_source_interval(source))
    assert sum(len(engine) for engine in plan.engines) == 3 and len(plan.engines) == 2
    assert all(sum(feed.blocks for feed in engine) <= plan.clocks for engine in plan.engines)
    assert len(source_plan(source, 16 * plan.clocks).engines) == 1
    with pytest.raises(TooShort, match="choose an interval of 24 or more"):
        source_plan(pictures(), 12)
    assert default_source_interval(pictures()) == 32


def test_verilog_of_a_folder_has_the_source_too(tmp_path):
    pytest.importorskip("bittrue_rtl", reason="amaranth is not installed")
    from bittrue.spec.source_store import save

    save(two_rates(), tmp_path / "net")
    names = {path.name for path in bittrue.verilog(tmp_path / "net", tmp_path / "rtl")}
    assert {"two_rates.v", "two_rates_source.v", "two_rates_source.sha256", "two_rates.sha256"} <= names
    text = (tmp_path / "rtl" / "two_rates_source.v").read_text()
    assert text.startswith("/* Net two-rates as a noise source") and "module two_rates_source(" in text
    assert isinstance(replace(two_rates(), gain=1), Source)
