"""Inputs of a training step: noise by the hardware's own table from PyTorch's generator, parameters by their codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import torch
from torch import Generator, Tensor

from bittrue.apps.noise.hardware_net import ArchitectureSpec
from bittrue.apps.noise.spectrogram_net import TENSOR, SpectrogramSpec
from bittrue.num import Format
from bittrue.num.draws import DRAW_BITS
from bittrue.num.draws import codes as codes_of


@cache
def table(distribution: str, fmt: Format) -> Tensor:
    """The value of every draw of 16 bits: float32 ``(65536,)``."""
    drawn = np.arange(1 << DRAW_BITS, dtype=np.uint16)
    return torch.from_numpy(fmt.decode(codes_of(drawn, distribution, fmt.bits))).to(torch.float32)


def drawn(
    spec: ArchitectureSpec, codes: Sequence[int | None], batch: int, samples: int, generator: Generator
) -> dict[str, Tensor]:
    """Inputs of ``batch`` independent frames of ``samples`` for each code, those of one code one after another.

    Returns ``noise<k>`` and, for codes that are no None, ``setting<k>``, float32 ``(len(codes) * batch, channels,
    length)``; the noise has the law of the source's and none of its draws.
    """
    fmt = Format.of(spec.tensor, spec.name)
    values = table(spec.distribution, fmt)
    count, found = len(codes) * batch, {}
    settings = torch.tensor([0.0 if code is None else code * fmt.scale for code in codes]).repeat_interleave(batch)
    for number, lengths in enumerate(replace(spec, samples=samples).lengths):
        shape = (count, spec.levels[number].noise, lengths.latent)
        found[f"noise{number}"] = values[torch.randint(1 << DRAW_BITS, shape, generator=generator)]
        if codes[0] is not None:
            found[f"setting{number}"] = settings[:, None, None].expand(count, 1, lengths.latent)
    return found


def images(spec: SpectrogramSpec, count: int, generator: Generator) -> dict[str, Tensor]:
    """Inputs of ``count`` images: ``input``, float32 ``(count, latent, base, base)``."""
    shape = (count, spec.latent, spec.base, spec.base)
    return {"input": table(spec.distribution, TENSOR)[torch.randint(1 << DRAW_BITS, shape, generator=generator)]}
