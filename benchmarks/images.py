"""Time and memory of layers on images: the reference and the C against torch's float32 layers of the same shapes.

    python benchmarks/images.py [--channels 64] [--size 128]

One sample at a time on one core. Times are the smallest of several calls, in milliseconds of processor time, so that
other work on the machine matters little; only the ratios are worth quoting. The memory of a run of the reference is
the most that NumPy holds at once during it, beside the two largest tensors in the words that it keeps them in.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from bittrue import ref
from bittrue.cosim.c_model import CModel
from bittrue.num import Format
from bittrue.ref.words import words
from bittrue.spec import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Layer,
    MaxPool2d,
    Net,
    Node,
    ReLU,
    TensorType,
)

CALLS, SECONDS = 5, 1.0
INT8 = Format.parse("Q1.7")


@dataclass(frozen=True)
class Case:
    """One layer on one image: as bittrue has it, and as torch has it."""

    name: str
    layer: Layer
    module: nn.Module


def cases(channels: int) -> list[Case]:
    """The layers, with random weights whose results rarely saturate."""
    rng, full = np.random.default_rng(1), channels

    def weights(*shape: int) -> tuple[object, ...]:
        terms = int(np.prod(shape[1:]))
        codes = rng.integers(-128, 128, shape), rng.integers(-9000, 9000, shape[0])
        return *codes, INT8, Format(8, 8 - terms.bit_length() // 2), ReLU()

    square = Conv2d(*weights(full, full, 3, 3), 1)
    halving = Conv2d(*weights(full, full, 3, 3), 1, stride=2)
    deep = Conv2d(*weights(full, 1, 3, 3), 1, groups=full)
    point = Conv2d(*weights(full, full, 1, 1))
    doubling = ConvTranspose2d(*weights(full, full, 3, 3), 2, 1, 1)
    return [
        Case("3x3", square, nn.Conv2d(full, full, 3, padding=1)),
        Case("3x3, stride 2", halving, nn.Conv2d(full, full, 3, padding=1, stride=2)),
        Case("3x3, depthwise", deep, nn.Conv2d(full, full, 3, padding=1, groups=full)),
        Case("1x1", point, nn.Conv2d(full, full, 1)),
        Case("3x3, transposed, stride 2", doubling, nn.ConvTranspose2d(full, full, 3, 2, 1, 1)),
        Case("largest of 2x2", MaxPool2d(2, 2), nn.MaxPool2d(2)),
        Case("mean of 2x2", AvgPool2d(2, 2), nn.AvgPool2d(2)),
    ]


def milliseconds(run: Callable[[], object]) -> float:
    """The smallest processor time of some calls."""
    run()
    best, began, calls = float("inf"), time.process_time(), 0
    while calls < CALLS or time.process_time() - began < SECONDS:
        start = time.process_time()
        run()
        best, calls = min(best, time.process_time() - start), calls + 1
    return best * 1e3


def peak(run: Callable[[], object]) -> int:
    """Most bytes that a call holds at once, as NumPy and Python count them."""
    run()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def chain(channels: int, size: int, layers: int) -> Net:
    """So many 3x3 convolutions one after the other, whose tensors are all of one size."""
    rng, nodes = np.random.default_rng(2), []
    for k in range(layers):
        weight, bias = rng.integers(-128, 128, (channels, channels, 3, 3)), rng.integers(-9000, 9000, channels)
        nodes.append(Node(f"n{k}", Conv2d(weight, bias, INT8, INT8, ReLU(), 1), nodes[-1].name if nodes else "input"))
    return Net("chain", TensorType((channels, size, size), INT8), tuple(nodes))


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--size", type=int, default=128, help="rows and columns of the image")
    options = parser.parse_args()
    torch.set_num_threads(1)
    shape = (options.channels, options.size, options.size)
    table = Table("layer", "torch, ms", "ref, ms", "of torch", "C, ms", "of torch", title=" x ".join(map(str, shape)))
    codes = np.random.default_rng(3).integers(-128, 128, (1, *shape)).astype(np.int8)
    values = torch.from_numpy(codes.astype(np.float32))
    for case in cases(options.channels):
        net = Net("one", TensorType(shape, INT8), (Node("layer", case.layer, "input"),))
        model, module = CModel(net), case.module.eval()
        if not np.array_equal(model.run(codes), ref.run(net, codes)):
            raise SystemExit(f"{case.name}: the C differs from the reference")
        with torch.no_grad():
            times = [milliseconds(lambda m=module: m(values))]
        times += [milliseconds(lambda n=net: ref.run(n, codes)), milliseconds(lambda m=model: m.run(codes))]
        given, ours, c = times
        table.add_row(case.name, *(f"{x:.2f}" for x in (given, ours, ours / given, c, c / given)))
    console = Console()
    console.print(table)
    table = Table("3x3 layers", "two largest tensors, MiB", "peak of ref, MiB", "state of C, MiB")
    for layers in (1, 2, 4, 8):
        net = chain(options.channels, options.size, layers)
        largest = sorted(t.elements * words(t.format).itemsize for t in net.types.values())[-2:]
        sizes = sum(largest), peak(lambda n=net: ref.run(n, codes)), CModel(net).state_bytes
        table.add_row(str(layers), *(f"{size / 2**20:.1f}" for size in sizes))
    console.print(table)


if __name__ == "__main__":
    main()
