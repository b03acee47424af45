"""Sampling by a diffusion model: buildings and a transmitter in, drawn maps out, on any leg the same bits."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.data.png import SIDE, Levels
from bittrue.apps.radio.hardware.inputs import Inputs, unfolded
from bittrue.apps.radio.latent.autoencoder import LATENT
from bittrue.apps.radio.latent.denoiser import assembled, pictures
from bittrue.apps.radio.latent.diffusion_folder import Diffusion, read
from bittrue.apps.radio.latent.interval import UNIT
from bittrue.apps.radio.latent.latent_nets import decoder
from bittrue.apps.radio.latent.process import Codes, Denoiser, begun, given, sample
from bittrue.check.legs import Options, make
from bittrue.errors import BadInput
from bittrue.limits import take
from bittrue.num.isqrt import isqrt
from bittrue.spec import Net

MOST = 10_000
"""Most samples of a map."""
TOGETHER = 16
"""Samples that go through a net at once."""
SPREADS = 8
"""Levels of a picture of spreads for one level of standard deviation."""
Evaluate = Callable[[Codes], Codes]
"""A net's output codes of its input codes, int64."""


class Sampler:
    """A diffusion model made ready, for maps one after the other.

    Parameters
    ----------
    model : Diffusion
    denoise, decode : callable
        What computes the denoiser, and the half of the autoencoder behind the latent.
    """

    def __init__(self, model: Diffusion, denoise: Evaluate, decode: Evaluate) -> None:
        self.model, self._denoise, self._decode = model, denoise, decode
        channels, rows, columns = model.autoencoder.types[LATENT].shape
        self.latent = channels, rows, columns

    @classmethod
    def on(cls, model: Diffusion | str | os.PathLike[str], leg: str = "ref", interval: int | None = None) -> Sampler:
        """On a leg, ``"ref"``, ``"torch"``, ``"c"`` or ``"rtl"``. Raises `BadInput` where it cannot run."""
        found = model if isinstance(model, Diffusion) else read(model)

        options = Options(interval).for_legs([leg])

        def made(net: Net) -> Evaluate:
            return make(leg, net, options).run

        return cls(found, made(found.net), made(decoder(found.autoencoder)))

    def latents(self, channels: npt.NDArray[np.int8], seed: int, count: int = 1, first: int = 0) -> Codes:
        """Codes ``(count, values, 32, 32)`` for the channels ``(13, 128, 128)`` of radio nets.

        Samples ``first`` to ``first + count - 1`` of a seed (`bittrue.apps.radio.latent.process.sample`).
        """
        return sample(self._net(channels), self.latent, self.model.steps, seed, count, first)

    def first(self, channels: npt.NDArray[np.int8], seed: int) -> Codes:
        """What the net says of sample 0 at its first evaluation, of noise alone: codes ``(1, values, 32, 32)``."""
        return self._net(channels)(given(begun(seed, 0, 1, self.latent)), self.model.steps)

    def _net(self, channels: npt.NDArray[np.int8]) -> Denoiser:
        seen, steps = pictures(channels)[None], self.model.steps

        def net(state: Codes, k: int) -> Codes:
            codes = assembled(state, np.full(len(state), k), steps, seen)
            return self._denoise(codes.astype(np.int64))

        return net

    def maps(self, inputs: Inputs, row: int, column: int, seed: int, count: int = 1) -> Levels:
        """Drawn maps, uint8 ``(count, 256, 256)``, 0 where built; sample j is the same whatever ``count`` is.

        Raises `BadInput` for a transmitter off the streets, and for more than `MOST` samples.
        """
        if not 1 <= count <= MOST:
            raise BadInput(f"{count:,} samples are asked for; give 1 to {MOST:,}")
        take(count * SIDE * SIDE, f"{count:,} samples of a map")
        channels = inputs.channels(row, column)
        found = np.empty((count, SIDE, SIDE), np.uint8)
        for first in range(0, count, TOGETHER):
            some = min(TOGETHER, count - first)
            codes = self._decode(self.latents(channels, seed, some, first))
            found[first : first + some] = np.where(inputs.built, 0, unfolded(codes) + 128)
        return found


def averaged(maps: Levels) -> Levels:
    """The mean of maps ``(K, H, W)``: ``floor(sum / K + 1/2)``."""
    count = len(maps)
    return np.asarray((2 * maps.sum(0, dtype=np.int64) + count) // (2 * count), np.uint8)


def spread(maps: Levels, stretch: int = UNIT) -> Levels:
    """`SPREADS` times the standard deviation of maps ``(K, H, W)``, pulled away from their mean by so many sixteenths
    (`bittrue.apps.radio.latent.interval`), cut off, 255 at most: of
    ``(SPREADS f)^2 (K sum x^2 - (sum x)^2) / (16 K)^2``, cut off, the whole root."""
    count, squares = len(maps), np.zeros(maps.shape[1:], np.int64)
    for one in maps:  # a map at a time: all of them in int64 are eight times what was asked for
        squares += np.square(one, dtype=np.int64)
    variance = count * squares - maps.sum(0, dtype=np.int64) ** 2
    return np.minimum(isqrt((SPREADS * stretch) ** 2 * variance // (UNIT * count) ** 2), 255).astype(np.uint8)
