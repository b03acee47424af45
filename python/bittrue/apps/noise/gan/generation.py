"""Generated sets: signals of a trained generator, back in the units of its training set, as HDF5."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bittrue.apps.noise.gan import latents
from bittrue.apps.noise.gan.generator import Generator
from bittrue.apps.noise.gan.transform import Transform
from bittrue.kit.optional import needed
from bittrue.limits import take

KEY = "test"
"""Of the array in the file: signals without labels."""

Step = Callable[[str, int, int], None]


@torch.no_grad()
def generated(generator: Generator, transform: Transform, count: int, seed: int, step: Step) -> npt.NDArray[Any]:
    """So many signals ``(count, L)``, float32 or complex64; the generator is in evaluation mode meanwhile."""
    plan, was = transform.plan, generator.training
    random = torch.Generator().manual_seed(seed)
    settings, batch = plan.settings, plan.settings.dataloader_specs.batch_size
    take(count * plan.length * (8 if plan.is_complex else 4), f"{count:,} generated signals")
    device = next(generator.parameters()).device
    generator.eval()
    parts = []
    for first in range(0, count, batch):
        step("generating", first, count)
        z = latents.drawn(settings.latent_type, min(batch, count - first), settings.model_specs.latent_dim, random)
        parts.append(transform.inverse(generator(z.to(device)).cpu().numpy()))
    generator.train(was)
    return np.concatenate(parts)


def content(signals: npt.NDArray[Any]) -> bytes:
    """The HDF5 file with the signals under the key ``test``; the same bytes for the same signals."""
    with needed("generated sets need", "h5py", extra="noise"):
        import h5py
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset(KEY, data=signals, track_times=False)
    return buffer.getvalue()
