"""Flatten: a frame as a vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bittrue.num import Format
from bittrue.spec.frame import frame_of
from bittrue.spec.layer import Layer, TensorType, register

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@register
@dataclass(frozen=True)
class Flatten(Layer):
    """``y[c * L + n] = x[c, n]``: shape ``(C, L)`` becomes ``(C * L,)``, channel by channel, as in PyTorch."""

    def output_type(self, *inputs: TensorType) -> TensorType:
        given = frame_of(inputs, "Flatten")
        return TensorType((given.shape[0] * given.shape[1],), given.format)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.dense import Dense
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q1.7")
        weight = (np.arange(2 * 12) * 57 % 256 + fmt.lo).reshape(2, 12)
        dense = Dense(weight, np.array([-3000, 81]), fmt, Format(32, 14))
        nodes = (Node("flat", cls(), ("input",)), Node("wide", dense, ("flat",)))
        return Net("flatten", TensorType((3, 4), fmt), nodes)
