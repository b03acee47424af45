"""``bittrue demo-data``: signal, expected codes and amplifier model of the demo on the board."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from bittrue.kit.application import Demonstration, Printed, Remark, Result
from bittrue.spec import Net


def check(banks: Mapping[str, Net]) -> None:
    """Raise `BadInput` for nets that are not alike, or that are no predistorters."""
    from bittrue.apps.dpd.demonstrating import demo_data

    demo_data.check_predistorters(banks)


def write(folder: Path, banks: Mapping[str, Net], arguments: argparse.Namespace) -> Printed:
    """Write demo.npz and say what is in it."""
    from bittrue.apps.dpd.captures import data
    from bittrue.apps.dpd.demonstrating import demo_data, plant

    kelvins = arguments.kelvin or demo_data.kelvins(arguments.nets, banks)
    stand, reason = plant.find(arguments.capture or data.DEFAULT)
    if reason:
        yield Remark(reason)
    count, seed = arguments.passes, arguments.seed
    path = demo_data.write(folder, banks, kelvins, stand, count=count, seed=seed)
    drifts = ", ".join(f"{name} ({kelvin:+g} K)" for name, kelvin in zip(banks, kelvins, strict=True))
    yield f"{path}: {count} passes, banks {drifts}; amplifier: {stand.title}, simulated"
    degrees = {name: float(kelvin) for name, kelvin in zip(banks, kelvins, strict=True)}
    numbers = {"simulated": True, "passes": count, "seed": seed, "kelvin": degrees, "amplifier": stand.title}
    yield Result(numbers, [path])


DEMONSTRATION = Demonstration(check, write)
