"""One stage of training a radio net: NMSE over streets, and a look at cities that were held out."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from bittrue.apps.radio.hardware.examples import SYMMETRIES, Examples
from bittrue.apps.radio.hardware.recipe import Recipe
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.kit.training.quantising_stage import FLOAT, QuantisingStage


class Stage(QuantisingStage):
    """Trains a twin.

    Loss: the mean over maps of ``sum (p - t)^2 / sum t^2``, grey levels over streets; that is NMSE, since buildings are
    made black afterwards.

    Parameters
    ----------
    name : str
        Which section of the recipe says how.
    recipe : Recipe
    twin : Twin
        Trained in place.
    examples : Examples
    generator : Generator
        Of maps and symmetries.
    """

    def __init__(self, name: str, recipe: Recipe, twin: Twin, examples: Examples, generator: Generator) -> None:
        self.examples, self.plan = examples, recipe.train if name == FLOAT else recipe.quantise
        self.twin = twin.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(name, self.plan, self.twin, generator, is_real)
        cities = sorted({number for number, _ in examples.keys})
        held = set(cities[len(cities) - recipe.cities.held :])
        self._train = [k for k, (number, _) in enumerate(examples.keys) if number not in held]
        rest = [k for k, (number, _) in enumerate(examples.keys) if number in held]
        self._held = [rest[k] for k in evenly(len(rest), self.plan.look_maps)]

    def losses(self) -> tuple[Tensor, Mapping[str, Tensor]]:
        self.twin.train()
        chosen = torch.randint(len(self._train), (self.plan.batch,), generator=self.generator).tolist()
        symmetries = torch.randint(SYMMETRIES, (self.plan.batch,), generator=self.generator).tolist()
        return self._losses([self._train[k] for k in chosen], symmetries).mean(), {}

    def judged(self) -> tuple[float, Mapping[str, float]]:
        """The mean over maps of the cities that were held out."""
        self.twin.eval()
        found: list[float] = []
        for at in range(0, len(self._held), self.plan.batch):
            part = self._held[at : at + self.plan.batch]
            found += self._losses(part, [0] * len(part)).tolist()
        return sum(found) / len(found), {}

    def _losses(self, indices: list[int], symmetries: list[int]) -> Tensor:
        """NMSE over streets of each map."""
        inputs, truth, streets = self.examples.batch(indices, symmetries)
        given = torch.from_numpy(inputs).to(torch.float32).contiguous(memory_format=torch.channels_last) / 128
        wanted = torch.from_numpy(truth).to(torch.float32) / 128
        error = (self.twin(given) + 1 - wanted) * torch.from_numpy(streets)
        energy = (wanted * torch.from_numpy(streets)).square().sum((1, 2, 3)).clamp(min=1.0)
        result: Tensor = error.square().sum((1, 2, 3)) / energy
        return result


def is_real(name: str, value: Tensor) -> bool:
    """Whether a value is averaged; the count of batches that batch norm keeps is not."""
    return value.is_floating_point()
