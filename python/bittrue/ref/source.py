"""The inputs of a source frame by frame, and its output behind the gain."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bittrue.limits import take
from bittrue.num import requantise
from bittrue.num.draws import codes, draws
from bittrue.ref.run import run
from bittrue.spec.source import GAIN, Latent, Source

Codes = npt.NDArray[np.int64]


def frames(source: Source, seed: int, numbers: npt.ArrayLike, settings: Mapping[str, int]) -> dict[str, Codes]:
    """Codes ``(N, *shape)`` of every input for the frames of these ``numbers``, int64 ``(N,)``.

    A latent as `bittrue.spec.source.Latent` says, its positions modulo ``2**48``; a parameter is ``settings[name]``
    everywhere.

    Raises `BadInput` where they would take more memory than a command may.
    """
    net, wanted = source.net, np.asarray(numbers, np.int64)
    elements = sum(tensor.elements for tensor in net.inputs.values())
    take(16 * wanted.size * elements, f"the inputs of {wanted.size:,} frames of net {net.name}")
    found = {}
    for name, given in source.inputs.items():
        shape = net.types[name].shape
        if isinstance(given, Latent):
            found[name] = _latent(given, seed, wanted, shape, net.types[name].format.bits)
        else:
            found[name] = np.full((wanted.size, *shape), settings[given.name], np.int64)
    return found


def _latent(given: Latent, seed: int, numbers: Codes, shape: tuple[int, ...], bits: int) -> Codes:
    channels, length = shape[0], math.prod(shape[1:])
    if given.step < length and (np.diff(numbers) == 1).all():  # frames share columns: draw each once
        columns = numbers[0] * given.step + np.arange((numbers.size - 1) * given.step + length, dtype=np.int64)
        drawn = codes(draws(seed, given.stream, columns, channels), given.distribution, bits)
        windows = np.lib.stride_tricks.sliding_window_view(drawn, length, axis=1)[:, :: given.step]
    else:
        columns = numbers[:, np.newaxis] * given.step + np.arange(length, dtype=np.int64)
        windows = codes(draws(seed, given.stream, columns, channels), given.distribution, bits)
    return np.ascontiguousarray(windows.swapaxes(0, 1)).reshape(numbers.size, *shape)


def amplified(source: Source, y: Codes, gain: int) -> Codes:
    """``requantise(gain * y, 12, format)``, the format of the output."""
    return requantise(gain * y, GAIN.frac, source.net.output.format)


def run_source(source: Source, seed: int, numbers: npt.ArrayLike, settings: Mapping[str, int], gain: int) -> Codes:
    """Output codes ``(N, *net.output.shape)`` of the frames of these ``numbers``."""
    return amplified(source, run(source.net, frames(source, seed, numbers, settings)), gain)
