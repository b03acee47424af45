"""The generated shell in cocotb benches on both simulators: registers, streams, resets, banks, loads, flags."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from strategies import tdnn

from bittrue.errors import BadInput
from bittrue.lower.schedule import has_frames
from bittrue.num import Format
from bittrue.spec import LAYERS, Dense, LeakyReLU, Linear, MemoryTaps, Net, Node, TensorType
from bittrue_sim import runner
from bittrue_sim.shell_cosimulate import WITHOUT_BANKS, cosimulate_shell

pytest.importorskip("amaranth", reason="amaranth is not installed")
pytest.importorskip("cocotbext.axi", reason="cocotbext-axi is not installed")


def needs(simulator: str) -> None:
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))


@pytest.fixture(params=runner.SIMULATORS)
def simulator(request):
    needs(request.param)
    return request.param


@lru_cache
def small_bank(seed: int) -> Net:
    """A predistorter's shape in small: input and output of one type, 6 features, 4 hidden neurons."""
    rng, fmt = np.random.default_rng(seed), Format.parse("Q1.11")
    nodes = [Node("features", MemoryTaps((0, 1), (2,), fmt), ("input",))]
    layers = (("hidden", 6, 4, "Q3.9", LeakyReLU(3)), ("output", 4, 2, "Q1.11", Linear()))
    for name, inputs, outputs, output, activation in layers:
        weight = rng.integers(fmt.lo, fmt.hi, (outputs, inputs), endpoint=True)
        bias = rng.integers(-(1 << 20), 1 << 20, outputs)
        nodes.append(Node(name, Dense(weight, bias, fmt, Format.parse(output), activation), (nodes[-1].name,)))
    return Net("small-bank", TensorType((2,), fmt), tuple(nodes))


def banks(number: int) -> list[Net]:
    return [small_bank(seed) for seed in range(1, number + 1)]


def test_every_scenario(simulator: str) -> None:
    cosimulate_shell(banks(2), 8, simulator)


def test_every_scenario_with_more_banks_than_nets() -> None:
    needs("verilator")
    cosimulate_shell(banks(3), 5, "verilator", samples=60, seed=7)


def test_fixed_weights() -> None:
    needs("verilator")
    cosimulate_shell(banks(1), 8, "verilator", WITHOUT_BANKS, fixed=True)


@pytest.mark.heavy
@pytest.mark.parametrize("interval", [1, 2, 3])
def test_every_scenario_of_a_pipeline(interval: int) -> None:
    needs("verilator")
    cosimulate_shell(banks(2), interval, "verilator", samples=160)
    cosimulate_shell(banks(1), interval, "verilator", WITHOUT_BANKS, fixed=True, samples=160)


def in_hardware(layer: str) -> bool:
    net = LAYERS[layer].example()
    return not has_frames(net)


@pytest.mark.parametrize("layer", sorted(filter(in_hardware, LAYERS)))
def test_streams_of_every_width(layer: str) -> None:
    """Containers of other widths, and samples that do not fill their stream."""
    needs("verilator")
    cosimulate_shell([LAYERS[layer].example()], 8, "verilator", WITHOUT_BANKS, fixed=True)


@pytest.mark.heavy
def test_a_predistorter_of_full_size() -> None:
    needs("verilator")
    scenarios = ("reset_values", "streams", "full_speed", "bank_swaps", "load_while_streaming", "saturation_flags")
    cosimulate_shell([tdnn("wide", seed) for seed in (1, 2, 3)], 16, "verilator", scenarios, samples=80)
