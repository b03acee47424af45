"""What the torch module of every layer can do, trained from codes or as a layer of a chip: quantise, go back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from bittrue.errors import BadInput
from bittrue.qat.quantise import Grid, quantise
from bittrue.spec import Layer, TensorType


class NotCarried(BadInput):
    """float64 does not carry a net exactly: it cannot be trained, but int64 tensors execute it."""


class LayerModule(nn.Module):
    """A layer in training.

    Parameters
    ----------
    layer : Layer
        What gives it its shape and formats.
    given : sequence of TensorType
        Types of its inputs.

    Attributes
    ----------
    quantised : bool
        True: the integer function of the layer. False: the same layer in plain float arithmetic.
    """

    quantised = True

    def __init__(self, layer: Any, given: Sequence[TensorType]) -> None:
        super().__init__()
        self.layer, self.given = layer, tuple(given)

    def result(self, values: Tensor) -> Tensor:
        """``values`` in the layer's output format, or unchanged where the layer is not quantised."""
        return quantise(values, Grid.of(self.layer.output)) if self.quantised else values

    def to_layer(self) -> Layer:
        """The layer with the present parameters as codes."""
        layer: Layer = self.layer
        return layer
