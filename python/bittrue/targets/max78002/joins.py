"""Where the sources of a layer must lie beside each other, so that it reads them as one tensor.

Operands of an element-wise operation take turns, word by word: operand ``i`` of ``k`` begins ``i`` words later, and
``k - 1`` words of the others are between two of its own. Channels that are joined are each in a part of the joined
tensor's processors, in one of its passes; of ``P`` passes, ``P - 1`` words of the others are between two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.spec.stages import Stage
from bittrue.targets.max78002.memory_map import GROUP
from bittrue.targets.max78002.tensors import passes_of, per_pass


@dataclass(frozen=True)
class Spot:
    """Where a source lies in what is read as one: processors and words from its beginning, and the gap it leaves."""

    processor: int
    word: int
    gap: int


def spots(stage: Stage, channels: Sequence[int]) -> list[Spot]:
    """The spots of a stage's sources, which have so many channels each.

    Raises `BadInput`, naming the layer, where channels cannot be joined so.
    """
    if stage.eltwise:
        return [Spot(0, index, len(channels) - 1) for index in range(len(channels))]
    if stage.join is None:
        return [Spot(0, 0, 0)]
    total = sum(channels)
    count, passes = per_pass(total), passes_of(total)
    found, start = [], 0
    for number in channels:
        pass_of, processor = divmod(start, count)
        if processor % GROUP or processor + number > count:
            raise BadInput(
                f"layer {stage.name}: it joins {' + '.join(map(str, channels))} channels in {passes} passes of {count}"
                f"; each part must begin at a multiple of {GROUP} and lie within a pass, so choose such numbers of "
                f"channels, as equal ones of {per_pass(64)} or fewer"
            )
        found.append(Spot(processor, pass_of, passes - 1))
        start += number
    return found
