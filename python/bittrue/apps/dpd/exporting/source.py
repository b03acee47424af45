"""Source of an export: float parameters and the net they belong to, from a checkpoint, a net folder or a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bittrue import spec
from bittrue.apps.dpd import float_net, recipe
from bittrue.apps.dpd.polynomials import polynomial_plan
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.topology import skeleton
from bittrue.errors import BadInput
from bittrue.kit.optional import needed
from bittrue.parent import Parameters, decoded, fitted, quantise
from bittrue.spec import Net
from bittrue.spec.store import JSON_FILE, WEIGHT_FILE

RECIPE, STATE = "recipe.toml", Path("checkpoint") / "state.pt"
FIX = "give the state.pt of a bittrue train dpd, or its folder"


@dataclass(frozen=True, eq=False)
class Source:
    """What is exported.

    Parameters
    ----------
    net : Net
        Topology and formats; its codes are those of ``parameters``, saturated.
    parameters : mapping
        By the names of `bittrue.parent.Parameters`.
    title : str
        One line: what it was read from.
    capture : str
        The amplifier data that it was trained on, or nothing where that is not known.
    exact : bool
        ``net`` is an integer net as it was stored, and the parameters are its codes.
    """

    net: Net
    parameters: Parameters
    title: str
    capture: str = ""
    exact: bool = False


def read(path: str | os.PathLike[str]) -> Source:
    """Read a source.

    Parameters
    ----------
    path : path
        A training checkpoint (``<output>/checkpoint/state.pt``); a folder that ``bittrue train dpd`` writes, finished
        or not; or a float.safetensors beside a net.json or a recipe.toml, which say what it belongs to.

    Raises
    ------
    BadInput
        Where it is none of these, cannot be read, or does not belong together. Nothing in a file is executed.
    """
    path = Path(path)
    if path.is_dir():
        if (path / JSON_FILE).is_file():
            return _net(path)
        if (path / STATE).is_file():
            return _checkpoint(path / STATE)
        raise BadInput(f"{path} holds neither {JSON_FILE} nor {STATE}; give a net folder or a checkpoint")
    if path.name in (JSON_FILE, WEIGHT_FILE):
        return _net(path.parent)
    return _floats(path) if path.suffix == ".safetensors" else _checkpoint(path)


def _net(folder: Path) -> Source:
    net = spec.load(folder)
    return Source(net, decoded(net), f"integer net {folder}", _capture(folder), exact=True)


def _checkpoint(path: Path) -> Source:
    with needed("reading a checkpoint needs", "torch"):
        from bittrue.apps.dpd.training import trainer
        from bittrue.kit.training import checkpoint
    state = checkpoint.read(path, trainer.VERSION, FIX)
    with checkpoint.fitting(path, FIX):
        plan = recipe.parse(state["recipe"].encode(), f"the recipe in {path}")
        network = trainer.network_of(plan, state)
        stage, epoch = str(state["stage"]), int(state["epoch"])
    own = {name.removeprefix("node_"): value.detach().numpy() for name, value in network.named_parameters()}
    title = f"checkpoint {path}, " + ("finished" if stage == "done" else f"stage {stage}, epoch {epoch}")
    net = network.to_net()
    if "parent" not in state:
        net = _fitted(plan, net, own)
    return Source(net, own, title, plan.capture)


def _floats(path: Path) -> Source:
    folder = path.parent
    if (folder / JSON_FILE).is_file():
        net = spec.load(folder)
        own = float_net.load(path, net)
        return Source(quantise(net, own), own, f"float parent {path}", _capture(folder))
    if not (folder / RECIPE).is_file():
        raise BadInput(f"{path} does not say which net it belongs to; put {JSON_FILE} or {RECIPE} beside it")
    plan = recipe.load(folder / RECIPE)
    net = skeleton(plan)
    own = float_net.load(path, net)
    return Source(_fitted(plan, net, own), own, f"float parameters {path}", plan.capture)


def _fitted(plan: Recipe, net: Net, own: Parameters) -> Net:
    """Before the integer stages nothing has chosen weight formats; where the recipe leaves them open, do it now."""
    return fitted(net, own) if plan.formats.weight == "fit" else quantise(net, own)


def _capture(folder: Path) -> str:
    """The capture that the recipe of a net folder names, if there is one that can be read."""
    try:
        return polynomial_plan.load(folder / RECIPE).capture
    except BadInput:
        return ""
