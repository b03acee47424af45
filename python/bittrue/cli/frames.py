"""Frames of a file, as codes of a net's input."""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt

from bittrue.cli.run import check_integers, encode, read_array
from bittrue.errors import BadInput
from bittrue.spec import Net


def read_frames(net: Net, path: str) -> npt.NDArray[np.int64]:
    """Codes ``(n, channels, length)`` of a .npy file with one frame or more: integers are codes, others values.

    Raises `BadInput`, naming the file, where it holds none, or not the net's input.
    """
    given = read_array(path)
    if given.dtype.kind in "iu":
        codes = check_integers(given, path)
    else:
        codes = encode(given, net.input.format, argparse.Namespace(input=path))
    try:
        checked = net.check_codes(codes)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    if not len(checked):
        raise BadInput(f"{path} holds no frame; give one or more of shape {net.input.shape}")
    return checked
