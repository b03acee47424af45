"""Examples of a step: which beats it sees, and what is done to them before."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from bittrue.apps.ecg.beats.beats import Beats
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.rhythm import FIGURES, RELATIVE
from bittrue.apps.ecg.recipe import Recipe

Transform = Callable[[Tensor, Generator], Tensor]
"""Float ``(B, channels, length)`` to the same; all randomness is the generator's."""

SLOW = (0.1, 1.1)
"""Hz of the wander."""

ECG = ("beat", "template", "difference", "packed")
"""Channels that are voltages: linear in the ECG, so what is linear is done to all of them alike."""

TAPS, QUIET, LOUDEST = 9, 0.02, 4.0
"""Of the random filter: its length, the peak below which nothing is made louder, and by how much at most."""

NEAR = 3
"""Intervals up to the beat's own that are never blanked."""


def chances(beats: Beats, class_power: float, record_power: float, shares: Mapping[str, float] | None = None) -> Tensor:
    """Weight ``(beats,)`` with which each beat is drawn, of sum 1.

    A class has ``n_c ** class_power`` of them, a record's share of it is as ``n_cr ** record_power``, and the beats of
    a class in a record have equal parts. Then those of rearranged patients are taken times the share of their kind.
    """
    counts = np.zeros((len(CLASSES), len(beats.names)))
    np.add.at(counts, (beats.y, beats.record), 1)
    present = counts > 0
    share = np.where(present, np.maximum(counts, 1) ** record_power, 0)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1)
    share *= np.where(present.any(axis=1), np.maximum(counts.sum(axis=1), 1) ** class_power, 0)[:, None]
    share *= [(shares or {}).get(name.partition(" ")[2], 1.0) for name in beats.names]
    weight = (share / np.maximum(counts, 1))[beats.y, beats.record]
    return torch.from_numpy(weight / weight.sum())


class Examples:
    """Draws altered batches from the training beats.

    Parameters
    ----------
    recipe : Recipe
    beats : Beats
    """

    def __init__(self, recipe: Recipe, beats: Beats) -> None:
        self.recipe = recipe
        self.x, self.y = torch.from_numpy(beats.x), torch.from_numpy(beats.y)
        self.chances = chances(beats, recipe.train.class_power, recipe.train.record_power, recipe.augment.rearranged)
        self.transforms = transforms(recipe)

    def draw(self, generator: Generator) -> tuple[Tensor, Tensor]:
        """One batch: float ``(B, channels, length)`` in [-1, 1), and the classes' probabilities ``(B, 5)``."""
        chosen = torch.multinomial(self.chances, self.recipe.train.batch, replacement=True, generator=generator)
        x = self.x[chosen].float() / 128
        for transform in self.transforms:
            x = transform(x, generator)
        y = functional.one_hot(self.y[chosen], len(CLASSES)).float()
        if self.recipe.augment.mixup:
            x, y = mixed(x, y, self.recipe.augment.mixup, generator)
        return x.clamp(-1.0, 127 / 128), y


def transforms(recipe: Recipe) -> list[Transform]:
    """What section ``[augment]`` asks for, for the channels that the net has."""
    plan, channels = recipe.augment, recipe.input.channels
    ecg = [at for at, name in enumerate(channels) if name in ECG]
    found: list[Transform] = []
    if ecg and plan.flip:
        found.append(lambda x, g: _flipped(x, ecg, plan.flip, g))
    if ecg and plan.filter:
        found.append(lambda x, g: _filtered(x, ecg, plan.filter, g))
    if ecg and plan.amplitude:
        found.append(lambda x, g: _scaled(x, ecg, plan.amplitude, g))
    if ecg and plan.wander:
        found.append(lambda x, g: _wandering(x, ecg, plan.wander, recipe.input.rate, g))
    if ecg and plan.noise:
        found.append(lambda x, g: _noisy(x, ecg, plan.noise, g))
    if "beat" in channels and plan.shift:
        moved = [channels.index(name) for name in ("beat", "difference") if name in channels]
        found.append(lambda x, g: _shifted(x, moved, plan.shift, g))
    if "tachogram" in channels and (plan.interval or plan.blank):
        at, width, after = channels.index("tachogram"), recipe.input.width, recipe.input.after
        found.append(lambda x, g: _misjudged(x, at, width, after, plan.interval, plan.blank, g))
    if "neighbours" in channels and plan.interval:
        found.append(lambda x, g: _stretched(x, channels.index("neighbours"), plan.interval, g))
    if "speed" in channels and plan.speed:
        found.append(lambda x, g: _faster(x, channels.index("speed"), plan.speed, g))
    if "rhythm" in channels and plan.interval:
        found.append(lambda x, g: _judged_wrong(x, channels.index("rhythm"), 0, plan.interval, g))
    if "packed" in channels:
        edge = recipe.input.length * 3 // 4
        found = [_only(transform, edge) for transform in found]
        if plan.interval:
            found.append(lambda x, g: _judged_wrong(x, 0, edge, plan.interval, g))
    return found


def _only(transform: Transform, edge: int) -> Transform:
    """The transform of the first ``edge`` samples, which are the ECG of a packed channel."""

    def part(x: Tensor, generator: Generator) -> Tensor:
        return torch.cat([transform(x[:, :, :edge].clone(), generator), x[:, :, edge:]], dim=2)

    return part


def mixed(x: Tensor, y: Tensor, parameter: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., ICLR 2018): ``m * a + (1 - m) * b`` of beats and of labels, one ``m`` a pair."""
    # Of two gamma variates; a Gamma(a) is drawn as the sum over PyTorch's own sampler, which takes a generator.
    two = torch._standard_gamma(torch.full((2, len(x)), parameter), generator=generator)
    share = two[0] / two.sum(dim=0).clamp_min(1e-12)
    other = torch.randperm(len(x), generator=generator)
    a, b = share[:, None, None], share[:, None]
    return a * x + (1 - a) * x[other], b * y + (1 - b) * y[other]


def _flipped(x: Tensor, ecg: list[int], share: float, generator: Generator) -> Tensor:
    x[:, ecg] = x[:, ecg] * torch.where(torch.rand(len(x), 1, 1, generator=generator) < share, -1.0, 1.0)
    return x


def _filtered(x: Tensor, ecg: list[int], most: float, generator: Generator) -> Tensor:
    size = most * torch.rand(len(x), 1, 1, generator=generator)
    taps = size * torch.randn(len(x), 1, TAPS, generator=generator) * torch.hann_window(TAPS + 2, periodic=False)[1:-1]
    taps[:, :, TAPS // 2] += 1
    own = x[:, ecg]
    changed = functional.conv1d(own.transpose(0, 1), taps, padding=TAPS // 2, groups=len(x)).transpose(0, 1)
    peak, reached = own.abs().amax((1, 2), keepdim=True), changed.abs().amax((1, 2), keepdim=True)
    x[:, ecg] = changed * (peak / reached.clamp_min(QUIET)).clamp_max(LOUDEST)
    return x


def _scaled(x: Tensor, ecg: list[int], spread: float, generator: Generator) -> Tensor:
    x[:, ecg] = x[:, ecg] * torch.exp(spread * torch.randn(len(x), 1, 1, generator=generator))
    return x


def _wandering(x: Tensor, ecg: list[int], height: float, rate: float, generator: Generator) -> Tensor:
    clock = torch.arange(x.shape[2]) / rate
    pitch = SLOW[0] + (SLOW[1] - SLOW[0]) * torch.rand(len(x), 1, 1, generator=generator)
    phase = torch.rand(len(x), len(ecg), 1, generator=generator)
    size = height * torch.randn(len(x), len(ecg), 1, generator=generator)
    x[:, ecg] = x[:, ecg] + size * torch.sin(2 * torch.pi * (clock * pitch + phase))
    return x


def _noisy(x: Tensor, ecg: list[int], most: float, generator: Generator) -> Tensor:
    size = most * torch.rand(len(x), 1, 1, generator=generator)
    x[:, ecg] = x[:, ecg] + size * torch.randn(len(x), len(ecg), x.shape[2], generator=generator)
    return x


def _shifted(x: Tensor, moved: list[int], most: int, generator: Generator) -> Tensor:
    """The beat moves; its difference from the template, where there is one, changes by as much as the beat does."""
    by = torch.randint(-most, most + 1, (len(x), 1), generator=generator)
    beat = x[:, moved[0]]
    change = beat.gather(1, (torch.arange(x.shape[2]) + by).clamp(0, x.shape[2] - 1)) - beat
    x[:, moved] = x[:, moved] + change[:, None]
    return x


def _misjudged(
    x: Tensor, at: int, width: int, after: int, interval: float, blank: float, generator: Generator
) -> Tensor:
    blocks = x.shape[2] // width
    factor = torch.exp(interval * torch.randn(len(x), 1, generator=generator))
    kept = torch.rand(len(x), blocks, generator=generator) >= blank
    kept[:, max(0, blocks - after - NEAR) :] = True
    known = kept.repeat_interleave(width, dim=1)
    tachogram = (1 + x[:, at, -known.shape[1] :]) * factor - 1
    x[:, at, -known.shape[1] :] = tachogram * known
    return x


def _stretched(x: Tensor, at: int, interval: float, generator: Generator) -> Tensor:
    x[:, at] = (1 + x[:, at]) * torch.exp(interval * torch.randn(len(x), 1, generator=generator)) - 1
    return x


def _judged_wrong(x: Tensor, at: int, start: int, interval: float, generator: Generator) -> Tensor:
    """As `_stretched`, the figures that are intervals relative to one, from sample ``start`` on."""
    end = start + (x.shape[2] - start) // FIGURES * RELATIVE
    x[:, at, start:end] = (1 + x[:, at, start:end]) * torch.exp(
        interval * torch.randn(len(x), 1, generator=generator)
    ) - 1
    return x


def _faster(x: Tensor, at: int, spread: float, generator: Generator) -> Tensor:
    x[:, at] = x[:, at] + spread * torch.randn(len(x), 1, generator=generator)
    return x
