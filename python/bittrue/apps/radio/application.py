"""Radio maps as the command line knows them."""

from __future__ import annotations

import argparse

from bittrue.apps.radio.commands.demo_data import DEMONSTRATION
from bittrue.apps.radio.commands.predict import PREDICT
from bittrue.apps.radio.commands.tile import TILE
from bittrue.apps.radio.commands.train import TRAIN
from bittrue.apps.radio.shelf import DEFAULT, SHELF
from bittrue.kit.application import Application, Command, Option, Printed
from bittrue.kit.arguments import whole


def _make(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.radio.commands import make

    return make.run(arguments)


def _report(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.radio.commands import report

    return report.run(arguments)


def _diagrams(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.radio.commands import diagrams

    return diagrams.run(arguments)


def _sample(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.radio.commands import sample

    return sample.run(arguments)


def _package(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.radio.commands import package

    return package.run(arguments)


REPORT = Command(
    "radio nets, folders of predicted radio maps, or the word baselines",
    _report,
    (
        Option("--data", "folder of radio maps (default: found)", {"metavar": "DIR"}),
        Option("--name", "published name of data (default radio, that is DPM)", {"metavar": "NAME"}),
        Option(
            "--split",
            "test (default), val, train, all, published-test ..., or map numbers: 11-37, 11",
            {"metavar": "S"},
        ),
        Option("--train", "split that the baselines are fitted on (default train)", {"metavar": "S"}),
        Option("--most", "most maps that are judged (default 200)", {"type": whole(1, 100_000), "metavar": "N"}),
    ),
    ("bittrue report radio baselines --data build/cities -o radio.html",),
    result=True,
)
MAKE = Command(
    "make synthetic cities and their radio maps, in the layout of RadioMapSeer",
    _make,
    (
        Option(
            "--output", "folder for the maps; made if need be, gone on with", {"required": True, "metavar": "DIR"}, "-o"
        ),
        Option("--maps", "cities (default 70)", {"type": whole(1, 100_000), "default": 70, "metavar": "N"}),
        Option("--transmitters", "in each city (default 8)", {"type": whole(1, 80), "default": 8, "metavar": "T"}),
        Option(
            "--seed", "of everything that is drawn (default 0)", {"type": whole(0, 10**9), "default": 0, "metavar": "S"}
        ),
        Option(
            "--models",
            "DPM, IRT2, IRT4, carsDPM, carsIRT2, carsIRT4, separated by commas (default DPM)",
            {"default": "DPM", "metavar": "A,B"},
        ),
        Option(
            "--first", "number of the first city (default 1)", {"type": whole(0, 900_000), "default": 1, "metavar": "N"}
        ),
        Option("--missing", "also pictures with one to four buildings missing", {"action": "store_true"}),
        Option("--k2", "also the k2 picture of every map", {"action": "store_true"}),
    ),
    (
        "bittrue radio make -o build/cities --maps 100 --transmitters 80",
        "bittrue radio make -o build/cars --models DPM,IRT2,carsDPM --missing",
    ),
    result=True,
)

DIAGRAMS = Command(
    "draw eight pictures of a training configuration, PNG of 1920 x 1080 pixels and SVG",
    _diagrams,
    (
        Option("--cfg", "yaml file, or first_radio, radio_train_m", {"required": True, "metavar": "FILE|NAME"}),
        Option("--output", "folder for the pictures; made if need be", {"required": True, "metavar": "DIR"}, "-o"),
    ),
    ("bittrue radio diagrams --cfg radio_train_m -o build/diagrams",),
    result=True,
)

SAMPLE = Command(
    "draw maps by a trained diffusion model, one file a map",
    _sample,
    (
        Option("run_folder", "results folder of the model", {"metavar": "RUN"}),
        Option("--output", "folder for the maps", {"required": True, "metavar": "DIR"}, "-o"),
        Option("--data", "folder of radio maps (default: that it was trained on)", {"metavar": "DIR"}),
        Option("--split", "test (default), val, train, all, or map numbers as 11-37", {"metavar": "S"}),
        Option("--most", "most maps that are drawn (default 200)", {"type": whole(1, 100_000), "metavar": "N"}),
        Option("--steps", "of the sampler (default: the configuration's)", {"type": whole(1, 10_000), "metavar": "N"}),
        Option("--seed", "of the noise (default 0)", {"type": whole(0, 10**9), "default": 0, "metavar": "S"}),
        Option("--checkpoint", "file of weights (default: the last)", {"metavar": "FILE"}),
    ),
    ("bittrue radio sample build/radio/ldm -o build/drawn --most 40",),
    result=True,
)

PACKAGE = Command(
    "a published model as integer tensors, a memory file, a C header, a manifest and a report of where it fits",
    _package,
    (
        Option("run", "results folder of a run, or first_radio, radio_train_m: the model with weights that are drawn"),
        Option("--bits", "of a word (default 8)", {"type": int, "choices": (8, 16), "default": 8}),
        Option("--output", "folder, made if need be", {"required": True, "metavar": "DIR"}, "-o"),
    ),
    ("bittrue radio package first_radio -o build/first-radio",),
    result=True,
)

RADIO = Application(
    SHELF,
    DEFAULT,
    {"train": TRAIN, "report": REPORT},
    own={"make": MAKE, "diagrams": DIAGRAMS, "predict": PREDICT, "sample": SAMPLE, "package": PACKAGE, "tile": TILE},
    demonstration=DEMONSTRATION,
)
"""``bittrue radio``: made cities, predicted and drawn maps; ``train``: the models; ``report``: predictions judged."""
