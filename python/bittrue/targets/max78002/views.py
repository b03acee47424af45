"""What a node's value is before a stage computes it: results of stages, joined, read in another shape, pooled.

Such a value costs nothing. A convolution takes it as it is where the chip does all of that in one layer; where not, a
stage of its own passes it through.
"""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.spec import Conv1d, Conv2d, Dense
from bittrue.spec.layer import Layer
from bittrue.spec.stages import Join, Operation, Pool, Stage
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.tensors import passes_of


@dataclass(frozen=True)
class View:
    """A value that no stage has computed yet.

    Parameters
    ----------
    sources : tuple of str
        Stages, or the net's input.
    given : tuple of int
        Shape as which they are read: of the joined channels, or of one operand.
    join, pool, pool_first
        As in `bittrue.spec.stages.Stage`.
    flat : bool
        Whether all of it is one vector behind that, channel by channel.
    """

    sources: tuple[str, ...]
    given: tuple[int, ...]
    join: Join | None = None
    pool: Pool | None = None
    pool_first: bool = True
    flat: bool = False

    @property
    def eltwise(self) -> bool:
        """Whether sources are combined element by element."""
        return self.join not in (None, "concat")

    @property
    def computed(self) -> bool:
        """Whether it is the result of a stage, perhaps in another shape."""
        return self.join is None and self.pool is None

    def stage(self, name: str, operation: Operation, natural: tuple[int, ...]) -> Stage:
        """A stage that takes it, without weights; ``natural`` is the shape of its sources, joined."""
        pool = self.pool
        if pool and operation == "none" and {pool.size, pool.stride} <= {1, (1, 1)}:
            pool = None
        shape = None if natural == self.given else self.given[1:]
        first = self.pool_first or not self.eltwise
        return Stage(
            name, operation, pool=pool, sources=self.sources, join=self.join, pool_first=first, shape=shape or None
        )


def taken(view: View, layer: Layer, device: Device) -> bool:
    """Whether the chip does what ``view`` is in the layer in which it computes ``layer``."""
    if isinstance(layer, Dense):
        return view.pool is None and not view.eltwise
    if isinstance(layer, Conv1d):  # a maximum's dilation would be ambiguous there (`limits`)
        apart = view.pool is not None and view.pool.kind == "max" and view.pool.dilation != 1
        return not apart and not view.eltwise
    if not isinstance(layer, Conv2d):
        return view.pool is None and not view.eltwise
    if not view.eltwise or (passes_of(view.given[0]) == 1 and layer.groups == 1):
        return True
    return layer.groups == 1 and device.joined_passes and not layer.bias.any()


def poolable(view: View, device: Device) -> bool:
    """Whether a pooling of ``view`` can be done in the layer that does the rest."""
    if view.pool is not None or view.flat:
        return False
    return not view.eltwise or (len(view.sources) == 2 and may_pool(view, device))


def may_pool(view: View, device: Device) -> bool:
    """Whether operands of an element-wise operation, or its result, can be pooled in the same layer."""
    return device.joined_passes or passes_of(view.given[0]) == 1
