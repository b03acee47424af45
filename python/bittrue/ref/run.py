"""Run a net on codes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.ranges import ranges
from bittrue.ref.layers import evaluate
from bittrue.spec import Net
from bittrue.spec.net import INPUT

Codes = npt.NDArray[np.int64]
BLOCK = 1 << 16
"""Samples evaluated at a time, to bound memory."""


def run(net: Net, codes: npt.ArrayLike) -> Codes:
    """Output codes ``(N, *net.output.shape)`` of input codes ``(N, *net.input.shape)``; history starts at zero.

    Raises `BadInput` for codes that do not fit the net's input.
    """
    x = net.check_codes(codes)
    last = net.nodes[-1].name
    blocks = []
    for start in range(0, len(x), BLOCK):
        past = min(start, net.memory)
        blocks.append(taps(net, x[start - past : start + BLOCK])[last][past:])
    return np.concatenate(blocks)


def taps(net: Net, codes: npt.ArrayLike) -> dict[str, Codes]:
    """Codes of every tensor of the net by its node's name, input excluded; shapes as in `run`."""
    ranges(net)  # refuses a net whose accumulators do not fit the int64 carrier
    known = {INPUT: net.check_codes(codes)}
    for node in net.nodes:
        known[node.name] = evaluate(node.layer, net.input_types(node), *(known[source] for source in node.inputs))
    del known[INPUT]
    return known
