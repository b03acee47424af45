"""Known-answer vectors: input codes and the output codes of the reference, checked in beside the net."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.num import Format
from bittrue.spec import Net

FILE = "kat.safetensors"
Codes = npt.NDArray[np.int64]


def corners(fmt: Format, seed: int = 0) -> Codes:
    """64 I/Q codes ``(64, 2)``: ends, ones and zero of the format in all combinations, alternating signs, noise."""
    ends = [fmt.lo, fmt.lo + 1, -1, 0, 1, fmt.hi]
    pairs = np.array([(i, q) for i in ends for q in ends])
    alternating = np.array([(fmt.hi, fmt.lo), (fmt.lo, fmt.hi)] * 4)
    noise = np.random.default_rng(seed).integers(fmt.lo, fmt.hi, (12, 2), endpoint=True)
    return np.concatenate([pairs, alternating, np.zeros((8, 2), np.int64), noise])


def content(net: Net, samples: Codes) -> bytes:
    """The file for one stream of samples ``(N, *input.shape)`` from zero history: ``input`` and ``output`` codes."""
    codes = {"input": samples, "output": ref.run(net, samples)}
    return safetensors.numpy.save({name: np.ascontiguousarray(value) for name, value in codes.items()})


def read(path: str | os.PathLike[str]) -> tuple[Codes, Codes]:
    """Input and output codes of a known-answer file. Raises `BadInput` where it cannot be read."""
    try:
        stored = safetensors.numpy.load(read_bytes(path, "the known answers"))
        return stored["input"].astype(np.int64), stored["output"].astype(np.int64)
    except (SafetensorError, KeyError) as error:
        raise BadInput(f"{path} holds no known answers ({error}); restore the file") from None
