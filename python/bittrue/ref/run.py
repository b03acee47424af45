"""Run a net on codes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.limits import take
from bittrue.ranges import ranges
from bittrue.ref import frames  # noqa: F401  (registers its layers)
from bittrue.ref.layers import evaluate
from bittrue.spec import Net
from bittrue.spec.net import INPUT

Codes = npt.NDArray[np.int64]
BLOCK = 1 << 16
"""Most samples evaluated at a time."""
ELEMENTS = 1 << 24
"""Most elements that all tensors of a net have in a block, to bound memory; a block has one sample at least."""


def run(net: Net, codes: npt.ArrayLike) -> Codes:
    """Output codes ``(N, *net.output.shape)`` of input codes ``(N, *net.input.shape)``; history starts at zero.

    Raises `BadInput` for codes that do not fit the net's input, and where the results, or all tensors of a stretch as
    long as the net looks back, take more memory than a command may.
    """
    x = net.check_codes(codes)
    last = net.nodes[-1].name
    take(8 * len(x) * net.output.elements, f"the results of net {net.name} for {len(x):,} samples")
    block = max(1, min(BLOCK, max(net.memory, ELEMENTS // net.elements)))
    blocks = []
    for start in range(0, len(x), block):
        past = min(start, net.memory)
        blocks.append(taps(net, x[start - past : start + block])[last][past:])
    return np.concatenate(blocks)


def taps(net: Net, codes: npt.ArrayLike) -> dict[str, Codes]:
    """Codes of every tensor of the net by its node's name, input excluded; shapes and errors as in `run`."""
    x = net.check_codes(codes)
    take(8 * len(x) * net.elements, f"all tensors of net {net.name} for {len(x):,} samples")
    ranges(net)  # refuses a net whose accumulators do not fit the int64 carrier
    known = {INPUT: x}
    for node in net.nodes:
        known[node.name] = evaluate(node.layer, net.input_types(node), *(known[source] for source in node.inputs))
    del known[INPUT]
    return known
