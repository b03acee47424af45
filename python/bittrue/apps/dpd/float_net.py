"""The float parent of a net, in NumPy: the same layers with float parameters and without any rounding."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.parent import Parameters, Real, trainable
from bittrue.readers.tensors import tensors
from bittrue.spec import Add, ComplexFIR, Dense, Layer, LeakyReLU, MemoryTaps, Net, ReLU, Table, TensorType
from bittrue.spec.net import INPUT

__all__ = ["FILE", "Parameters", "Real", "delay", "envelope", "evaluate", "load", "run", "taps"]

FILE = "float.safetensors"


def load(path: str | os.PathLike[str], net: Net) -> dict[str, Real]:
    """Read the parameters of a net's float parent; `BadInput` where one is missing, extra or of another shape."""
    stored = tensors(read_bytes(path, "the float parameters"), os.fspath(path))
    wanted = {f"{node.name}.{key}": array.shape for node in net.nodes for key, array in trainable(node.layer).items()}
    found = {name: array.shape for name, array in stored.items()}
    if found != wanted:
        name = sorted(set(found.items()) ^ set(wanted.items()))[0][0]
        raise BadInput(
            f"{path} does not belong to net {net.name}: tensor {name} is {found.get(name, 'missing')} where the net "
            f"has {wanted.get(name, 'none')}; train it again"
        )
    return {name: array.astype(np.float64) for name, array in stored.items()}


def run(net: Net, parameters: Parameters, values: npt.ArrayLike) -> Real:
    """Output values ``(N, *net.output.shape)`` of input values ``(N, *net.input.shape)``; history starts at zero."""
    return taps(net, parameters, values)[net.nodes[-1].name]


def taps(net: Net, parameters: Parameters, values: npt.ArrayLike) -> dict[str, Real]:
    """Values ``(N, ...)`` of every node by its name, and of ``"input"``, for input values as in `run`."""
    known = {INPUT: np.asarray(values, dtype=np.float64)}
    for node in net.nodes:
        own = {key: parameters[f"{node.name}.{key}"] for key in trainable(node.layer)}
        known[node.name] = evaluate(node.layer, own, net.input_types(node), *(known[name] for name in node.inputs))
    return known


def delay(x: Real, samples: int) -> Real:
    """``x[n - samples]`` along axis 0, zero before the first sample."""
    delayed = np.zeros_like(x)
    if samples < len(x):
        delayed[samples:] = x[: len(x) - samples]
    return delayed


def envelope(iq: Real, power: int) -> Real:
    """``|x|**power`` of values ``(N, 2)``: ``(N,)``."""
    squared: Real = (iq * iq).sum(-1)
    return squared ** (power // 2) if power % 2 == 0 else np.sqrt(squared) ** power


@singledispatch
def evaluate(layer: Layer, own: Parameters, types: Sequence[TensorType], *inputs: Real) -> Real:
    """Output values ``(N, ...)`` of one layer for its own float parameters and input values ``(N, ...)``."""
    raise BadInput(f"{type(layer).__name__}: no float evaluation; register one in bittrue.apps.dpd.float_net")


@evaluate.register
def _(layer: MemoryTaps, own: Parameters, types: Sequence[TensorType], iq: Real) -> Real:
    parts: dict[int | str, Real] = {p: envelope(iq, p) for p in layer.powers}
    parts |= {"I": iq[:, 0], "Q": iq[:, 1]}
    return np.stack([delay(parts[part], tap) for tap, part in layer.features], axis=1)


@evaluate.register
def _(layer: Dense, own: Parameters, types: Sequence[TensorType], x: Real) -> Real:
    acc: Real = x @ own["weight"].T + own["bias"]
    if isinstance(layer.activation, ReLU):
        return np.maximum(acc, 0)
    if isinstance(layer.activation, LeakyReLU):
        return np.where(acc < 0, acc * 2.0**-layer.activation.shift, acc)
    return acc


@evaluate.register
def _(layer: ComplexFIR, own: Parameters, types: Sequence[TensorType], iq: Real) -> Real:
    acc = np.zeros_like(iq)
    row = iter(own["weight"])
    for term in layer.terms:
        b = iq * envelope(iq, term.power)[:, None] if term.power else iq
        for tap, (h_re, h_im) in zip(term.taps, row, strict=False):
            d = delay(b, tap)
            acc[:, 0] += h_re * d[:, 0] - h_im * d[:, 1]
            acc[:, 1] += h_re * d[:, 1] + h_im * d[:, 0]
    return acc


@evaluate.register
def _(layer: Table, own: Parameters, types: Sequence[TensorType], x: Real) -> Real:
    """Straight lines between at most 4,096 entries, as training sees the table."""
    given, values = types[0].format, layer.output.decode(layer.values)
    step = max(1, len(values) >> 12)
    knots = np.append(values[::step], values[-1])
    position = (np.clip(x, given.decode(given.lo), given.decode(given.hi)) * 2.0**given.frac - given.lo) / step
    left = np.floor(position).astype(np.int64)
    return np.asarray(knots[left] + (position - left) * (knots[left + 1] - knots[left]), dtype=np.float64)


@evaluate.register
def _(layer: Add, own: Parameters, types: Sequence[TensorType], *inputs: Real) -> Real:
    return np.asarray(sum(inputs), dtype=np.float64)
