"""Nets whose C the tests compile, and programs around it."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np

from bittrue.emit.c import write_sources
from bittrue.lower.ports import container_bits, module_name
from bittrue.num import Format
from bittrue.spec import (
    Add,
    AvgPool2d,
    ComplexFIR,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Interleave,
    LeakyReLU,
    MemoryTaps,
    Mul,
    Net,
    Node,
    ReLU,
    Sub,
    Table,
    TensorType,
    Term,
    Upsample,
)

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")
"""The printed C must be warning-free under these."""


def everything() -> Net:
    """All layers in one net, with narrow words, a negative shift, and int32 and int64 accumulators."""
    rng = np.random.default_rng(1)
    x, w, h = Format(13, 11), Format(9, 10), Format(7, 3)
    fir = ComplexFIR(
        (Term(0, (0, 4)), Term(3, (1,))), rng.integers(-256, 256, (3, 2)), w, Format(12, 9), Format(20, 17)
    )
    dense1 = Dense(rng.integers(-256, 256, (5, 12)), rng.integers(-(1 << 20), 1 << 20, 5), w, h, LeakyReLU(3))
    dense2 = Dense(np.full((2, 5), -(1 << 30)), np.array([1 << 40, -(1 << 40)]), Format(31, 20), Format(40, 34), ReLU())
    nodes = (
        Node("taps", MemoryTaps((0, 2, 5), (4, 1), Format(14, 14)), ("input",)),
        Node("first", dense1, ("taps",)),
        Node("tanh", Table.tabulate(math.tanh, h, Format(8, 7)), ("first",)),
        Node("second", dense2, ("tanh",)),
        Node("fir", fir, ("input",)),
        Node("sum", Add(Format(16, 12)), ("second", "fir", "input")),
    )
    return Net("every-thing", TensorType((2,), x), nodes)


def images() -> Net:
    """Convolutions of every kind behind each other: gathered in groups with some windows left over, in 64 bits, without
    gathering; phases that begin inside the frame; branches that meet."""
    rng = np.random.default_rng(2)
    x, w, h = Format(13, 11), Format(9, 10), Format(7, 3)

    def weights(*shape: int, fmt: Format = w):
        return rng.integers(fmt.lo, fmt.hi, shape), rng.integers(-(1 << 14), 1 << 14, shape[0]), fmt

    nodes = (
        Node("grouped", Conv2d(*weights(8, 2, 3, 2), h, ReLU(), (1, (2, 3)), (1, 2), 2, (1, 2)), "input"),
        Node("wider", ConvTranspose2d(*weights(4, 8, 2, 3), h, LeakyReLU(2), (2, 3), (2, 4), (1, 0)), "grouped"),
        Node("deep", Conv2d(*weights(4, 1, 3, 3), h, "abs", 1, groups=4), "wider"),
        Node("long", Conv2d(*weights(4, 4, 1, 1, fmt=Format(30, 20)), Format(40, 26)), "deep"),
        Node("times", Mul(Format(20, 12)), ("wider", "deep")),
        Node("less", Sub(Format(11, 8)), ("long", "times", "wider")),
        Node("mean", AvgPool2d((2, 3), (1, 2)), "less"),
        Node("phases", Interleave((2, 1)), "mean"),
        Node("large", Upsample((1, 2)), "phases"),
        Node("both", Concat(), ("large", "large")),
    )
    return Net("images", TensorType((4, 4, 7), x), nodes)


def unmet() -> Net:
    """A transposed convolution whose windows lie between the inputs of one axis: all results are the bias alone."""
    weight, fmt = np.arange(-6, 6).reshape(2, 2, 1, 3), Format(8, 7)
    layer = ConvTranspose2d(weight, np.array([9000, -7000]), fmt, fmt, "abs", (3, 1), (1, 0), (2, 0))
    return Net("unmet", TensorType((2, 1, 4), fmt), [Node("alone", layer, "input")])


def present() -> Net:
    """A layer that could look back and does not: its line holds one sample."""
    fmt = Format(10, 9)
    return Net("present", TensorType((2,), fmt), [Node("taps", MemoryTaps((0,), (1,), fmt), "input")])


def containers(net: Net, n: int, seed: int) -> np.ndarray:
    """Every word of the input's C type, codes or not, the extremes first."""
    kind = np.iinfo(f"int{container_bits(net.input.format)}")
    x = np.random.default_rng(seed).integers(kind.min, kind.max, (n, *net.input.shape), dtype=np.int64, endpoint=True)
    x[0:20], x[20:40] = kind.min, kind.max
    return x.astype(kind.dtype)


def build(net: Net, folder: Path, main: str, *flags: str, compiler: str = "cc") -> Path:
    """An executable of the printed sources and a main program."""
    write_sources(net, folder)
    (folder / "main.c").write_text(main)
    command = [compiler, *flags, "-o", "main", "main.c", f"{module_name(net)}.c"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return folder / "main"


FILTER = """
#include "MODULE.h"

#include <stdio.h>

static MODULE_state state;

/* Reads samples from stdin and writes results to stdout: the first 50 by step, the others by run. */
int main(void)
{
    INPUT_TYPE in[60 * PREFIX_INPUT_SIZE];
    OUTPUT_TYPE out[60 * PREFIX_OUTPUT_SIZE];
    size_t n, t, done = 0;

    MODULE_init(&state);
    while ((n = fread(in, sizeof in[0] * PREFIX_INPUT_SIZE, done < 50 ? 1 : 60, stdin)) > 0) {
        for (t = 0; done < 50 && t < n; t++) {
            MODULE_step(&state, in + t * PREFIX_INPUT_SIZE, out + t * PREFIX_OUTPUT_SIZE);
        }
        if (done >= 50) {
            MODULE_run(&state, n, in, out);
        }
        done += n;
        fwrite(out, sizeof out[0] * PREFIX_OUTPUT_SIZE, n, stdout);
    }
    return 0;
}
"""


def filter_program(net: Net) -> str:
    kinds = [f"int{container_bits(t.format)}_t" for t in (net.input, net.output)]
    text = FILTER.replace("INPUT_TYPE", kinds[0]).replace("OUTPUT_TYPE", kinds[1])
    return text.replace("MODULE", module_name(net)).replace("PREFIX", module_name(net).upper())
