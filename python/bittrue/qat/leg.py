"""The torch leg: a net on integer codes, computed by the very modules that training uses.

Where float64 does not carry a net exactly, which training refuses, int64 tensors compute it (`bittrue.qat.exact`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bittrue.limits import take
from bittrue.qat import exact
from bittrue.qat.module import NotCarried
from bittrue.qat.network import Network
from bittrue.qat.quantise import Grid, codes, decode
from bittrue.spec import Conv1d, Net
from bittrue.spec.net import INPUT

Codes = npt.NDArray[np.int64]
BLOCK = 1 << 16
"""Most samples evaluated at a time; a block sees ``net.memory`` samples before its own."""
ELEMENTS = 1 << 24
"""Most elements that all tensors of a net have in a block, to bound memory."""


def run(net: Net, codes: npt.ArrayLike) -> Codes:
    """Output codes ``(N, *net.output.shape)`` of input codes ``(N, *net.input.shape)``; history starts at zero.

    Raises `BadInput` for codes that do not fit the net's input, or a run that takes more memory than a command may.
    """
    last = net.last
    return _evaluate(net, codes, (last,))[last]


def taps(net: Net, codes: npt.ArrayLike) -> dict[str, Codes]:
    """Codes of every tensor of the net by its node's name, input excluded; shapes and errors as in `run`."""
    return _evaluate(net, codes, [node.name for node in net.nodes])


def _computer(net: Net, names: Sequence[str]) -> Callable[[Tensor], dict[str, Tensor]]:
    """The function from int64 input codes to int64 codes of the named nodes."""
    try:
        network = Network(net, trainable=False)
    except NotCarried:
        return lambda x: {name: tensor for name, tensor in exact.evaluate(net, x).items() if name in names}

    def compute(x: Tensor) -> dict[str, Tensor]:
        found = network.evaluate({INPUT: decode(x, net.input.format)}, names)
        return {name: codes(value, Grid.of(net.types[name].format)) for name, value in found.items()}

    return compute


def _unrolled(net: Net) -> int:
    """Most elements that the windows of a convolution have, side by side: so torch multiplies float64."""
    windows = [0]
    for node in net.nodes:
        if isinstance(layer := node.layer, Conv1d):
            windows.append(layer.groups * layer.weight[0].size * net.types[node.name].shape[1])
    return max(windows)


@torch.inference_mode()
def _evaluate(net: Net, given: npt.ArrayLike, names: Sequence[str]) -> dict[str, Codes]:
    x = torch.from_numpy(net.check_codes(given))
    compute = _computer(net, names)
    blocks: dict[str, list[Codes]] = {name: [] for name in names}
    size = net.elements + _unrolled(net)
    block = max(1, min(BLOCK, max(net.memory, ELEMENTS // size)))
    seen = min(len(x), block + net.memory)
    take(8 * seen * size, f"all tensors of net {net.name} for {seen:,} samples")
    take(8 * len(x) * sum(net.types[name].elements for name in names), f"the results of net {net.name}")
    for start in range(0, len(x), block):
        past = min(start, net.memory)
        for name, value in compute(x[start - past : start + block]).items():
            blocks[name].append(value[past:].numpy())
    return {name: np.concatenate(parts) for name, parts in blocks.items()}
