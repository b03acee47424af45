"""``bittrue train pa``: a recurrent model of a captured amplifier, identified from its input and output."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bittrue.apps.dpd.amplifiers import gmp, pa
from bittrue.apps.dpd.amplifiers.identify_card import card
from bittrue.apps.dpd.amplifiers.identify_plan import Plan
from bittrue.apps.dpd.amplifiers.recurrent import Recurrent, content, drive
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.captures.data import Capture, to_iq
from bittrue.apps.dpd.closed_loop import output
from bittrue.apps.dpd.metrics import nmse
from bittrue.bars import Bars, shown
from bittrue.errors import BadInput
from bittrue.files import write_together
from bittrue.folder_lock import locked
from bittrue.kit.training import checkpoint
from bittrue.kit.training.averaging import copied
from bittrue.kit.training.keeper import Keeper
from bittrue.kit.training.loop import Losses, TrainingLoop
from bittrue.kit.training.schedules import half_cosine
from bittrue.spec.store import JSON_FILE

CHECKPOINT = Path("checkpoint") / "state.pt"
VERSION = 1
CLIP = 1.0
Report = Callable[[int, int, float], None]


def identify(
    plan: Plan, folder: str | os.PathLike[str], seconds: float = 20.0, report: Report | None = None
) -> Recurrent:
    """Train a model and write its folder: amplifier.json, weights.safetensors, recipe.toml and CARD.md.

    A killed run goes on from ``folder/checkpoint/`` when it is called again and ends in the same model, bit for bit on
    the same machine.

    Parameters
    ----------
    plan : Plan
    folder : path
        Made if need be.
    seconds : float
        Least time between checkpoints.
    report : callable, optional
        Called at every look at the validation split with updates done, updates in all and the lowest error in dB; a
        progress bar if not given.

    Raises
    ------
    BadInput
        Where the data is missing or too short, another process trains there, the checkpoint is damaged or another's,
        the folder holds a net, or a file cannot be written.
    """
    if (net := Path(folder) / JSON_FILE).exists():
        raise BadInput(f"{net} is of a net, and the amplifier model would replace its weights; choose another folder")
    with locked(folder) as folder, shown(Bars, report is None) as bars:
        check(folder / CHECKPOINT, plan)
        bars.say("reading the capture")
        capture = data.load(plan.capture)
        if len(capture.inputs["train"]) < 2 * (plan.warm + plan.window):
            raise BadInput(f"{capture.name} has too few samples for windows of {plan.warm + plan.window}; capture more")
        network = Identification(plan, capture, folder / CHECKPOINT, seconds, report or _told(bars)).train()
        bars.say("judging the model")
        files = {**content(network, capture), "recipe.toml": plan.text, "CARD.md": card(plan, capture, network)}
        write_together(folder, files, renew=True)
        return network


def check(path: Path, plan: Plan) -> None:
    """Raises `BadInput` where a file of that path is no checkpoint of the recipe: before the capture is read."""
    state = checkpoint.resume(path, VERSION, _whose(plan))
    if state is not None:
        network = Recurrent(plan.hidden, plan.gains, plan.taps, 1.0)
        with checkpoint.fitting(path):
            for name in ("network", "best"):
                network.load_state_dict(state[name])
            torch.Generator().set_state(state["draws"])


class Identification(TrainingLoop):
    """One training run; `train` may be called again after it was killed."""

    def __init__(self, plan: Plan, capture: Capture, path: Path, seconds: float, report: Report) -> None:
        self.plan, self.capture, self.report = plan, capture, report
        self.keeper = Keeper(path, VERSION, _whose(plan), capture.digest, seconds)
        self.total, self.every = plan.updates, plan.validate_every
        x, y = capture.inputs["train"], capture.outputs["train"]
        gain = np.vdot(x, y) / np.vdot(x, x)
        d = pa.unexcited(len(x), capture.channel, pa.Settings(seed=plan.seed))
        self.x, self.y, self.d, self.answer = (torch.from_numpy(to_iq(s)).float() for s in (x, y, d, gain * d))
        torch.manual_seed(plan.seed)
        self.network = self._initial(x, y)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=plan.rate)
        self.draws = torch.Generator().manual_seed(plan.seed)
        self.done, self.best_error = 0, math.inf
        self.best = copied(self.network)

    def _initial(self, x: Any, y: Any) -> Recurrent:
        """Least-squares filter, standardised features, and a GRU that does nothing yet."""
        network = Recurrent(self.plan.hidden, self.plan.gains, self.plan.taps, self.capture.peak)
        taps = gmp.fit(gmp.Structure.aligned(self.plan.taps, [0]), x, y, 1e-3)
        with torch.no_grad():
            network.filter.copy_(torch.from_numpy(to_iq(taps)))
            features = network.features(self.x[None])[0]
            network.get_buffer("mean").copy_(features.mean(0))
            network.get_buffer("deviation").copy_(features.std(0).clamp_min(1e-6))
        return network

    def train(self) -> Recurrent:
        """Train, or go on; the network with the best parameters."""
        self._resume()

        def told(found: Losses) -> None:
            if found:
                self.report(self.done, self.total, self.best_error)

        self.run(lambda last: self.keeper.save(self._state, last), told)
        self.network.load_state_dict(self.best)
        return self.network

    def advance(self, number: int) -> Losses:
        plan = self.plan
        for group in self.optimiser.param_groups:
            group["lr"] = plan.rate * half_cosine(number, self.total)
        length = plan.warm + plan.window
        starts = torch.randint(0, len(self.x) - length + 1, (plan.batch, 1), generator=self.draws)
        self.optimiser.zero_grad()
        loss = self.loss(starts + torch.arange(length))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        return {}

    def loss(self, places: Tensor) -> Tensor:
        """``mean|y' - y|^2 / mean|y|^2 + flat * mean|(net(x+d) - net(x)) - g d|^2 / mean|g d|^2``, warm-up left out.

        ``places`` are the sample numbers ``(batch, warm + window)``; a quarter of the rows is probed with ``d``.
        """
        warm, probed = self.plan.warm, places[: max(1, len(places) // 4)]
        rows = self.network(torch.cat([self.x[places], self.x[probed] + self.d[probed]]))[:, warm:]
        plain, disturbed = rows[: len(places)], rows[len(places) :]
        error = (plain - self.y[places][:, warm:]).square().mean() / self.y.square().mean()
        answer = disturbed - plain[: len(probed)] - self.answer[probed][:, warm:]
        total: Tensor = error + self.plan.flat * answer.square().mean() / self.answer.square().mean()
        return total

    def look(self) -> Losses:
        y = output(self.capture, drive(self.network), split="val")
        error = nmse(y, self.capture.outputs["val"], self.capture.channel)
        if error < self.best_error:
            self.best_error, self.best = error, copied(self.network)
        return {"validation error in dB": error}

    def _state(self) -> checkpoint.State:
        networks = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(), "best": self.best}
        return networks | {"draws": self.draws.get_state(), "done": self.done, "best_error": self.best_error}

    def _resume(self) -> None:
        state = self.keeper.resume()
        if state is None:
            return
        with self.keeper.fitting():
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.draws.set_state(state["draws"])
            self.done, self.best_error = int(state["done"]), float(state["best_error"])
            self.best = {name: state["best"][name] for name in self.best}


def _whose(plan: Plan) -> str:
    """What a checkpoint remembers of a recipe: its text, and what a program made of it."""
    return f"{plan.text} {plan}"


def _told(bars: Bars) -> Report:
    """A report that moves a bar."""
    return lambda done, total, error: bars.move(
        "updates", done, total, f"recurrent amplifier: validation NMSE {error:.2f} dB"
    )
