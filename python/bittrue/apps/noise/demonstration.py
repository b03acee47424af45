"""``bittrue demo-data``: the samples that the demo of a noise source on the board is compared with."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bittrue.check.generating import Wanted, generated
from bittrue.check.legs import Options
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.kit.application import Demonstration, Option, Printed, Result
from bittrue.kit.arguments import whole
from bittrue.limits import take
from bittrue.lower.source_shell import source_hash
from bittrue.spec import Net, source_store
from bittrue.spec.source import Parameter, Source

FILE = "demo.npz"
FORMAT, VERSION = "bittrue-demo-noise", 1
SAMPLES, STEPS, SEED = 16_384, 9, 1
"""Of every value of the parameter; values where its range does not name them; seed."""
GAIN = 1.0


def values_of(parameter: Parameter) -> list[float]:
    """What the demo turns through, ascending: whole numbers, where the range has 2 to 16 of them from end to end, else
    `STEPS` values from end to end, on the grid of the codes."""
    low, high = parameter.value(parameter.low), parameter.value(parameter.high)
    if low.is_integer() and high.is_integer() and 1 <= high - low <= 15:
        return [float(k) for k in range(int(low), int(high) + 1)]
    span = parameter.high - parameter.low
    codes = dict.fromkeys(parameter.low + span * k // (STEPS - 1) for k in range(STEPS))
    return [parameter.value(code) for code in codes]


def content(source: Source, samples: int = SAMPLES) -> tuple[bytes, list[float], int]:
    """The file, as `bittrue.board.demo.noise.bundle` reads it; the values; samples of each, whole frames.

    Raises `BadInput` for a source with several output channels, which has no one spectrum, and where it takes more
    memory than a command may.
    """
    net = source.net
    if net.output.shape[0] != 1 or len(net.output.shape) != 2:
        raise BadInput(f"source {net.name} gives {net.output}; the demo shows a signal of one channel, (1, samples)")
    name, (parameter, _) = next(iter(source.settings.items()), ("", (None, None)))
    values = values_of(parameter) if parameter is not None else [0.0]
    length = -(-samples // source.samples) * source.samples
    take(16 * len(values) * length, f"{len(values)} x {length:,} samples of the demo")
    rows = [
        generated(
            Wanted(source, 1, length, SEED, 0, {name: value} if name else {}, GAIN), "ref", Options(), codes=True
        )[0]
        for value in values
    ]
    about = {
        "format": FORMAT,
        "version": VERSION,
        "net": net.name,
        "hash": source_hash(source),
        "parameter": name,
        "seed": SEED,
        "samples": source.samples,
        "bits": net.output.format.bits,
        "frac": net.output.format.frac,
    }
    buffer = io.BytesIO()
    expected = np.stack(rows).astype(np.int32)
    np.savez_compressed(buffer, about=np.array(json.dumps(about)), values=np.array(values), expected=expected)
    return buffer.getvalue(), values, length


def check(banks: Mapping[str, Net]) -> None:
    """Nothing: what can be shown is asked of the source, by `write`."""


def write(folder: Path, banks: Mapping[str, Net], arguments: argparse.Namespace) -> Printed:
    """Write demo.npz and say what is in it."""
    source = source_store.load(arguments.nets[0])
    data, values, length = content(source, arguments.samples or SAMPLES)
    path = folder / FILE
    write_whole(path, data)
    yield f"{path}: {len(values)} settings, {length:,} samples of each"
    yield Result({"values": values, "samples": length}, [path])


DEMONSTRATION = Demonstration(
    "noise sources",
    lambda net: True,
    check,
    write,
    (
        Option(
            "--samples",
            f"of noise: samples of every setting (default {SAMPLES})",
            {"type": whole(1, 1 << 22), "metavar": "N"},
        ),
    ),
    ("bittrue demo-data my-noise-source -o build/demo/overlay",),
    sources=True,
)
"""What the demo of a noise source on the board needs of the PC."""
