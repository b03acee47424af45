"""Predistorters and amplifier models as the command line knows them."""

from __future__ import annotations

import argparse
from importlib import metadata
from pathlib import Path

from bittrue.apps.dpd import captures, shelves, thermal
from bittrue.apps.dpd.commands import ABLATED, PARAMETERS, STUDY, align, demo_data, export
from bittrue.errors import BadInput
from bittrue.kit.application import Application, Command, Data, Option, Printed, Samples, Simulation
from bittrue.kit.arguments import whole
from bittrue.lower.fold import INTERVAL, MAX_INTERVAL, MIN_INTERVAL
from bittrue.spec import Net

CAPTURE = Option("--capture", "this capture, not the recipe's; a folder or a data set", {"metavar": "DIR|NAME"})
POLYNOMIAL = Option(
    "--polynomial",
    "no net is trained; the memory polynomial of at most N real parameters that fits best by least squares becomes an "
    f"integer net (default {PARAMETERS})",
    {"nargs": "?", "type": whole(10, 4000), "const": PARAMETERS, "metavar": "N"},
)


def _train(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.dpd.commands import train

    return train.predistorter(arguments)


def _identify(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.dpd.commands import train

    return train.amplifier(arguments)


def _report(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.dpd.commands import report

    return report.run(arguments)


def _search(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.dpd.commands import search

    return search.run(arguments)


def _ablate(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.dpd.commands import ablate

    return ablate.run(arguments)


def _samples(net: Net) -> Samples | None:
    """The measured amplifier input, for a net that takes I/Q."""
    if [given.shape for given in net.inputs.values()] != [(2,)]:
        return None
    from bittrue.apps.dpd.captures import data

    return {name: given.format.encode(data.measured_input()) for name, given in net.inputs.items()}


TRAIN = Command(
    "a predistorter",
    _train,
    (CAPTURE, POLYNOMIAL),
    (
        "bittrue train dpd --recipe tdnn-wide -o build/tdnn-wide",
        "bittrue train dpd --capture my-amplifier   # a folder of bittrue align",
        "bittrue train dpd --capture my-amplifier --polynomial",
        "bittrue train dpd --recipe mine.toml -o build/mine   # bittrue recipe tdnn-wide > mine.toml",
    ),
    result=True,
)
REPORT = Command(
    "predistorters",
    _report,
    (Option("--capture", "data to judge on (default: of the first recipe)", {"metavar": "NAME|DIR"}),),
    (
        "bittrue report dpd weights/tdnn-wide weights/dpd-best -o report.html",
        "bittrue report dpd build/mine --capture my-amplifier",
    ),
    result=True,
)


def _number(
    flag: str, about: str, metavar: str, default: int | None = None, least: int = 1, most: int = 10**6
) -> Option:
    return Option(flag, about, {"type": whole(least, most), "metavar": metavar, "default": default})


SEARCH = Command(
    "predistorters",
    _search,
    (
        _number("--trials", "finished trials in all (default 50)", "N", 50),
        Option("--study", f"where the study is kept (default {STUDY})", {"metavar": "FILE", "default": str(STUDY)}),
        Option("--recipe", "everything but the net: data, formats, training", {"metavar": "FILE|NAME"}),
        _number("--seconds-per-trial", "longest training (default 120)", "S", 120),
        _number("--seed", "of the draws (default 0)", "S", 0, 0, 2**31),
        _number("--parameters", "of a net at most (default 2000)", "N", 2000),
        _number("--dsps", "of a net at most (default 220)", "N", 220),
        Option("--formats", "no study: shorter words for this trained net, written to -o DIR", {"metavar": "NET"}),
        Option(
            "--prune",
            "no study: a recipe for this trained net with --parameters, written to -o FILE",
            {"metavar": "NET"},
        ),
        _number("--budget", "with --formats: error below output (60)", "DB", 60, 1, 300),
        _number(
            "--interval",
            f"clocks a sample of the hardware, {MIN_INTERVAL} to {MAX_INTERVAL} (default {INTERVAL})",
            "I",
            INTERVAL,
            MIN_INTERVAL,
            MAX_INTERVAL,
        ),
    ),
    (
        "bittrue search dpd --trials 100 --interval 8",
        "bittrue search dpd --prune weights/tdnn-wide --parameters 1000 -o smaller.toml",
        "bittrue search dpd --formats weights/tdnn-wide --budget 60 -o build/short",
    ),
    result=True,
)
ABLATE = Command(
    "predistorters",
    _ablate,
    (
        Option(
            "--recipe",
            f"the base: a recipe file, or a built-in one ({ABLATED})",
            {"default": ABLATED, "metavar": "FILE|NAME"},
        ),
        Option("--seeds", "of every variant (default 1,2,3)", {"default": "1,2,3", "metavar": "N,N,..."}),
        Option("--switches", "what to switch (default: all that the recipe allows)", {"metavar": "KEY,..."}),
        _number("--float-epochs", "instead of the recipe's", "N", None, 0),
        _number("--gan-epochs", "instead of the recipe's", "N", None, 0),
        _number("--qat-epochs", "instead of the recipe's", "N", None, 0),
    ),
    (
        "bittrue ablate dpd --seeds 1,2,3",
        "bittrue ablate dpd --recipe tdnn-compat --switches qat --float-epochs 250 --qat-epochs 50",
    ),
    result=True,
)


def _simulation(net: Net) -> Simulation | None:
    from bittrue.apps.dpd import verdict

    return verdict.simulation(net)


def _rate(folder: Path) -> tuple[float, str] | None:
    """That of the capture which the folder's recipe names."""
    from bittrue.apps.dpd import recipe
    from bittrue.apps.dpd.captures import data

    try:
        name = recipe.load(folder / "recipe.toml").capture
        return data.sample_rate(name), f", the rate of {Path(name).name}, on which it was trained"
    except BadInput:  # no recipe, one of another application, or a capture that is not here
        return None


def _captures() -> str:
    """The wheel with the measured data."""
    from bittrue.apps.dpd.captures import data

    sets = len(data.names())
    return f"opendpd {metadata.version('opendpd')}, {sets} sets"


PREDISTORTION = Application(
    shelves.SHELF,
    "tdnn-wide",
    {"train": TRAIN, "report": REPORT, "search": SEARCH, "ablate": ABLATE},
    _samples,
    top={"align": align.COMMAND, "export": export.COMMAND},
    simulation=_simulation,
    rate=_rate,
    demonstration=demo_data.DEMONSTRATION,
    data=(
        Data(
            "amplifier data",
            "training, and real data among the vectors of a check",
            captures.INSTALL.rpartition("opendpd")[2],
            _captures,
            "opendpd",
        ),
    ),
    banks=thermal.BANKS,
)
AMPLIFIERS = Application(
    shelves.AMPLIFIERS,
    "pa-gru",
    {
        "train": Command(
            "an amplifier model", _identify, (CAPTURE,), ("bittrue train pa --capture my-amplifier",), result=True
        )
    },
)
