"""A matrix-vector product of a pipeline whose weights can be loaded: every one has its turn in a DSP48E1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bittrue.lower.adder_graph import AdderGraph
from bittrue.lower.adder_search import adder_graph
from bittrue.lower.pipelined_matrix import PipelinedMatrix

READ = 2
"""Clocks from an address to the word of a memory: a register in front, and the memory's."""


@dataclass(frozen=True, eq=False)
class LoadedMatrix(PipelinedMatrix):
    """``acc = weight @ x + bias`` with weights and biases from memories of banks: ``matrix`` is one that can be loaded
    (`bittrue.lower.matrix.loadable`), and every row a chain over all inputs in their order."""

    @cached_property
    def chains(self) -> tuple[tuple[int, ...], ...]:  # type: ignore[override]
        """All inputs in every row."""
        row = tuple(range(self.matrix.weight.shape[1]))
        return tuple(row for _ in self.matrix.weight)

    @cached_property
    def graph(self) -> AdderGraph:
        """No adders: biases are loaded too."""
        return adder_graph(np.zeros_like(self.matrix.weight), np.zeros_like(self.matrix.bias))

    @cached_property
    def start(self) -> int:
        """The clock of a first addend: the words of the first weights have been read before."""
        return READ + 1
