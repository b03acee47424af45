"""A noise source, small enough to compile in seconds: two channels of noise and a parameter into 12 samples a frame."""

from __future__ import annotations

import numpy as np

from bittrue.check.generating import Wanted, generated
from bittrue.check.legs import Options
from bittrue.num import Format
from bittrue.spec import Concat, Conv1d, Net, Node, TensorType
from bittrue.spec.source import Latent, Parameter, Source

INTERVAL = 36
"""Clocks a frame."""
NAME = "small-source"


def small_source() -> Source:
    """The source."""
    rng, io = np.random.default_rng(4), Format.parse("Q1.7")
    weight = rng.integers(-128, 128, (1, 3, 3))
    weight[0, 2] = 30, 20, 10
    nodes = (
        Node("both", Concat(), ("noise", "level")),
        Node("out", Conv1d(weight, [0], io, Format(16, 13), "relu"), ("both",)),
    )
    inputs = {"noise": TensorType((2, 14), io), "level": TensorType((1, 14), io)}
    filled = {"noise": Latent(0, "gaussian", 12), "level": Parameter("H", -102, 102, 0, 8, 128)}
    return Source(Net(NAME, inputs, nodes), filled)


def samples(length: int, seed: int = 0, start: int = 0, gain: float | None = None, **parameters: float) -> np.ndarray:
    """Codes as ``bittrue noise generate --codes`` gives them."""
    wanted = Wanted(small_source(), 1, length, seed, start, parameters, gain)
    return np.asarray(generated(wanted, "ref", Options(), codes=True)[0])
