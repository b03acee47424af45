"""Names of all sets that can be made: processes and OFDM."""

from __future__ import annotations

from collections.abc import Mapping

from bittrue.apps.noise import processes
from bittrue.apps.noise.dataset_writing import Recipe
from bittrue.apps.noise.ofdm import names
from bittrue.apps.noise.ofdm.recipe import recipe as ofdm_recipe
from bittrue.apps.noise.processes.recipe import ProcessRecipe
from bittrue.errors import BadInput, shown


def recipe(name: str, settings: Mapping[str, str] | None = None) -> Recipe:
    """What a set of that name is made from.

    Parameters
    ----------
    name : str
        As in the public layout, with the folders in front or without.
    settings : mapping
        What ``--set`` says; OFDM says everything in the name.

    Raises
    ------
    BadInput
        For an unknown name, with the nearest, and an unknown setting.
    """
    if len(name) > 300:
        raise BadInput(f"the name of a set has {len(name):,} characters; {shown(name[:40])} is none")
    if not names.is_one(name):
        return ProcessRecipe(processes.named(name, settings))
    if settings:
        raise BadInput(f"{name} says everything in its name; leave --set {next(iter(settings))} out")
    return ofdm_recipe(name)
