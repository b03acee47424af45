"""Lanes of image networks in hardware at three intervals, beside the bound of their multiplications.

    python benchmarks/hardware.py [--simulate]

Two nets with random weights: filters over a 16 x 128 x 128 image with a pool, and a generator that makes an image of
64 x 64 from a vector of 1,024 by transposed filters. By formula (`bittrue.cost`); with --simulate the Verilog of both
is also run on two whole samples, at the second interval, and every tensor compared with the reference.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from bittrue import ref
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cost import cost
from bittrue.num import Format
from bittrue.spec import Conv2d, ConvTranspose2d, MaxPool2d, Net, Node, ReLU, Reshape, TensorType

INT8, OUT = Format.parse("Q1.7"), Format(8, 3)
SEED = 1


def image() -> Net:
    """Four convolutions and a pool over 16 channels of 128 x 128."""
    rng = np.random.default_rng(SEED)

    def conv(filters: int, channels: int, size: int) -> Conv2d:
        weight = rng.integers(-128, 128, (filters, channels, size, size))
        return Conv2d(weight, rng.integers(-9000, 9000, filters), INT8, OUT, ReLU(), padding=(size // 2,) * 2)

    nodes = (
        Node("conv1", conv(16, 16, 3), ("input",)),
        Node("conv2", conv(16, 16, 3), ("conv1",)),
        Node("pool", MaxPool2d((2, 2), (2, 2)), ("conv2",)),
        Node("conv3", conv(32, 16, 3), ("pool",)),
        Node("conv4", conv(8, 32, 1), ("conv3",)),
    )
    return Net("image", TensorType((16, 128, 128), INT8), nodes)


def generator() -> Net:
    """Three transposed convolutions, 5 x 5 with stride 2, from 8 x 8 to 64 x 64."""
    rng = np.random.default_rng(SEED)

    def twice(filters: int, channels: int) -> ConvTranspose2d:
        weight = rng.integers(-128, 128, (filters, channels, 5, 5))
        biases = rng.integers(-9000, 9000, filters)
        return ConvTranspose2d(weight, biases, INT8, OUT, ReLU(), (2, 2), (2, 2), (1, 1))

    nodes = (
        Node("seed", Reshape((16, 8, 8)), ("input",)),
        Node("to16", twice(16, 16), ("seed",)),
        Node("to32", twice(8, 16), ("to16",)),
        Node("to64", twice(1, 8), ("to32",)),
    )
    return Net("generator", TensorType((1024,), INT8), nodes)


NETS = ((image, (1 << 19, 1 << 20, 1 << 21)), (generator, (51200, 102400, 204800)))


def main() -> None:
    """Print the table, and simulate where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulate", action="store_true", help="also run the Verilog of both nets on two samples")
    asked, out = parser.parse_args(), Console()
    table = Table(
        "net", "clocks a sample", "multiplications", "lanes at least", "DSP48E1", "useful", "RAMB18", "latency"
    )
    for make, intervals in NETS:
        for interval in intervals:
            found = cost(make(), interval)
            bound = found.macs / found.interval
            figures = (found.macs, f"{bound:.2f}", found.dsps, f"{100 * found.utilisation:.1f} %")
            table.add_row(
                make.__name__, f"{found.interval:,}", *map(str, figures), str(found.ramb18), f"{found.latency:,}"
            )
    out.print(table)
    for make, intervals in NETS if asked.simulate else ():
        net, start = make(), time.perf_counter()
        given = np.random.default_rng(SEED).integers(INT8.lo, INT8.hi, (2, *net.input.shape), endpoint=True)
        found, wanted = RtlModel(net, intervals[1]).taps(given), ref.taps(net, given)
        wrong = sum(int((found[name] != wanted[name]).sum()) for name in wanted)
        words = sum(values.size for values in wanted.values())
        out.print(f"{net.name}: {words:,} words compared, {wrong} differ, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
