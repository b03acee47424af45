"""``bittrue demo-data``: signal, expected codes and amplifier model of the demo on the board."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path

from bittrue.kit.application import Demonstration, Option, Printed, Remark, Result
from bittrue.kit.arguments import whole
from bittrue.lower.schedule import has_frames
from bittrue.spec import Net

PASSES, SEED = 5, 1


def check(banks: Mapping[str, Net]) -> None:
    """Raise `BadInput` for nets that are not alike, or that are no predistorters."""
    from bittrue.apps.dpd.demonstrating import demo_data

    demo_data.check_predistorters(banks)


def write(folder: Path, banks: Mapping[str, Net], arguments: argparse.Namespace) -> Printed:
    """Write demo.npz and say what is in it."""
    from bittrue.apps.dpd.captures import data
    from bittrue.apps.dpd.demonstrating import demo_data, plant

    degrees = arguments.kelvin or demo_data.kelvins(arguments.nets, banks)
    stand, reason = plant.find(arguments.capture or data.DEFAULT)
    if reason:
        yield Remark(reason)
    count, seed = arguments.passes, arguments.seed
    path = demo_data.write(folder, banks, degrees, stand, count=count, seed=seed)
    drifts = ", ".join(f"{name} ({kelvin:+g} K)" for name, kelvin in zip(banks, degrees, strict=True))
    yield f"{path}: {count} passes, banks {drifts}; amplifier: {stand.title}, simulated"
    known = {name: float(kelvin) for name, kelvin in zip(banks, degrees, strict=True)}
    numbers = {"simulated": True, "passes": count, "seed": seed, "kelvin": known, "amplifier": stand.title}
    yield Result(numbers, [path])


def kelvins(text: str) -> list[float]:
    """The type of ``--kelvin``."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(abs(value) <= 150 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of kelvins from -150 to 150, such as -65,0,60")
    return values


DEMONSTRATION = Demonstration(
    "predistortion",
    lambda net: not has_frames(net),
    check,
    write,
    (
        Option(
            "--kelvin",
            "temperature of each bank from the captured one (default: that of the thermal banks' recipe, else 0)",
            {"type": kelvins, "metavar": "K,K,.."},
        ),
        Option(
            "--passes",
            f"passes of the signal (default {PASSES})",
            {"type": whole(1, 64), "default": PASSES, "metavar": "P"},
        ),
        Option("--seed", f"default {SEED}", {"type": whole(0, 1 << 31), "default": SEED, "metavar": "S"}),
        Option(
            "--capture",
            "data of the amplifier (default: the built-in capture; stored: none)",
            {"metavar": "NAME|DIR"},
        ),
    ),
    (
        "bittrue demo-data weights/tdnn-thermal -o build/demo/overlay",
        "bittrue demo-data weights/tdnn-wide -o build/wide/overlay --passes 8 --seed 5 --capture stored",
    ),
)
