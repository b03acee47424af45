"""Run a net on codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from bittrue.limits import take
from bittrue.ranges import ranges
from bittrue.ref.evaluate import evaluate_words
from bittrue.ref.words import Words, words
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]
Given = npt.ArrayLike | Mapping[str, npt.ArrayLike]

BLOCK = 1 << 16
"""Most samples evaluated at a time."""
ELEMENTS = 1 << 24
"""Most elements that the tensors of a net have at one time in a block, to bound memory; it has one sample at least."""


def run(net: Net, codes: Given) -> Codes:
    """Output codes ``(N, *net.output.shape)`` of input codes ``(N, *net.input.shape)``; history starts at zero.

    Raises `BadInput` for codes that do not fit the net's inputs, for a net with several outputs (`outputs` has them
    all), and where the results, or all tensors of a stretch as long as the net looks back, take more memory than a
    command may.
    """
    last = net.last
    return outputs(net, codes)[last]


def outputs(net: Net, codes: Given) -> dict[str, Codes]:
    """Output codes ``(N, *shape)`` by the name of their node; ``codes`` are an array by input. Errors as of `run`."""
    given = _given(net, codes)
    samples = len(next(iter(given.values())))
    elements = sum(net.types[name].elements for name in net.outputs)
    take(8 * samples * elements, f"the results of net {net.name} for {samples:,} samples")
    block = max(1, min(BLOCK, max(net.memory, ELEMENTS // _together(net))))
    found: dict[str, Codes] = {}
    for start in range(0, samples, block):
        past = min(start, net.memory)
        part = {name: array[start - past : start + block] for name, array in given.items()}
        take(8 * len(next(iter(part.values()))) * _together(net), f"the tensors of net {net.name}")
        for name, codes in _tensors(net, part, forget=True):
            if name in net.outputs:
                if name not in found:
                    found[name] = np.empty((samples, *codes.shape[1:]), np.int64)
                found[name][start : start + block] = codes[past:]
    return {name: found[name] for name in net.outputs}


def taps(net: Net, codes: Given) -> dict[str, Codes]:
    """Codes of every tensor of the net by its node's name, inputs excluded; shapes and errors as in `run`."""
    given = _given(net, codes)
    samples = len(next(iter(given.values())))
    take(8 * samples * net.elements, f"all tensors of net {net.name} for {samples:,} samples")
    return {name: codes.astype(np.int64) for name, codes in _tensors(net, given)}


def _given(net: Net, codes: Given) -> dict[str, Words]:
    """The inputs by name, checked, in words that hold their codes."""
    checked = net.check_inputs(codes, copy=False).items()
    return {name: array.astype(words(net.types[name].format), copy=False) for name, array in checked}


def _tensors(net: Net, given: Mapping[str, Words], forget: bool = False) -> Iterator[tuple[str, Words]]:
    """Every node's name and codes in order; with ``forget``, none is held longer than later nodes need it."""
    ranges(net)  # refuses a net whose accumulators do not fit the int64 carrier
    known, samples = dict(given), len(next(iter(given.values())))
    last_use = _last_uses(net)
    for node in net.nodes:
        codes = evaluate_words(node.layer, net.input_types(node), *(known[source] for source in node.inputs))
        if not node.inputs:
            codes = np.broadcast_to(codes, (samples, *codes.shape[1:]))
        codes = codes.astype(words(net.types[node.name].format), copy=False)
        known[node.name] = codes
        yield node.name, codes
        if forget:
            del codes
            for name in last_use.get(node.name, ()):
                del known[name]


def _last_uses(net: Net) -> dict[str, list[str]]:
    """By node: the tensors that no later node takes."""
    users = {source: node.name for node in net.nodes for source in node.inputs}
    users = {node.name: node.name for node in net.nodes} | users
    found: dict[str, list[str]] = {}
    for name, user in users.items():
        found.setdefault(user, []).append(name)
    return found


def _together(net: Net) -> int:
    """Most elements of the tensors that are held at one time, for one sample."""
    last_use, held = _last_uses(net), sum(tensor.elements for tensor in net.inputs.values())
    most = held
    for node in net.nodes:
        held += net.types[node.name].elements
        most = max(most, held)
        held -= sum(net.types[name].elements for name in last_use.get(node.name, ()))
    return most
