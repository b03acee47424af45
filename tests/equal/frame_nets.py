"""Nets of frames for the equality tests, built layer by layer with random weights whose outputs rarely saturate."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bittrue.num import Format
from bittrue.spec import (
    Abs,
    AvgPool1d,
    Conv1d,
    Dense,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool1d,
    Net,
    Node,
    ReLU,
    TensorType,
)

INT8 = Format.parse("Q1.7")


class Chain:
    """A net in the making: every layer takes the one before, unless told otherwise; outputs are 8 bits that rarely
    saturate."""

    def __init__(self, shape: tuple[int, int], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.types, self.nodes, self.last = {"input": TensorType(shape, INT8)}, [], "input"

    @property
    def type(self) -> TensorType:
        return self.types[self.last]

    def add(self, layer, *sources: str) -> str:
        name, sources = f"n{len(self.nodes)}", sources or (self.last,)
        self.types[name] = layer.output_type(*(self.types[source] for source in sources))
        self.nodes.append(Node(name, layer, sources))
        self.last = name
        return name

    def weights(self, *shape: int):
        return self.rng.integers(-128, 128, shape), self.rng.integers(-9000, 9000, shape[0])

    def output(self, terms: int) -> Format:
        """For a sum of so many products."""
        return Format(8, self.type.format.frac + 7 - 6 - terms.bit_length() // 2)

    def conv(self, filters: int, size: int, activation=Linear(), groups: int = 1, **moves: int) -> str:  # noqa: B008
        terms = self.type.shape[0] // groups * size
        weight, bias = self.weights(filters, self.type.shape[0] // groups, size)
        return self.add(Conv1d(weight, bias, INT8, self.output(terms), activation, groups=groups, **moves))

    def dense(self, outputs: int, output: Format | None = None, activation=Linear()) -> str:  # noqa: B008
        inputs = self.type.shape[0]
        return self.add(Dense(*self.weights(outputs, inputs), INT8, output or self.output(inputs), activation))

    def net(self, name: str) -> Net:
        return Net(name, self.types["input"], tuple(self.nodes))


@lru_cache
def ecg() -> Net:
    """One lead of 128 samples into five classes, by way of every kind of frame layer."""
    chain = Chain((1, 128), 1)
    chain.conv(8, 5, ReLU(), padding=2)
    chain.add(MaxPool1d(2, 2))
    chain.conv(12, 5, ReLU(), padding=2)
    chain.add(AvgPool1d(3, 2))
    chain.conv(16, 3, Abs(), padding=2, dilation=2, groups=4)
    chain.conv(16, 3, LeakyReLU(3), groups=16, padding=1)
    chain.add(MaxPool1d(2, 2))
    chain.conv(20, 1)
    chain.add(Flatten())
    chain.dense(24, activation=ReLU())
    chain.dense(5, Format(32, chain.type.format.frac + 7))
    return chain.net("ecg-like")


@lru_cache
def ecg_tiny() -> Net:
    """The shape of the heartbeat classifier: three channels of 128 samples into five classes, wide."""
    chain = Chain((3, 128), 2)
    for filters, size in ((8, 5), (12, 5), (16, 5), (24, 5), (24, 8)):
        if chain.nodes:
            chain.add(MaxPool1d(2, 2))
        chain.conv(filters, size, ReLU(), padding=2 if size == 5 else 0)
    chain.add(Flatten())
    chain.dense(5, Format(32, chain.type.format.frac + 7))
    return chain.net("ecg-tiny-like")
