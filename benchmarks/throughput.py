"""Samples per second of every way to execute one net, as ratios from one run.

    python benchmarks/throughput.py [NET] [--interval I]

Machines are noisy, so only the ratio column is worth quoting: each row is divided by the reference of the same run.
Compiling is not counted; every row runs until it has used about two seconds.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from bittrue import ref, spec
from bittrue.cost import default_interval
from bittrue.errors import BadInput

BUDGET = 2.0
Codes = npt.NDArray[np.int64]
Row = tuple[str, int, float]


def measure(name: str, run: Callable[[Codes], float | None], codes: Codes, start: int) -> Row:
    """``(name, samples, seconds)``: the sample count grows until a run takes long enough.

    ``run`` may return the seconds it wants counted, for instance without the start of a simulator.
    """
    samples = start
    while True:
        x = np.resize(codes, (samples, *codes.shape[1:]))
        began = time.perf_counter()
        counted = run(x)
        seconds = counted if counted is not None else time.perf_counter() - began
        if seconds > BUDGET / 2:
            return name, samples, seconds
        samples = int(samples * min(16.0, max(2.0, BUDGET / max(seconds, 1e-3))))


def amaranth_simulation(net: spec.Net, interval: int) -> Callable[[Codes], float]:
    """A runner on Amaranth's own simulator that also compares the output with the reference."""
    from amaranth.sim import Simulator

    from bittrue_rtl.network import Network

    def run(codes: Codes) -> float:
        network, expected = Network(net, interval), ref.run(net, codes)
        simulator = Simulator(network)
        simulator.add_clock(1e-8)

        async def source(ctx):  # type: ignore[no-untyped-def]
            ctx.set(network.i.valid, 1)
            for column in columns(codes):
                ctx.set(network.i.payload, [int(code) for code in column])
                await ctx.tick().until(network.i.ready)
            ctx.set(network.i.valid, 0)

        async def sink(ctx):  # type: ignore[no-untyped-def]
            ctx.set(network.o.ready, 1)
            for n, words in enumerate(columns(expected)):
                (payload,) = await ctx.tick().sample(network.o.payload).until(network.o.valid)
                found = [payload[k] for k in range(len(words))]
                if found != [int(word) for word in words]:
                    raise SystemExit(f"Amaranth's simulator differs at transfer {n}: {found} is not {list(words)}")

        simulator.add_testbench(source, background=True)
        simulator.add_testbench(sink)
        began = time.perf_counter()
        simulator.run()
        return time.perf_counter() - began

    return run


def columns(codes: Codes) -> Codes:
    """Transfers one after the other: vectors as they are, frames column by column."""
    return codes if codes.ndim == 2 else codes.swapaxes(1, 2).reshape(-1, codes.shape[1])


def runners(net: spec.Net, interval: int) -> list[tuple[str, Callable[[], Callable[[Codes], float | None]], int]]:
    """``(name, maker, first sample count)`` of everything that can execute the net."""

    def torch_leg() -> Callable[[Codes], None]:
        try:
            import torch
        except ImportError:
            raise BadInput("torch is not installed") from None
        from bittrue import qat

        torch.set_num_threads(1)
        return lambda codes: qat.run(net, codes) is None or None

    def c_leg() -> Callable[[Codes], None]:
        from bittrue.cosim.c_model import CModel

        model = CModel(net)
        return lambda codes: model.run(codes) is None or None

    def rtl_leg() -> Callable[[Codes], None]:
        from bittrue.cosim.rtl_model import RtlModel

        model = RtlModel(net, interval)
        model.run(np.zeros((1, *net.input.shape), np.int64))
        return lambda codes: model.run(codes) is None or None

    def cocotb_leg(simulator: str) -> Callable[[], Callable[[Codes], float]]:
        from bittrue_sim.cosimulate import cosimulate

        return lambda: lambda codes: cosimulate(net, interval, simulator, codes, probes=False).seconds

    return [
        ("ref (NumPy)", lambda: lambda codes: ref.run(net, codes) is None or None, 4096),
        ("torch, one thread", torch_leg, 4096),
        ("C, -O3", c_leg, 4096),
        ("co-simulation (Verilator)", rtl_leg, 1024),
        ("cocotb + Verilator", cocotb_leg("verilator"), 256),
        ("cocotb + Icarus", cocotb_leg("icarus"), 16),
        ("Amaranth simulator", lambda: amaranth_simulation(net, interval), 8),
    ]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    weights = Path(__file__).parents[1] / "weights" / "tdnn-wide"
    parser.add_argument("net", nargs="?", default=weights, help="net folder")
    parser.add_argument("--interval", type=int, help="clocks a sample of the RTL rows; the usual one if not given")
    arguments = parser.parse_args()
    net = spec.load(arguments.net)
    interval, frames = arguments.interval or default_interval(net), len(net.input.shape) > 1
    fmt = net.input.format
    codes = np.random.default_rng(1).integers(fmt.lo, fmt.hi, (4096, *net.input.shape), endpoint=True)
    console, rows = Console(), []
    for name, make, start in runners(net, interval):
        try:
            with console.status(name):
                rows.append(measure(name, make(), codes, max(4, start // 128) if frames else start))
        except BadInput as error:
            console.print(f"skipped {name}: {error}")
    table = Table(title=f"{net.name}, interval {interval}, full-range random input, seed 1")
    for header in ("engine", "samples", "samples/s", "of ref", "kclocks/s"):
        table.add_column(header, justify="left" if header == "engine" else "right")
    baseline = rows[0][1] / rows[0][2]
    for name, samples, seconds in rows:
        rate = samples / seconds
        clocks = f"{rate * interval / 1e3:,.1f}" if rows.index((name, samples, seconds)) > 2 else "-"
        table.add_row(name, f"{samples:,}", f"{rate:,.0f}", f"{rate / baseline:.2g}", clocks)
    console.print(table)


if __name__ == "__main__":
    main()
