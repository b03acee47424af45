"""``bittrue noise generate``: signals of a noise source as a file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from io import BytesIO

import numpy as np

from bittrue.apps.noise import lapped
from bittrue.check.generating import SAMPLES, SEED_BITS, Wanted, generated
from bittrue.check.legs import LEGS, Options
from bittrue.errors import BadInput, shown
from bittrue.files import check_target, write_whole
from bittrue.kit.application import Command, Option, Printed, Result
from bittrue.kit.arguments import whole
from bittrue.lower.fold import MAX_INTERVAL, MIN_INTERVAL
from bittrue.spec.source import START_BITS
from bittrue.spec.source_store import load


def settings(given: Sequence[str]) -> dict[str, float]:
    """Values of parameters by name, from texts ``NAME=VALUE``. Raises `BadInput` for others, and for a name twice."""
    found: dict[str, float] = {}
    for text in given:
        name, sign, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            sign = ""
        if not sign or not name:
            raise BadInput(f"--set {shown(text)} is no setting; give NAME=VALUE, such as H=0.3")
        if name in found:
            raise BadInput(f"--set names {shown(name)} twice; leave one of them")
        found[name] = number
    return found


def run(arguments: argparse.Namespace) -> Printed:
    """Generate, write, and say what was written."""
    check_target(arguments.output, (".npy",))
    source = load(arguments.net)
    values = settings(arguments.set or [])
    wanted = Wanted(
        source, arguments.count, arguments.length or 0, arguments.seed, arguments.start, values, arguments.gain
    )
    if arguments.waveform:
        _check_spectrogram(wanted, arguments.codes)
    found = generated(wanted, arguments.leg, Options(arguments.interval), codes=arguments.codes)
    if arguments.waveform:
        found = lapped.waveform(lapped.joined(found, wanted.source.net.output.shape))
    buffer = BytesIO()
    np.save(buffer, found, allow_pickle=False)
    write_whole(arguments.output, buffer.getvalue())
    fmt = source.net.output.format
    known = {name: given.value(wanted.codes[name]) for name, (given, _) in source.settings.items()}
    said = "".join(f", {name} {value:g}" for name, value in known.items())
    kind = f"codes of {fmt}" if arguments.codes else "waveforms, float64" if arguments.waveform else "float64"
    yield f"{arguments.output}: {found.shape}, {kind}, of {source.net.name}, seed {arguments.seed}{said}"
    numbers = {"net": source.net.name, "shape": list(found.shape), "codes": arguments.codes, "seed": arguments.seed}
    yield Result(numbers | {"parameters": known}, [arguments.output])


def _check_spectrogram(wanted: Wanted, codes: bool) -> None:
    """Raises `BadInput` where what is wanted has no waveform."""
    net = wanted.source.net
    if codes:
        raise BadInput("--waveform computes floats, and --codes asks for integers; leave one of them out")
    if len(net.output.shape) != 3 or net.output.shape[0] != 2:
        raise BadInput(
            f"--waveform is for nets that give spectrograms, 2 x rows x times; {net.name} gives {net.output}"
        )
    if wanted.length % wanted.source.samples:
        raise BadInput(
            f"--length is {wanted.length}; with --waveform give a multiple of {wanted.source.samples}, an image's"
        )


GENERATE = Command(
    "signals of a noise source, the same samples as its hardware gives",
    run,
    (
        Option("net", "folder of a net with source.json, or the name of one that comes with bittrue"),
        Option("--count", "so many signals (default 1)", {"type": whole(1, SAMPLES), "default": 1, "metavar": "N"}),
        Option("--length", "samples of a signal (default a frame)", {"type": whole(1, SAMPLES), "metavar": "L"}),
        Option(
            "--seed",
            "0 to 2^64 - 1 (default 0)",
            {"type": whole(0, (1 << SEED_BITS) - 1), "default": 0, "metavar": "S"},
        ),
        Option(
            "--start",
            "number of the first frame (default 0)",
            {"type": whole(0, (1 << START_BITS) - 1), "default": 0, "metavar": "F"},
        ),
        Option("--set", "value of a parameter, H=0.3; may be given again", {"action": "append", "metavar": "P=V"}),
        Option("--gain", "a factor of -8 to below 8 (default the source's)", {"type": float, "metavar": "G"}),
        Option("--codes", "integer codes of the output's format, instead of values", {"action": "store_true"}),
        Option(
            "--waveform",
            "of a net that gives spectrograms: signals (N, L), by the inverse lapped transform in float",
            {"action": "store_true"},
        ),
        Option("--leg", "what computes it (default ref)", {"choices": tuple(LEGS), "default": "ref"}),
        Option(
            "--interval",
            "clocks a frame of the hardware, with --leg rtl",
            {"type": whole(MIN_INTERVAL, MAX_INTERVAL), "metavar": "I"},
        ),
        Option("--output", "(N, L), with several channels (N, C, L)", {"required": True, "metavar": "X.npy"}, "-o"),
    ),
    (
        "bittrue noise generate my-net --count 16 --length 4096 --seed 1 --set H=0.3 -o noise.npy",
        "bittrue noise generate my-net --length 65536 --codes --leg c -o noise.npy",
    ),
    result=True,
)
