"""``bittrue radio tile``: the weights of a radio net, for maps of another side."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bittrue.apps.radio.hardware.kind import LEAST, SIDE, resized
from bittrue.check import known_answers
from bittrue.committed import located
from bittrue.emit.folder import check_owner
from bittrue.files import made_folder, read_bytes, write_together
from bittrue.kit.application import Command, Option, Printed, Result
from bittrue.kit.arguments import whole
from bittrue.kit.optional import needed
from bittrue.limits import TEXT
from bittrue.spec import load, store

RECIPE = "recipe.toml"


def run(arguments: argparse.Namespace) -> Printed:
    """Write the net's folder: the net, a known answer of a scene that was held out, and the recipe it came from."""
    with needed("radio maps need", "scipy", "PIL", extra="radio"):
        from bittrue.apps.radio.demonstrating.scenes import held_out
        from bittrue.apps.radio.hardware.inputs import Inputs
        from bittrue.apps.radio.hardware.recipe import RECIPES
    whole_net = load(arguments.net)
    net = resized(whole_net, arguments.side)
    own = located(arguments.net) / RECIPE
    recipe = RECIPES.load(own) if own.is_file() else RECIPES.named("radio-map")
    (scene,) = held_out(recipe.cities, 1, arguments.side)
    known = Inputs(scene.built, arguments.side).channels(scene.row, scene.column)
    files = store.contents(net) | {known_answers.FILE: known_answers.content(net, known[None].astype(np.int8))}
    if own.is_file():
        files[RECIPE] = read_bytes(own, "recipe", TEXT)
    check_owner(Path(arguments.output), [store.JSON_FILE], net.name)
    with made_folder(arguments.output) as folder:
        write_together(folder, files, renew=True)
    yield f"{arguments.output}: net {net.name}, the weights of {whole_net.name} for {net.input}"
    yield Result(
        {"net": net.name, "side": arguments.side, "hash": store.content_hash(net)},
        [Path(arguments.output) / name for name in files],
    )


TILE = Command(
    "a radio net for tiles: the same weights for maps of another side",
    run,
    (
        Option("net", "folder of a radio net, or the name of one that comes with bittrue"),
        Option(
            "--side",
            "pixels of a side of the map, a metre each: what the net's levels can halve",
            {"type": whole(LEAST, SIDE), "required": True, "metavar": "N"},
        ),
        Option("--output", "the net's folder", {"required": True, "metavar": "DIR"}, "-o"),
    ),
    ("bittrue radio tile radio-map --side 32 -o build/radio-map-32",),
    result=True,
)
