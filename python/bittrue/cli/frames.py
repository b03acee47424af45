"""Frames of a file, as codes of a net's input."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.cli.samples import codes_of, read_arrays
from bittrue.errors import BadInput
from bittrue.spec import Net


def read_frames(net: Net, path: str) -> npt.NDArray[np.int64]:
    """Codes ``(n, channels, length)`` of a .npy file with one frame or more: integers are codes, others values.

    Raises `BadInput`, naming the file, where it holds none, or not the net's input.
    """
    shape = net.input.shape
    checked = next(iter(codes_of(net, read_arrays(net, path), path).values()))
    if not len(checked):
        raise BadInput(f"{path} holds no frame; give one or more of shape {shape}")
    return checked
