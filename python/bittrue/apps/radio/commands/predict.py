"""``bittrue radio predict``: the map of one transmitter by a radio net."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np

from bittrue.check.legs import LEGS
from bittrue.errors import BadInput, shown
from bittrue.files import check_target, write_whole
from bittrue.kit.application import Command, Option, Printed, Result
from bittrue.kit.arguments import whole
from bittrue.kit.optional import needed
from bittrue.lower.fold import MAX_INTERVAL, MIN_INTERVAL


def run(arguments: argparse.Namespace) -> Printed:
    """Read, predict, write, and say what the map holds."""
    with needed("radio maps need", "scipy", "PIL", extra="radio"):
        from bittrue.apps.radio.data import png, scene
        from bittrue.apps.radio.hardware.predicting import Predictor
        from bittrue.apps.radio.propagation.grey import decibel
    check_target(arguments.output, (".png",))
    place = _place(arguments.tx)
    buildings = scene.buildings(Path(arguments.buildings))
    found = Predictor(arguments.net, arguments.leg, arguments.interval).predict(buildings, place)
    write_whole(arguments.output, png.encoded(found))
    street = found[buildings == 0]
    gains = decibel(np.array([street.min(), street.mean(), street.max()]))
    said = "least {:.0f}, mean {:.0f}, most {:.0f}".format(*gains)
    yield f"{arguments.output}: gain on the streets of the transmitter at {place[0]},{place[1]} in dB: {said}"
    keys = ("least_db", "mean_db", "most_db")
    numbers = dict(zip(keys, (float(gain) for gain in gains), strict=True))
    yield Result({"transmitter": list(place), "leg": arguments.leg, **numbers}, [arguments.output])


def _place(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,4})\s*,\s*(\d{1,4})\s*", text)
    if not match:
        raise BadInput(f"--tx is {shown(text)}; give row and column of the transmitter's pixel, such as 120,88")
    return int(match[1]), int(match[2])


PREDICT = Command(
    "the radio map of a transmitter by an integer net: 256 x 256 grey levels",
    run,
    (
        Option("net", "folder of a radio net, or the name of one that comes with bittrue"),
        Option("--buildings", "256 x 256 grey PNG, buildings white on black", {"required": True, "metavar": "B.png"}),
        Option("--tx", "pixel of the transmitter, on a street", {"required": True, "metavar": "ROW,COL"}),
        Option("--output", "the map, 8-bit grey", {"required": True, "metavar": "MAP.png"}, "-o"),
        Option("--leg", "what computes it (default ref)", {"choices": tuple(LEGS), "default": "ref"}),
        Option(
            "--interval",
            "clocks a map of the hardware, with --leg rtl",
            {"type": whole(MIN_INTERVAL, MAX_INTERVAL), "metavar": "I"},
        ),
    ),
    ("bittrue radio predict radio-map --buildings b.png --tx 120,88 -o map.png",),
    result=True,
)
