"""Three nets that differ in their codes alone, small enough to compile in seconds."""

from __future__ import annotations

import numpy as np

from bittrue.num import Format
from bittrue.spec import Dense, MemoryTaps, Net, Node, TensorType


def small_net(seed: int, bits: int = 16) -> Net:
    """Features of two taps, and two dense layers with random codes."""
    rng, io = np.random.default_rng(seed), Format.parse(f"Q1.{bits - 1}")
    nodes = (
        Node("features", MemoryTaps((0, 1), (1, 2), io), ("input",)),
        Node("fc1", _dense(rng, 5, 8, "Q2.14", "Q4.12"), ("features",)),
        Node("fc2", _dense(rng, 2, 5, "Q1.15", f"Q1.{bits - 1}"), ("fc1",)),
    )
    return Net("small-net", TensorType((2,), io), nodes)


def _dense(rng: np.random.Generator, outputs: int, inputs: int, weights: str, output: str) -> Dense:
    weight = rng.integers(-20_000, 20_000, (outputs, inputs))
    return Dense(weight, rng.integers(-20_000, 20_000, outputs), Format.parse(weights), Format.parse(output))


def samples(count: int, seed: int = 0) -> np.ndarray:
    """Input codes over the full range."""
    return np.random.default_rng(seed).integers(-32768, 32767, (count, 2), endpoint=True)


NETS = {name: small_net(seed) for seed, name in enumerate(("cold", "normal", "hot"))}
