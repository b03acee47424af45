"""Noise as the command line knows it."""

from __future__ import annotations

import argparse

from bittrue.apps.noise.demonstration import DEMONSTRATION
from bittrue.apps.noise.generating import GENERATE
from bittrue.apps.noise.shelf import SHELF
from bittrue.apps.noise.training import TRAIN
from bittrue.kit.application import Application, Command, Option, Printed
from bittrue.kit.arguments import whole

DEFAULT = "stft-gan"
"""The recipe that is trained where none is named."""


def _make(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.noise.commands import make

    return make.run(arguments)


def _report(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.noise.commands import report

    return report.run(arguments)


def _package(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.noise.commands import package

    return package.run(arguments)


PACKAGE = Command(
    "a full-size GAN as integers, ROM files, a manifest and a report of where it fits",
    _package,
    (
        Option("run", "folder of a run, or the name of a GAN's recipe: its net with weights that are drawn"),
        Option("--bits", "of tensors and weights (default 8)", {"type": int, "choices": (8, 16), "default": 8}),
        Option("--output", "folder, made if need be", {"required": True, "metavar": "DIR"}, "-o"),
    ),
    ("bittrue noise package stft-gan -o build/stft-gan",),
    result=True,
)
MAKE = Command(
    "write sets of noise: stochastic processes and OFDM signals, in the public layout of HDF5 files",
    _make,
    (
        Option("names", "sets, such as FGN_fixed_H30, band3, FGN, SAS_uniform", {"nargs": "+", "metavar": "NAME"}),
        Option(
            "--output",
            "folder of all sets, made if need be (default Datasets)",
            {"default": "Datasets", "metavar": "DIR"},
            "-o",
        ),
        Option(
            "--count",
            "signals to train on (default 16384)",
            {"type": whole(1, 1 << 24), "default": 16_384, "metavar": "N"},
        ),
        Option("--test-count", "signals to test with (default a quarter)", {"type": whole(1, 1 << 24), "metavar": "N"}),
        Option(
            "--length",
            "samples of a signal (default 4096; OFDM has its own)",
            {"type": whole(2, 1 << 20), "metavar": "L"},
        ),
        Option(
            "--seed",
            "of the random numbers (default 0)",
            {"type": whole(0, (1 << 32) - 1), "default": 0, "metavar": "S"},
        ),
        Option(
            "--set",
            "parameter or setting of the process: H=0.3, H=uniform, H=multimodal, burst=50; may be repeated",
            {"action": "append", "metavar": "KEY=VALUE"},
        ),
        Option("--overwrite", "replace a set that was made with other settings", {"action": "store_true"}),
    ),
    (
        "bittrue noise make FGN_fixed_H30 band3 -o Datasets",
        "bittrue noise make FGN --set H=uniform --count 1000 --length 1024",
        "bittrue noise make mod16_iq_random_cp_long_128fft_rblocks1_subs36_evm-25",
    ),
    result=True,
)
REPORT = Command(
    "generators of noise",
    _report,
    (
        Option(
            "--data", "folder of the sets (default Datasets); a target that is not there is drawn", {"metavar": "DIR"}
        ),
        Option("--target", "what .npy files imitate, FGN/FGN_fixed_H70 say; or one for each, A,B", {"metavar": "NAME"}),
        Option("--signals", "of each set, compared (default 1024)", {"type": whole(16, 1 << 16), "metavar": "N"}),
        Option(
            "--nearby",
            "signals of each set whose warped distances say density and coverage (default 64; 0: leave them out)",
            {"type": whole(0, 1024), "metavar": "N"},
        ),
    ),
    ("bittrue report noise Model_Results/FGN/FGN_fixed_H70/2026-01-01_00-00-00",),
    result=True,
)

NOISE = Application(
    SHELF,
    DEFAULT,
    {"train": TRAIN, "report": REPORT},
    own={"make": MAKE, "generate": GENERATE, "package": PACKAGE},
    demonstration=DEMONSTRATION,
)
