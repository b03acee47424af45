"""Which twin an architecture is trained by, and the inputs of its training steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from torch import Generator, Tensor

from bittrue.apps.noise.hardware import latents
from bittrue.apps.noise.hardware.quantised import QuantisedTwin
from bittrue.apps.noise.hardware.spectrogram_twin import SpectrogramTwin
from bittrue.apps.noise.hardware_net import ArchitectureSpec
from bittrue.apps.noise.spectrogram_net import SpectrogramSpec

Spec: TypeAlias = ArchitectureSpec | SpectrogramSpec
Twin: TypeAlias = QuantisedTwin | SpectrogramTwin


def twin(spec: Spec, seed: int = 0, rounded: bool = False) -> Twin:
    """The twin of an architecture, with `drawn_weights` of a seed. Raises `BadInput` where float32 is not exact."""
    if isinstance(spec, SpectrogramSpec):
        return SpectrogramTwin(spec, seed, rounded)
    return QuantisedTwin(spec, seed, rounded)


def drawn(spec: Spec, codes: Sequence[int | None], batch: int, samples: int, generator: Generator) -> dict[str, Tensor]:
    """Inputs of a step: ``batch`` signals of ``samples`` for every code (`bittrue.apps.noise.hardware.latents`)."""
    if isinstance(spec, SpectrogramSpec):
        return latents.images(spec, len(codes) * batch * (samples // spec.samples), generator)
    return latents.drawn(spec, codes, batch, samples, generator)
