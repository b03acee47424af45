"""One stage of training a radio net, float or quantised: steps, the average, looks at cities that were held out."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Generator, Tensor

from bittrue.apps.radio.hardware.examples import SYMMETRIES, Examples
from bittrue.apps.radio.hardware.recipe import Recipe
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.errors import BadInput
from bittrue.kit.training.averaging import Average, Values, copied
from bittrue.kit.training.loop import Losses, TrainingLoop
from bittrue.kit.training.schedules import warmed_cosine

NAMES = FLOAT, QUANTISED = "float", "quantised"


class Stage(TrainingLoop):
    """Trains a twin; its state is all that a killed run needs to go on.

    Loss: the mean over maps of ``sum (p - t)^2 / sum t^2``, grey levels over streets; that is NMSE, since buildings are
    made black afterwards.

    Parameters
    ----------
    name : str
        `FLOAT` or `QUANTISED`: which section of the recipe says how.
    recipe : Recipe
    twin : Twin
        Trained in place.
    examples : Examples
    generator : Generator
        Of maps and symmetries.
    """

    def __init__(self, name: str, recipe: Recipe, twin: Twin, examples: Examples, generator: Generator) -> None:
        self.name, self.recipe, self.generator, self.examples = name, recipe, generator, examples
        self.twin = twin.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.plan = recipe.train if name == FLOAT else recipe.quantise
        self.optimiser = torch.optim.Adam(twin.parameters(), self.plan.rate)
        self.average = Average(twin, self.plan.ema, warm=True, averaged=_is_real)
        self.done, self.total, self.every = 0, self.plan.steps, self.plan.look_every
        cities = sorted({number for number, _ in examples.keys})
        held = set(cities[len(cities) - recipe.cities.held :])
        self._train = [k for k, (number, _) in enumerate(examples.keys) if number not in held]
        rest = [k for k, (number, _) in enumerate(examples.keys) if number in held]
        self._held = [rest[k] for k in evenly(len(rest), self.plan.look_maps)]
        self.best, self.best_loss = self.average.state(), math.inf
        self.history: list[tuple[float, ...]] = []

    def advance(self, number: int) -> Losses:
        self.twin.train()
        turn = min(1.0, number / (self.plan.horizon or self.total))
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate * warmed_cosine(turn, self.plan.warm)
        chosen = torch.randint(len(self._train), (self.plan.batch,), generator=self.generator).tolist()
        symmetries = torch.randint(SYMMETRIES, (self.plan.batch,), generator=self.generator).tolist()
        loss = self._losses([self._train[k] for k in chosen], symmetries).mean()
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.twin.parameters(), self.plan.clip)
        total = float(loss.detach())
        if not (math.isfinite(total) and math.isfinite(float(norm))):
            raise BadInput(
                f"training left the finite numbers: the loss is {total} in step {number + 1} of the {self.name} stage; "
                f"lower its rate, and start anew"
            )
        self.optimiser.step()
        self.average.update(number + 1)
        return {"loss": total}

    @torch.no_grad()
    def look(self) -> Losses:
        """Judge the average on maps of the cities that were held out; keep the best."""
        found = []
        with self.average.applied():
            self.twin.eval()
            for at in range(0, len(self._held), self.plan.batch):
                part = self._held[at : at + self.plan.batch]
                found += self._losses(part, [0] * len(part)).tolist()
        total = sum(found) / len(found)
        if total < self.best_loss:
            self.best, self.best_loss = self.average.state(), total
        self.history.append((float(self.done), total))
        return {"look": total}

    def _losses(self, indices: list[int], symmetries: list[int]) -> Tensor:
        """NMSE over streets of each map."""
        inputs, truth, streets = self.examples.batch(indices, symmetries)
        given = torch.from_numpy(inputs).to(torch.float32).contiguous(memory_format=torch.channels_last) / 128
        wanted = torch.from_numpy(truth).to(torch.float32) / 128
        error = (self.twin(given) + 1 - wanted) * torch.from_numpy(streets)
        energy = (wanted * torch.from_numpy(streets)).square().sum((1, 2, 3)).clamp(min=1.0)
        result: Tensor = error.square().sum((1, 2, 3)) / energy
        return result

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {
            "step": self.done,
            "twin": copied(self.twin),
            "average": self.average.state(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "best": self.best,
            "best_loss": self.best_loss,
            "history": [list(row) for row in self.history],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave. Raises `ValueError` where that is of other shapes."""
        if type(state["step"]) is not int or not 0 <= state["step"] <= self.total:
            raise ValueError(f"step {state['step']!r:.40}")
        self.done, self.best_loss = state["step"], float(state["best_loss"])
        self.twin.load_state_dict(state["twin"])
        _check_shapes(self.twin, state["average"])
        _check_shapes(self.twin, state["best"])
        self.average = Average(self.twin, self.plan.ema, state["average"], warm=True, averaged=_is_real)
        self.optimiser.load_state_dict(state["optimiser"])
        for parameter in self.twin.parameters():
            moments = self.optimiser.state.get(parameter, {})
            if any(moments[key].shape != parameter.shape for key in ("exp_avg", "exp_avg_sq") if self.done):
                raise ValueError("averages of another shape")
        self.generator.set_state(state["generator"])
        self.best = state["best"]
        self.history = [tuple(map(float, row)) for row in state["history"]]


def _is_real(name: str, value: Tensor) -> bool:
    """Whether a value is averaged; the count of batches that batch norm keeps is not."""
    return value.is_floating_point()


def _check_shapes(twin: Twin, values: Values) -> None:
    own = twin.state_dict()
    if values.keys() != own.keys() or any(values[name].shape != own[name].shape for name in own):
        raise ValueError("weights of another shape")
