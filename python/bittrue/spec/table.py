"""Table: an activation by look-up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec.layer import Layer, TensorType, frozen_codes, register

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@register
@dataclass(frozen=True, eq=False)
class Table(Layer):
    """``y = values[x - x.format.lo]``, element by element: any function of one word of at most 16 bits.

    Parameters
    ----------
    values : int64 array (2**bits of the input,)
        Codes of ``output``, for the input codes from ``lo`` to ``hi``.
    output : Format
    """

    values: npt.NDArray[np.int64]
    output: Format

    def __post_init__(self) -> None:
        super().__post_init__()
        values = self.output.check(self.values, "Table.values")
        object.__setattr__(self, "values", frozen_codes(values, 1, "Table.values"))
        if len(self.values) > 1 << 16:
            raise BadInput(f"a table has {len(self.values)} entries; 2^16 is the limit, so requantise its input first")

    @classmethod
    def tabulate(cls, function: Callable[[float], float], given: Format | str, output: Format | str) -> Table:
        """The table of ``output.encode(function(x))`` for every value ``x`` of the format ``given``."""
        given, output = Format.of(given, "Table.tabulate given"), Format.of(output, "Table.tabulate output")
        if given.bits > 16:
            raise BadInput(f"a table for {given} words has 2^{given.bits} entries; requantise to at most 16 bits first")
        values = given.decode(np.arange(given.lo, given.hi + 1))
        return cls(output.encode([function(float(v)) for v in values]), output)

    def output_type(self, *inputs: TensorType) -> TensorType:
        (given,) = inputs
        if len(self.values) != 1 << given.format.bits:
            raise BadInput(
                f"a table for {given.format} words needs {1 << given.format.bits} entries, not {len(self.values)}; "
                f"tabulate it for that format"
            )
        return TensorType(given.shape, self.output)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        given = Format.parse("Q3.5")
        layer = cls.tabulate(math.tanh, given, Format.parse("Q1.11"))
        return Net("table", TensorType((3,), given), (Node("tanh", layer, ("input",)),))
