"""The constants of a net in the order in which the lanes of the hardware hold them (`bittrue.lower.lanes`)."""

from __future__ import annotations

from dataclasses import replace

from bittrue.emit.constants import Constant, constants
from bittrue.errors import BadInput
from bittrue.lower.fold import MIN_INTERVAL, is_pipeline
from bittrue.lower.lanes import biases, check_words, weights
from bittrue.lower.schedule import schedule
from bittrue.spec import Net


def lane_order(interval: int) -> str:
    """The order in words, for address maps."""
    return (
        f"the order of the lanes for a sample every {interval} clocks: weight[row][segment][word], bias[row][turn], "
        f"zeros beyond the matrix; no gaps; base and length in words"
    )


def in_lanes(net: Net, interval: int) -> dict[str, tuple[Constant, ...]]:
    """The constants of the layers that run on lanes, by node.

    ``weight[row][segment][word]`` is the ROM of that lane, word by word: weight ``[output, given]`` of the layer's real
    matrix stands at ``Fold.address(output, given)``. ``bias[row][turn]`` belongs to output ``turn * rows + row``. A
    complex filter has the matrix of `bittrue.lower.matrix`, twice as many words as weights. What lies beyond the matrix
    is zero. A part that loads weights at run time so writes each lane's ROM from one run of consecutive words.

    Raises `BadInput` for an interval or a net that hardware cannot have, and where the real matrix of a filter has a
    weight that its word cannot hold: the negative of the lowest code.
    """
    if is_pipeline(interval):
        raise BadInput(
            f"net {net.name}: a pipeline that never stops has no lanes with memories; give an interval "
            f"of {MIN_INTERVAL} clocks or more, or export in row order"
        )
    found, steps = {}, schedule(net, interval).steps
    for node in net.nodes:
        step = steps[node.name]
        if step.fold is None or step.matrix is None:
            continue
        arranged = []
        for constant in constants(node.layer, net.input_types(node)):
            if constant.bits is None:
                codes = biases(step.matrix, step.fold)
            else:
                fix = "export in row order, or raise that weight by one"
                check_words(step.matrix, constant.bits, node.name, fix)
                codes = weights(step.matrix, step.fold)
            arranged.append(replace(constant, codes=codes))
        found[node.name] = tuple(arranged)
    return found
