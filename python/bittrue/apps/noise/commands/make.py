"""``bittrue noise make``: sets of noise on disk."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.bars import steps
from bittrue.errors import BadInput, shown
from bittrue.kit.application import Printed, Result
from bittrue.kit.optional import needed

TRAIN, TEST = 16_384, 4_096
"""Signals of a set where nothing is said."""


def run(arguments: argparse.Namespace) -> Printed:
    """Look through all names first, then make one set after the other, and say where it is."""
    with needed("sets of noise need", "h5py", "scipy", extra="noise"):
        import h5py  # noqa: F401  # so that it is known to be missing before the work

        from bittrue.apps.noise import dataset_writing, sets
    settings = dict(map(_pair, arguments.set or ()))
    recipes = [sets.recipe(name, settings) for name in arguments.names]
    lengths = [recipe.length(arguments.length) for recipe in recipes]
    folders = [recipe.folder for recipe in recipes]
    if len(set(folders)) < len(folders):
        twice = next(name for name in folders if folders.count(name) > 1)
        raise BadInput(f"{twice} would be made twice; name every set once")
    counts = arguments.count, arguments.test_count or max(arguments.count // 4, 1)
    made: list[dict[str, object]] = []
    for recipe, length in zip(recipes, lengths, strict=True):
        with steps(recipe.folder) as step:
            folder = dataset_writing.write(
                recipe, arguments.output, *counts, length, arguments.seed, step, overwrite=arguments.overwrite
            )
        kind = "complex" if recipe.is_complex else "real"
        yield f"{folder}: {counts[0]:,} + {counts[1]:,} signals of {length:,} {kind} samples, seed {arguments.seed}"
        made.append({"folder": str(folder), "length": length, "complex": recipe.is_complex})
    numbers = {"sets": made, "train": counts[0], "test": counts[1], "seed": arguments.seed}
    yield Result(numbers, [path for found in made for path in sorted(Path(str(found["folder"])).iterdir())])


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not (key and sign and value):
        raise BadInput(f"--set is {shown(text)}; write a name and a value, such as H=0.3 or H=uniform")
    return key, value
