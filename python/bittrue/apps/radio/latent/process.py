"""The sampler in whole numbers: N evaluations of an integer net from noise to a latent, the same bits everywhere.

The process is const_sde of `bittrue.apps.radio.diffusion.process`: ``z_t = (1 - t) z_0 + sqrt(t) n``. The net says z_0,
so that n follows, and a step of the sampler there from ``t`` to ``t - s`` becomes
``z_(t-s) = ((t - s) z_t + s z_0) / t + sqrt(s (t - s) / t) e``, the law of a Brownian bridge. The deviation of n is 4
codes, about that of what a city leaves unknown of a latent. The last evaluation sees noise of ``4 / sqrt(N)`` codes and
says the mean of all that it cannot tell apart there; of noise of 32 codes, 13 at the end, samples would hardly differ.
With ``t = k / N``, ``s = 1 / N`` and k from N down to 1, in codes with `EXTRA` more fractional bits,

    g(j)     = Gaussian codes of stream j of the generator, standard deviation 32 of units of 2^-FINE codes
    z[N]     = 2^(EXTRA - FINE) g(0)
    x        = the net's codes, given clamp(floor(z[k] / 2^EXTRA + 1/2)) to 8 bits, the number k, and the pictures
    z[k - 1] = floor((keep_k z[k] + take_k 2^EXTRA x + add_k 2^(EXTRA - FINE) g(N + 1 - k)) / 2^SHIFT + 1/2)
    keep_k   = floor(2^SHIFT (k - 1) / k + 1/2)    take_k = 2^SHIFT - keep_k
    add_k    = floor(2^SHIFT sqrt((k - 1) / (N k)) + 1/2)

``keep_1 = add_1 = 0``: the last result is the net's own. No square root is taken in float: it is that of a whole
number, rounded to nearest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.num.draws import STREAM_BITS, codes, draws
from bittrue.num.requantise import requantise, round_shift

SHIFT = 12
"""Fractional bits of the three factors."""
EXTRA = 6
"""Fractional bits of a state beyond those of a latent."""
FINE = 3
"""Fractional bits of noise beyond those of a latent: noise of the generator's deviation of 32 is one of 4 codes."""
CODE = Format.parse("Q1.7")
"""Format of latents, and of what the net gets of a state."""
STEPS = (1 << STREAM_BITS) - 1
"""Most evaluations: each has a stream of noise, and the beginning one more."""
SAMPLES = 1 << 20
"""Most samples of a seed."""
Codes = npt.NDArray[np.int64]
Denoiser = Callable[[Codes, int], Codes]
"""z_0 as the net says it, of codes ``(K, *latent)`` and the number k of the time ``k / N``; all int64."""


@dataclass(frozen=True)
class Factors:
    """Of a step, codes with `SHIFT` fractional bits: how much of the state is kept, how much of z_0 is taken, how much
    noise is added."""

    keep: int
    take: int
    add: int


def factors(steps: int) -> list[Factors]:
    """Of the steps from ``k = 1`` to N, the last evaluation first. Raises `BadInput` for other than 1 to `STEPS`."""
    if not 1 <= steps <= STEPS:
        raise BadInput(f"a sampler has {steps} evaluations; give 1 to {STEPS}")
    found = []
    for k in range(1, steps + 1):
        keep = ((k - 1 << SHIFT + 1) + k) // (2 * k)
        add = (isqrt(4 * (k - 1 << 2 * SHIFT) // (steps * k)) + 1) // 2
        found.append(Factors(keep, (1 << SHIFT) - keep, add))
    return found


def noise(seed: int, stream: int, first: int, count: int, shape: tuple[int, int, int]) -> Codes:
    """Gaussian codes of samples ``first`` on, int64 ``(count, C, H, W)``, of column ``(sample H + row) W + column``."""
    channels, rows, columns = shape
    at = np.arange(first * rows * columns, (first + count) * rows * columns).reshape(count, rows, columns)
    return codes(draws(seed, stream, at, channels), "gaussian", CODE.bits).swapaxes(0, 1)


def begun(seed: int, first: int, count: int, shape: tuple[int, int, int]) -> Codes:
    """States that samples ``first`` on begin with, int64 ``(count, C, H, W)``: noise alone."""
    return noise(seed, 0, first, count, shape) << EXTRA - FINE


def given(state: Codes) -> Codes:
    """What the net gets of a state."""
    return requantise(state, EXTRA, CODE)


def sample(net: Denoiser, shape: tuple[int, int, int], steps: int, seed: int, count: int = 1, first: int = 0) -> Codes:
    """Latents int64 ``(count, *shape)``: samples ``first`` to ``first + count - 1`` of a seed, the same in any call.

    Parameters
    ----------
    net : callable
    shape : (C, H, W)
    steps : int
        N.
    seed : int
        0 to ``2**64 - 1``.

    Raises `BadInput` for numbers beyond these.
    """
    if not 0 <= seed < 1 << 64:
        raise BadInput(f"the seed is {seed}; give 0 to 2^64 - 1")
    if count < 1 or first < 0 or first + count > SAMPLES:
        raise BadInput(f"samples {first:,} to {first + count - 1:,} are asked for; give 0 to {SAMPLES - 1:,}, rising")
    plan = factors(steps)
    state = begun(seed, first, count, shape)
    for k in range(steps, 0, -1):
        own, found = plan[k - 1], net(given(state), k)
        total = own.keep * state + (own.take * found << EXTRA)
        if own.add:
            total += own.add * noise(seed, steps + 1 - k, first, count, shape) << EXTRA - FINE
        state = round_shift(total, SHIFT)
    return requantise(state, EXTRA, CODE)
