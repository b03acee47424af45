"""``bittrue radio predict``: the map of one transmitter by a radio net."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

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
        from bittrue.apps.radio.latent.diffusion_folder import has_diffusion
    for target in filter(None, (arguments.output, arguments.spread)):
        check_target(target, (".png",))
    if arguments.spread and Path(arguments.spread).resolve() == Path(arguments.output).resolve():
        raise BadInput(f"--spread and --output are both {arguments.output}; give each a file of its own")
    place = _place(arguments.tx)
    buildings = scene.buildings(Path(arguments.buildings))
    if has_diffusion(arguments.net):
        found, spread = _drawn(arguments, buildings, place)
    else:
        found, spread = _predicted(arguments, buildings, place), None
    files = [arguments.output]
    if arguments.spread and spread is not None:
        write_whole(arguments.spread, png.encoded(spread))
        files.append(arguments.spread)
    write_whole(arguments.output, png.encoded(found))
    yield from _told(arguments, found[buildings == 0], place, files)


def _predicted(arguments: argparse.Namespace, buildings: Any, place: tuple[int, int]) -> Any:
    from bittrue.apps.radio.hardware.kind import SIDE
    from bittrue.apps.radio.hardware.predicting import Predictor

    for option in ("samples", "seed", "spread"):
        if getattr(arguments, option) is not None:
            raise BadInput(
                f"--{option} is for a diffusion model, and {arguments.net} predicts one map; leave it out, or give a "
                f"model such as radio-ldm"
            )
    predictor = Predictor(arguments.net, arguments.leg, arguments.interval)
    if predictor.side != SIDE:
        raise BadInput(
            f"net {predictor.net.name} draws tiles of {predictor.side} x {predictor.side} pixels, and predict draws "
            f"whole maps; give a net such as radio-map, or use bittrue.apps.radio.hardware.predicting.Predictor"
        )
    return predictor.predict(buildings, place)


def _drawn(arguments: argparse.Namespace, buildings: Any, place: tuple[int, int]) -> tuple[Any, Any]:
    """The mean of the samples, and the picture of their spread."""
    from bittrue.apps.radio.hardware.inputs import Inputs
    from bittrue.apps.radio.latent.sampling import Sampler, averaged, spread

    count = 1 if arguments.samples is None else arguments.samples
    if arguments.spread and count < 2:
        raise BadInput("--spread needs two samples or more; give --samples 2 or more, or leave it out")
    sampler = Sampler.on(arguments.net, arguments.leg, arguments.interval)
    maps = sampler.maps(Inputs(buildings > 0), *place, arguments.seed or 0, count)
    return averaged(maps), spread(maps, sampler.model.stretch) if arguments.spread else None


def _told(arguments: argparse.Namespace, street: Any, place: tuple[int, int], files: list[str]) -> Printed:
    from bittrue.apps.radio.propagation.grey import decibel

    gains = decibel(np.array([street.min(), street.mean(), street.max()]))
    said = "least {:.0f}, mean {:.0f}, most {:.0f}".format(*gains)
    yield f"{arguments.output}: gain on the streets of the transmitter at {place[0]},{place[1]} in dB: {said}"
    keys = ("least_db", "mean_db", "most_db")
    numbers = dict(zip(keys, (float(gain) for gain in gains), strict=True))
    yield Result({"transmitter": list(place), "leg": arguments.leg, **numbers}, files)


def _place(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,4})\s*,\s*(\d{1,4})\s*", text)
    if not match:
        raise BadInput(f"--tx is {shown(text)}; give row and column of the transmitter's pixel, such as 120,88")
    return int(match[1]), int(match[2])


_SAMPLES = {"type": whole(1, 10_000), "metavar": "K"}
_SEED = {"type": whole(0, 2**64 - 1), "metavar": "S"}
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
        Option("--samples", "maps that a diffusion model draws; their mean is written (default 1)", _SAMPLES),
        Option("--seed", "of a diffusion model's noise (default 0)", _SEED),
        Option(
            "--spread",
            "picture of 8 times the samples' standard deviation times the model's stretch",
            {"metavar": "S.png"},
        ),
    ),
    (
        "bittrue radio predict radio-map --buildings b.png --tx 120,88 -o map.png",
        "bittrue radio predict radio-ldm --buildings b.png --tx 120,88 --samples 19 --spread s.png -o map.png",
    ),
    result=True,
)
