"""What a network description says, layer by layer: only what the integers depend on."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.spec import Activation
from bittrue.spec.stages import RANKS, Join, Operation, Pool

INPUT = -1
"""Number of the net's input among the sources of a layer."""


@dataclass(frozen=True)
class Described:
    """One layer of the description.

    Parameters
    ----------
    index : int
        Its place, from 0.
    name : str
        Empty where the description has none.
    kernel, padding, dilation, stride, output_padding : int
        The same along rows and columns.
    pool : Pool, optional
        With a number for rows and one for columns, except in front of a one-dimensional convolution.
    sources : tuple of int, optional
        Numbers of the layers that it takes, -1 for the input; without, it takes the layer executed before.
    join : "add", "sub", "xor" or "or", optional
        An element-wise operation; several sources without one are joined by their channels.
    following : int, optional
        Number of the layer executed next, -1 for none; without, the next in the description.
    quantization : int, optional
        Bits of the weights; -1 for weights of -1 and +1; ``None`` leaves it to the checkpoint.
    output_shift : int, optional
        Overrides the checkpoint's.
    output : bool
        Whether what it puts out is a result of the net.
    size : (int, int), optional
        Rows and columns as which it reads its data.
    in_channels, out_channels : int, optional
        What the description claims of the shapes.
    weight_source : int, optional
        Number of the layer whose weights, bias and shift are used again.
    """

    index: int
    name: str
    operation: Operation
    kernel: int
    padding: int
    dilation: int
    groups: int
    stride: int
    output_padding: int
    pool: Pool | None
    pool_first: bool
    sources: tuple[int, ...] | None
    join: Join | None
    following: int | None
    activation: Activation
    quantization: int | None
    output_shift: int | None
    wide: bool
    flatten: bool
    output: bool
    size: tuple[int, int] | None
    in_channels: int | None
    out_channels: int | None
    weight_source: int | None

    @property
    def weighted(self) -> bool:
        """Whether the layer takes weights of its own from the checkpoint."""
        return self.operation != "none" and self.weight_source is None

    @property
    def rank(self) -> int | None:
        """Axes along which the layer walks, as far as it says so itself."""
        return RANKS.get(self.operation) or (2 if self.size and self.size[1] > 1 else None)

    def __str__(self) -> str:
        return f"layer {self.index}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True)
class Description:
    """A network description.

    Parameters
    ----------
    path, arch : str
    layers : tuple of Described
        In the order of the file, which is that of the checkpoint's weights.
    order : tuple of int
        Numbers of the layers in the order in which they are executed.
    """

    path: str
    arch: str
    layers: tuple[Described, ...]
    order: tuple[int, ...]

    @property
    def bits(self) -> list[int | None]:
        """``quantization`` of the layers with weights of their own, in order."""
        return [layer.quantization for layer in self.layers if layer.weighted]

    @property
    def executed(self) -> tuple[Described, ...]:
        """The layers in the order in which they are executed."""
        return tuple(self.layers[index] for index in self.order)

    def sources(self, position: int) -> tuple[int, ...]:
        """Numbers of what the layer at a position of `executed` takes."""
        given = self.executed[position].sources
        return given or (self.order[position - 1] if position else INPUT,)
