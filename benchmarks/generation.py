"""Time in which Verilog of one wide Dense layer is printed, as ratios from one run.

    python benchmarks/generation.py [INPUTS ...] [--interval I]

CPU time, of Amaranth and of Yosys; machines differ, so only the ratios are worth quoting: twice the inputs, twice the
time and the text.
"""

from __future__ import annotations

import argparse
import resource

import numpy as np

import bittrue_rtl
from bittrue.num import Format
from bittrue.spec import Dense, Net, Node, TensorType


def dense(inputs: int) -> Net:
    """A layer of 4 outputs."""
    given, rng = Format.parse("Q1.7"), np.random.default_rng(0)
    layer = Dense(rng.integers(-99, 99, (4, inputs)), np.zeros(4, np.int64), given, Format.parse("Q5.3"))
    return Net("dense", TensorType((inputs,), given), (Node("fc", layer, ("input",)),))


def seconds() -> float:
    """CPU time of this process and those that it has started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in used)


def main() -> None:
    """Print a row for each number of inputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", type=int, nargs="*", default=[250, 500, 1000, 2000])
    parser.add_argument("--interval", type=int, default=8)
    arguments = parser.parse_args()
    before: tuple[float, int] | None = None
    for inputs in arguments.inputs:
        began = seconds()
        lines = bittrue_rtl.verilog(dense(inputs), arguments.interval).verilog.count("\n")
        spent = seconds() - began
        ratios = f"  {spent / before[0]:.2f} x time, {lines / before[1]:.2f} x text" if before else ""
        print(f"{inputs:6,} inputs  {spent:7.1f} s  {lines:9,} lines{ratios}", flush=True)
        before = spent, lines


if __name__ == "__main__":
    main()
