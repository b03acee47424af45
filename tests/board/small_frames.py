"""A net of frames, small enough to compile in seconds: two channels of ten samples into three of five."""

from __future__ import annotations

import numpy as np

from bittrue.num import Format
from bittrue.spec import Conv1d, Linear, MaxPool1d, Net, Node, ReLU, TensorType

INTERVAL = 10
"""Clocks a frame: the three channels of the result take two words a position, one of them half empty."""


def small_frames() -> Net:
    """The net."""
    rng, io = np.random.default_rng(5), Format.parse("Q1.7")
    shapes = ((4, 2, 3), ReLU(), 1), ((3, 4, 1), Linear(), 0)
    convs = [
        Conv1d(rng.integers(-128, 128, shape), rng.integers(-9000, 9000, shape[0]), io, io, activation, padding=padding)
        for shape, activation, padding in shapes
    ]
    nodes = (
        Node("wide", convs[0], ("input",)),
        Node("pool", MaxPool1d(2, 2), ("wide",)),
        Node("narrow", convs[1], ("pool",)),
    )
    return Net("small-frames", TensorType((2, 10), io), nodes)


def frames(count: int, seed: int = 0) -> np.ndarray:
    """Input codes over the full range."""
    return np.random.default_rng(seed).integers(-128, 127, (count, 2, 10), endpoint=True)
