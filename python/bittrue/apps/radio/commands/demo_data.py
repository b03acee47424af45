"""``bittrue demo-data``: the scenes that the demo of radio maps on the board plays, and what the reference draws."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from bittrue.apps.radio.hardware.kind import side_of
from bittrue.errors import BadInput
from bittrue.kit.application import Demonstration, Option, Printed, Result
from bittrue.kit.arguments import whole
from bittrue.kit.optional import needed
from bittrue.spec import Net

SCENES, MOST = 6, 100
"""That are played; more do not fit into the board's memory beside the rest."""


def check(banks: Mapping[str, Net]) -> None:
    """Raise `BadInput` for several banks: the demo would show one of them."""
    if len(banks) > 1:
        raise BadInput(f"{len(banks)} nets are given, and the demo of radio maps shows one; give it alone")


def write(folder: Path, banks: Mapping[str, Net], arguments: argparse.Namespace) -> Printed:
    """Write demo.npz and say what is in it."""
    with needed("radio maps need", "scipy", "PIL", extra="radio"):
        from bittrue.apps.radio.demonstrating import demo_data
        from bittrue.apps.radio.hardware.recipe import RECIPES
    net = next(iter(banks.values()))
    own = Path(arguments.nets[0]) / "recipe.toml"
    recipe = RECIPES.load(own) if own.is_file() else RECIPES.named("radio-map")
    path, title = demo_data.write(folder, net, recipe, arguments.scenes or SCENES)
    yield f"{path}: {title}"
    yield Result({"scenes": arguments.scenes or SCENES, "title": title}, [path])


DEMONSTRATION = Demonstration(
    "radio maps",
    lambda net: side_of(net) is not None,
    check,
    write,
    (
        Option(
            "--scenes",
            f"of radio maps: transmitters in synthetic cities that were held out (default {SCENES})",
            {"type": whole(1, MOST), "metavar": "N"},
        ),
    ),
    ("bittrue demo-data weights/radio-map -o build/demo/overlay --scenes 3",),
)
