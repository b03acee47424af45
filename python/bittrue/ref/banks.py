"""Several nets that are alike, one chosen for every sample: the meaning of hardware with banks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.num.arrays import plain
from bittrue.ranges import ranges
from bittrue.ref.evaluate import evaluate
from bittrue.ref.run import BLOCK
from bittrue.spec import Add, ComplexFIR, Conv, Dense, Flatten, Layer, MemoryTaps, Net, Pool, Reshape, Table, TensorType
from bittrue.spec.alike import check_alike
from bittrue.spec.net import INPUT

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Kind = TypeVar("Kind", bound=np.generic)

WIDEST = 63
"""Bits of a word that nothing is clamped to."""


def run_banks(banks: Sequence[Net], codes: npt.ArrayLike, select: npt.ArrayLike) -> Codes:
    """Output codes ``(N, *shape)`` of input codes ``(N, *shape)``; sample ``n`` runs through ``banks[select[n]]``.

    Every layer computes sample ``n`` with that bank's weights. What a layer remembers of earlier samples is what they
    were: where it remembers results of weights, those of the banks chosen then.

    Parameters
    ----------
    banks : sequence of Net
        Alike but for their weights and biases.
    codes : int array (N, *shape)
    select : int array (N,)

    Raises
    ------
    BadInput
        For nets that are not alike, codes that do not fit, or a bank that is not there.
    """
    x, chosen = _checked(banks, codes, select)
    net, blocks = banks[0], []
    for start in range(0, len(x), BLOCK):
        past = min(start, net.memory)
        part = slice(start - past, start + BLOCK)
        blocks.append(_tensors(banks, x[part], chosen[part])[net.last][past:])
    return np.concatenate(blocks)


def saturated(banks: Sequence[Net], codes: npt.ArrayLike, select: npt.ArrayLike) -> dict[str, Flags]:
    """For every node, bool ``(N,)``: whether elements of its result for sample ``n`` were clamped to its format.

    That is, a rounded value was outside ``lo..hi``. A delayed copy of a feature does not count again, a negative value
    that a ReLU clears does not count, and a table or a pool never clamps. Parameters and errors as of `run_banks`.
    """
    x, chosen = _checked(banks, codes, select)
    known, found = {INPUT: x, **_tensors(banks, x, chosen)}, {}
    for k, node in enumerate(banks[0].nodes):
        types, given = banks[0].input_types(node), [known[source] for source in node.inputs]
        parts = [_clamped(net.nodes[k].layer, types, given) for net in banks]
        found[node.name] = _chosen(parts, chosen)
    return found


def _tensors(banks: Sequence[Net], x: Codes, select: npt.NDArray[np.int64]) -> dict[str, Codes]:
    known = {INPUT: x}
    for k, node in enumerate(banks[0].nodes):
        types, given = banks[0].input_types(node), [known[source] for source in node.inputs]
        parts = [evaluate(net.nodes[k].layer, types, *given) for net in banks]
        known[node.name] = _chosen([np.broadcast_to(part, (len(x), *part.shape[1:])) for part in parts], select)
    del known[INPUT]
    return known


def _chosen(parts: Sequence[npt.NDArray[Kind]], select: npt.NDArray[np.int64]) -> npt.NDArray[Kind]:
    """``parts[select[n]][n]``."""
    return np.stack(parts)[select, np.arange(len(select))]


def _clamped(layer: Layer, types: Sequence[TensorType], given: Sequence[Codes]) -> Flags:
    """``(N,)``: the layer's result in a format so wide that nothing is clamped, against its own."""
    if isinstance(layer, Table | Pool | Flatten | Reshape):
        return np.zeros(len(given[0]), np.bool_)
    if not isinstance(layer, Dense | ComplexFIR | Add | MemoryTaps | Conv):
        raise BadInput(f"{type(layer).__name__}: no rule for what it clamps; add one to bittrue.ref.banks")
    own, wide = layer.output, Format(WIDEST, layer.output.frac)
    if isinstance(layer, MemoryTaps):
        layer = replace(layer, taps=(0,), iq_taps=None)
    free = evaluate(replace(layer, output=wide), types, *given)
    return np.asarray(((free < own.lo) | (free > own.hi)).reshape(len(free), -1).any(axis=1))


def _checked(banks: Sequence[Net], codes: npt.ArrayLike, select: npt.ArrayLike) -> tuple[Codes, npt.NDArray[np.int64]]:
    check_alike({str(k): net for k, net in enumerate(banks)})
    for net in banks:
        ranges(net)  # refuses a net whose accumulators do not fit the int64 carrier
    x, chosen = banks[0].check_codes(codes), plain(select, "the array of banks")
    if chosen.shape != (len(x),) or chosen.dtype.kind not in "iu":
        raise BadInput(f"{len(x)} samples have banks {chosen.dtype} {chosen.shape}; give one integer a sample")
    if ((chosen < 0) | (chosen >= len(banks))).any():
        raise BadInput(f"banks {chosen.min()} to {chosen.max()} are chosen of {len(banks)}; number them from 0")
    return x, chosen.astype(np.int64)
