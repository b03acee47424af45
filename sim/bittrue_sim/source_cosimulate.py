"""A source's Verilog against the reference in a cocotb bench."""

from __future__ import annotations

from collections.abc import Mapping

import numpy.typing as npt

from bittrue.cosim.source_model import SourceBench
from bittrue.cosim.stalls import Stalls
from bittrue.ref.source import run_source
from bittrue.spec.source import Source
from bittrue_sim import runner
from bittrue_sim.cosimulate import BenchResult, compare


def cosimulate_source(
    source: Source,
    interval: int | None,
    simulator: str,
    seed: int,
    numbers: npt.ArrayLike,
    settings: Mapping[str, int],
    gain: int,
    stalls: Stalls | None = None,
) -> BenchResult:
    """Run the frames of these ``numbers`` and compare them with `bittrue.ref.source.run_source`.

    ``interval`` is the number of clocks a frame (`bittrue.cost.default_source_interval`), ``simulator`` is
    ``"verilator"`` or ``"icarus"``, ``settings`` are codes of the parameters. Errors as of
    `bittrue_sim.cosimulate.cosimulate`.
    """
    runner.require(simulator)
    bench = SourceBench(source, interval)
    words = {bench.setup: bench.words(seed, numbers, settings, gain)}
    expected = {bench.output: run_source(source, seed, numbers, settings, gain)}
    return compare(bench.sources(), bench.module, simulator, words, expected, stalls, patience=bench.patience)
