"""The torch leg: a net on integer codes, computed by the very modules that training uses.

Where float64 does not carry a net exactly, which training refuses, int64 tensors compute it (`bittrue.qat.exact`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bittrue.limits import take
from bittrue.qat import exact
from bittrue.qat.module import NotCarried
from bittrue.qat.network import Network
from bittrue.qat.quantise import Grid, codes, decode
from bittrue.spec import Conv, Net

Codes = npt.NDArray[np.int64]
Given = npt.ArrayLike | Mapping[str, npt.ArrayLike]
BLOCK = 1 << 16
"""Most samples evaluated at a time; a block sees ``net.memory`` samples before its own."""
ELEMENTS = 1 << 21
"""Most elements that all tensors of a net have in a block: 16 MiB, which stay in the cache and with the allocator."""


def run(net: Net, codes: Given) -> Codes:
    """Output codes ``(N, *net.output.shape)`` of input codes ``(N, *net.input.shape)``; history starts at zero.

    Raises `BadInput` for codes that do not fit the net's inputs, a net with several outputs (`outputs` has them all),
    or a run that takes more memory than a command may.
    """
    last = net.last
    return outputs(net, codes)[last]


def outputs(net: Net, codes: Given) -> dict[str, Codes]:
    """Output codes ``(N, *shape)`` by the name of their node; ``codes`` are an array by input. Errors as of `run`."""
    return _evaluate(net, codes, net.outputs)


def taps(net: Net, codes: Given) -> dict[str, Codes]:
    """Codes of every tensor of the net by its node's name, inputs excluded; shapes and errors as in `run`."""
    return _evaluate(net, codes, [node.name for node in net.nodes])


def _computer(net: Net, names: Sequence[str]) -> Callable[[Mapping[str, Tensor]], dict[str, Tensor]]:
    """The function from int64 codes of the inputs to int64 codes of the named nodes."""
    try:
        network = Network(net, trainable=False)
    except NotCarried:
        return lambda given: {name: tensor for name, tensor in exact.evaluate(net, given).items() if name in names}

    def compute(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        values = {name: decode(code, net.types[name].format) for name, code in given.items()}
        found = network.evaluate(values, names)
        return {name: codes(value, Grid.of(net.types[name].format)) for name, value in found.items()}

    return compute


def _unrolled(net: Net) -> int:
    """Most elements that the windows of a convolution have, side by side: so torch multiplies float64."""
    found = [0]
    for node in net.nodes:
        if isinstance(layer := node.layer, Conv):
            (channels, *lengths), (_, *counts) = net.input_types(node)[0].shape, net.types[node.name].shape
            for phase in product(*(axis.phases(length) for axis, length in zip(layer.axes, lengths, strict=True))):
                places = [
                    along.axis.size * len(range(n)[along.outputs]) for along, n in zip(phase, counts, strict=True)
                ]
                found.append(channels * prod(places))
    return max(found)


@torch.inference_mode()
def _evaluate(net: Net, given: Given, names: Sequence[str]) -> dict[str, Codes]:
    inputs = {name: torch.from_numpy(array) for name, array in net.check_inputs(given).items()}
    samples, compute = len(next(iter(inputs.values()))), _computer(net, names)
    blocks: dict[str, list[Codes]] = {name: [] for name in names}
    size = net.elements + _unrolled(net)
    block = max(1, min(BLOCK, max(net.memory, ELEMENTS // size)))
    seen = min(samples, block + net.memory)
    take(8 * seen * size, f"all tensors of net {net.name} for {seen:,} samples")
    take(8 * samples * sum(net.types[name].elements for name in names), f"the results of net {net.name}")
    for start in range(0, samples, block):
        past = min(start, net.memory)
        part = {name: tensor[start - past : start + block] for name, tensor in inputs.items()}
        for name, value in compute(part).items():
            blocks[name].append(value[past:].numpy())
    return {name: np.concatenate(parts) for name, parts in blocks.items()}
