"""A net of frames that streams weights, small enough to compile in seconds."""

from __future__ import annotations

import numpy as np

from bittrue.num import Format
from bittrue.spec import Conv1d, Dense, Flatten, Linear, Net, Node, TensorType

INTERVAL, BRAM = 8192, 3
"""Clocks a frame, and RAMB36E1: the 9,216 weights of the second convolution do not fit."""


def small_streamed() -> Net:
    """Two channels of six samples, through 32 and 96 channels, into two."""
    rng, io, out = np.random.default_rng(11), Format.parse("Q1.7"), Format.parse("Q4.4")

    def conv(outputs: int, inputs: int) -> Conv1d:
        weight = rng.integers(-128, 128, (outputs, inputs, 3))
        return Conv1d(weight, rng.integers(-999, 999, outputs), io, out, Linear())

    last = Dense(rng.integers(-128, 128, (2, 192)), rng.integers(-99, 99, 2), io, out)
    nodes = (
        Node("first", conv(32, 2), ("input",)),
        Node("second", conv(96, 32), ("first",)),
        Node("flat", Flatten(), ("second",)),
        Node("last", last, ("flat",)),
    )
    return Net("small-streamed", TensorType((2, 6), io), nodes)


def frames(count: int, seed: int = 0) -> np.ndarray:
    """Input codes over the full range."""
    return np.random.default_rng(seed).integers(-128, 127, (count, 2, 6), endpoint=True)
