"""Checkpoints of a run: written so often, and gone on from where configuration, data and shapes are the same."""

from __future__ import annotations

import json
from pathlib import Path

from bittrue.apps.noise.gan.configuration import leaves
from bittrue.apps.noise.gan.plan import Plan
from bittrue.apps.noise.gan.run_folder import UNNAMED
from bittrue.apps.noise.gan.trainer import Trainer
from bittrue.errors import BadInput, shown
from bittrue.kit.training import checkpoint
from bittrue.kit.training.keeper import Keeper
from bittrue.readers import json_document

VERSION = 1
"""Of what `Trainer.state` holds."""
FREE = UNNAMED | {("epochs",)}
"""Settings that may differ when a run goes on."""
FIX = "leave checkpoint out to train anew"


def identity(plan: Plan) -> str:
    """What a checkpoint is of: all settings that shape the nets or their course, and the shape of the data."""
    table = {".".join(path): value for path, value in leaves(plan.configuration.table).items() if path not in FREE}
    return json.dumps(table | {"model": plan.model, "sizes": list(plan.sizes), "channels": plan.channels}, indent=0)


def keeper(plan: Plan, digest: str, path: Path | None, seconds: float, writes: bool) -> Keeper:
    """The keeper of a run's checkpoint, every ``seconds`` and at the end."""
    return Keeper(path, VERSION, identity(plan), digest, seconds, writes)


def go_on(trainer: Trainer, path: Path, digest: str) -> None:
    """Restore a trainer from a file.

    Raises `BadInput` where it is damaged, or of another configuration, other data or nets of other shapes: the first
    difference is named.
    """
    state = checkpoint.read(path, VERSION, FIX)
    same(path, state.get("recipe"), identity(trainer.plan))
    if state.get("inputs") != digest:
        raise BadInput(f"{path} was written with another training set; give that one, or {FIX}")
    with checkpoint.fitting(path, FIX):
        step = state["step"]
        if type(step) is not int or step != len(state["rows"]) or (step and len(state["order"]) != len(trainer.values)):
            raise ValueError(f"step {step!r:.40}")
        trainer.restore(state)
        for network, optimiser in ((trainer.generator, trainer.optimiser_g), (trainer.critic, trainer.optimiser_d)):
            for parameter in network.parameters():
                if any(optimiser.state[parameter][key].shape != parameter.shape for key in _MEANS if step):
                    raise ValueError("averages of another shape")
    if step > trainer.total:
        raise BadInput(f"{path} has made {step:,} steps and epochs asks for {trainer.total:,}; raise epochs, or {FIX}")


_MEANS = ("exp_avg", "exp_avg_sq")


def same(path: Path, found: object, wanted: str) -> None:
    """Raises `BadInput`, naming the first difference, where a checkpoint's ``recipe`` is not the ``wanted`` one."""
    if found == wanted:
        return
    if isinstance(found, str):
        then, now = json_document(found.encode(), f"the checkpoint {path}"), json.loads(wanted)
        if isinstance(then, dict):
            for key in now:
                if then.get(key) != now[key]:
                    raise BadInput(
                        f"{path} was written with {key} {shown(then.get(key))}, and the configuration has "
                        f"{shown(now[key])}; give the configuration that lies beside it, or {FIX}"
                    )
    raise BadInput(f"{path} was written with another configuration; give the one that lies beside it, or {FIX}")
