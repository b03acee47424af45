"""Operands of a layer: tensors that stand interleaved in data memory and meet, element by element, as they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue_firmware.fields import Fields

Codes = npt.NDArray[np.int64]

FUNCTIONS: tuple[str, ...] = ("sub", "add", "or", "xor")
"""Functions by their code in bits 15 and 14 of ONED."""

_COMBINE: Mapping[str, Callable[[Codes], Codes]] = {
    "sub": lambda given: np.asarray(2 * given[:, 0] - given.sum(axis=1)),
    "add": lambda given: np.asarray(given.sum(axis=1)),
    "or": lambda given: np.asarray(np.bitwise_or.reduce(given, axis=1)),
    "xor": lambda given: np.asarray(np.bitwise_xor.reduce(given, axis=1)),
}


@dataclass(frozen=True)
class Operands:
    """What meets, and how.

    Parameters
    ----------
    count : int
        Operands; 1 where nothing meets.
    function : str
        One of `FUNCTIONS`.
    pool_first : bool
        Whether each operand is pooled before they meet, instead of the result.
    """

    count: int = 1
    function: str = "add"
    pool_first: bool = True

    def combine(self, given: Codes) -> Codes:
        """``(processors, operands, ...)`` to ``(processors, ...)``: all bits are kept, then clipped to 8 once."""
        if self.count == 1:
            return given[:, 0]
        return np.asarray(np.clip(_COMBINE[self.function](given), -128, 127))


def operands_of(fields: Fields, kind: str, pools: bool) -> Operands:
    """The operands by bits 13 to 21 of ONED. Raises `FirmwareFault` where they contradict the rest."""
    if not fields.bit("ONED", 13):
        fields.need(not fields["ONED"] >> 14, "ONED", "operands (bits 21 to 14) need bit 13")
        return Operands()
    count = fields.part("ONED", 18, 21) + 1
    fields.need(count > 1, "ONED", "one operand (bits 21 to 18) needs no function, bit 13")
    fields.need(not fields.bit("ONED", 12), "ONED", "operands do not go with one-dimensional kernels, bit 12")
    fields.need(kind != "depthwise", "ONED", "operands in front of depthwise layers are not modelled")
    fields.need(
        fields.bit("ONED", 17) == (kind == "conv"), "ONED", "bit 17 says whether a convolution follows the operands"
    )
    fields.need(not fields.bit("POST", 27), "POST", "flattening of operands (bit 27) is not modelled")
    first = fields.bit("ONED", 16)
    fields.need(pools or not first, "ONED", "bit 16 is for pooling before the operands meet, and nothing pools")
    fields.need(first or not pools or count == 2, "ONED", "pooling after the operands meet takes two of them")
    return Operands(count, FUNCTIONS[fields.part("ONED", 14, 15)], first or not pools)
