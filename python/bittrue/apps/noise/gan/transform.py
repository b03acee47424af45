"""Transform between signals and what the nets see: padding, spectrogram, scaling; and back with the same statistics."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from bittrue.apps.noise.gan import spectrogram
from bittrue.apps.noise.gan.plan import STFTGAN, Plan
from bittrue.apps.noise.gan.quantiles import Quantiles
from bittrue.apps.noise.gan.scalers import Scaler
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.limits import take
from bittrue.readers.tensors import tensors

Array = npt.NDArray[Any]
FILE = "target_data_scaler.safetensors"
ROWS = 256
"""Signals that are transformed at a time."""


class Transform:
    """Of one plan, with the statistics of one training set.

    Parameters
    ----------
    plan : Plan
    scaler : Scaler or Quantiles
    """

    def __init__(self, plan: Plan, scaler: Scaler | Quantiles) -> None:
        self.plan, self.scaler = plan, scaler

    @classmethod
    def fitted(cls, plan: Plan, x: Array) -> tuple[Transform, Array]:
        """The transform of a training set ``(N, L)``, and the set as the nets see it, ``(N, C, ...)`` float32."""
        values = represented(plan, x)
        data = plan.settings.data
        kind = data.quantize if plan.quantized else data.data_scaler
        scaler = Quantiles.fitted(values, kind) if plan.quantized else Scaler.fitted(values, kind)
        return cls(plan, scaler), scaler.transform(values)

    @property
    def limit(self) -> float:
        """Largest magnitude that the nets see."""
        return self.scaler.limit

    def inverse(self, values: Array) -> Array:
        """Signals ``(N, L)``, float32 or complex64, of what a generator made."""
        plan = self.plan
        kind = np.complex64 if plan.is_complex else np.float32
        signals = np.empty((len(values), plan.length), kind)
        for first in range(0, len(values), ROWS):
            part = self.scaler.inverse(values[first : first + ROWS])
            if plan.model == STFTGAN:
                x = spectrogram.waveform(part, plan.settings.data, plan.is_complex)
            else:
                x = part[:, 0] + 1j * part[:, 1] if plan.is_complex else part[:, 0]
            signals[first : first + len(part)] = x[:, plan.padded - plan.length : plan.padded]
        return signals

    def content(self) -> bytes:
        """A safetensors file of the statistics."""
        about = json.dumps({"kind": type(self.scaler).__name__.lower()})
        return safetensors.numpy.save(
            {name: np.ascontiguousarray(array) for name, array in self.scaler.arrays().items()}, {"about": about}
        )

    @classmethod
    def read(cls, plan: Plan, path: Any) -> Transform:
        """The transform whose statistics a file holds. Raises `BadInput` where they are not those of this plan."""
        what = f"the scaler {path}"
        found = tensors(read_bytes(path, "the scaler"), what)
        if not all(array.dtype.kind == "f" and np.isfinite(array).all() for array in found.values()):
            raise BadInput(f"{what} holds what is no finite number; restore it, or train the run again")
        features = plan.channels * math.prod(plan.sizes)
        if plan.quantized:
            columns = plan.channels if plan.settings.data.quantize == "channel" else features
            quantiles = found.get("quantiles", np.empty(0))
            if set(found) == {"quantiles", "limit"} and quantiles.ndim == 2 and quantiles.shape[1] == columns:
                return cls(plan, Quantiles(plan.settings.data.quantize, quantiles, float(found["limit"].flat[0])))
        elif set(found) == {"centre", "half"} and all(_fits(array, plan) for array in found.values()):
            return cls(plan, Scaler(found["centre"], found["half"]))
        raise BadInput(f"{what} does not belong to this configuration; keep it in the folder of its run")


def represented(plan: Plan, x: Array) -> Array:
    """Signals ``(N, L)`` as channels ``(N, C, ...)`` float32, before any scaling."""
    take(12 * len(x) * plan.channels * math.prod(plan.sizes), "the training set as the nets see it")
    values = np.empty((len(x), plan.channels, *plan.sizes), np.float32)
    for first in range(0, len(x), ROWS):
        part = padded(x[first : first + ROWS], plan.padded)
        if plan.model == STFTGAN:
            values[first : first + len(part)] = spectrogram.spectrogram(part, plan.settings.data)
        else:
            values[first : first + len(part), 0] = part.real
            if plan.is_complex:
                values[first : first + len(part), 1] = part.imag
    return values


def padded(x: Array, length: int) -> Array:
    """Signals ``(N, L)`` with their own last samples in front, ``(N, length)``, at most twice as long."""
    more = length - x.shape[1]
    return np.concatenate([x[:, x.shape[1] - more :], x], axis=1) if more else x


def _fits(array: Array, plan: Plan) -> bool:
    whole = (1, plan.channels, *plan.sizes)
    return array.ndim == len(whole) and all(have in (1, want) for have, want in zip(array.shape, whole, strict=True))
