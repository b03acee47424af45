"""A judge of imported nets, written from the chip's arithmetic alone: plain loops over a description and its arrays.

Everything is an image here; a frame has one column.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

ELTWISE = {
    "add": lambda values: sum(values),
    "sub": lambda values: values[0] - sum(values[1:]),
    "xor": lambda values: np.bitwise_xor.reduce(values),
    "or": lambda values: np.bitwise_or.reduce(values),
}


def evaluate(layers, state, x):
    """Outputs of every layer: (C, H, W) arrays of Python integers.

    ``layers`` are mappings as in the YAML, ``state`` arrays of a quantised checkpoint, ``x`` an integer frame (C, L) or
    image (C, H, W).
    """
    names = [key.removesuffix(".op.weight") for key in state if key.endswith(".op.weight")]
    rest, owners = iter(names), {}
    given = np.asarray(x).astype(object)
    outputs = {-1: given.reshape(*given.shape[:2], -1)}
    numbers = {"input": -1} | {layer["name"].lower(): index for index, layer in enumerate(layers) if "name" in layer}
    for index, layer in enumerate(layers):
        kind = layer.get("operation", "conv2d")
        sources = layer.get("in_sequences", index - 1)
        sources = sources if isinstance(sources, list) else [sources]
        operands = [outputs[numbers.get(source, source)] for source in sources]
        join = layer.get("eltwise", kind if kind in ELTWISE else None)
        if join is None and len(operands) > 1:
            operands = [np.concatenate(operands)]
        if join and not layer.get("pool_first", True):
            operands, join = [combined(join, operands)], None
        operands = [pooled(layer, kind, read(layer, operand)) for operand in operands]
        data = combined(join, operands) if join else operands[0]
        if kind not in ("none", "passthrough", *ELTWISE):
            again = layer.get("weight_source")
            owners[index] = owners[again] if again is not None else (next(rest), layer)
            data = summed(layer, kind, state, *owners[index], data)
        outputs[index] = data
    return [outputs[index] for index in range(len(layers))]


def read(layer, data):
    size = layer.get("in_dim", data.shape[1:])
    rows, columns = (size, 1) if isinstance(size, int) else size
    return data.reshape(-1, rows, columns)


def combined(join, operands):
    shape = operands[0].shape
    flat = [ELTWISE[join](values) for values in zip(*(operand.ravel() for operand in operands), strict=True)]
    return np.array([min(max(value, -128), 127) for value in flat], object).reshape(shape)


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def pooled(layer, kind, data):
    size = pair(layer.get("max_pool") or layer.get("avg_pool") or 1)
    stride, dilation = pair(layer.get("pool_stride", 1)), pair(layer.get("pool_dilation", 1))
    if kind == "conv1d" or (kind in ("none", "passthrough", *ELTWISE) and data.shape[2] == 1):
        size, stride, dilation = (size[0], 1), (stride[0], 1), (dilation[0], 1)
    starts = [
        range(0, length - (places - 1) * apart, step)
        for length, places, apart, step in zip(data.shape[1:], size, dilation, stride, strict=True)
    ]
    result = np.empty((len(data), *map(len, starts)), object)
    for c, i, j in np.ndindex(result.shape):
        window = [data[c, starts[0][i] + a * dilation[0], starts[1][j] + b * dilation[1]] for a, b in np.ndindex(*size)]
        average = "avg_pool" in layer
        result[c, i, j] = math.trunc(Fraction(sum(window), len(window))) if average else max(window)
    return result


def summed(layer, kind, state, name, owner, data):
    """``owner`` is the layer that the weights belong to, whose shift counts too."""
    weight = state[f"{name}.op.weight"].astype(object)
    stored = int(np.asarray(state.get(f"{name}.weight_bits", [8])).reshape(-1)[0])
    bits = owner.get("quantization", stored)
    bits = 1 if bits in ("bin", "binary") else bits
    default = int(np.asarray(state.get(f"{name}.output_shift", [0])).reshape(-1)[0])
    shift = owner.get("output_shift", default) + 8 - bits
    if layer.get("flatten"):
        data = data.reshape(-1, 1, 1)
    accs = transposed(layer, weight, data) if kind == "convtranspose2d" else convolved(layer, kind, weight, data)
    biases = np.asarray(state.get(f"{name}.op.bias", np.zeros(len(accs))))
    for row, bias in zip(accs, biases, strict=True):
        row += 128 * math.floor(Fraction(int(bias), 2 ** (stored - 1)))
    if layer.get("output_width", 8) == 32:
        return accs
    scale = Fraction(2) ** (shift - 7)
    flat = [activated(layer, math.floor(acc * scale + Fraction(1, 2))) for acc in accs.ravel()]
    return np.array(flat, object).reshape(accs.shape)


def convolved(layer, kind, weight, data):
    convolution = kind in ("conv1d", "conv2d")
    pad, dilation = layer.get("pad", 1) if convolution else 0, layer.get("dilation", 1)
    groups = layer.get("groups", layer.get("conv_groups", 1))
    columns = pad if kind == "conv2d" else 0
    padded = np.pad(data, ((0, 0), (pad, pad), (columns, columns)))
    weight = weight.reshape(*weight.shape[:2], *(*weight.shape[2:], 1, 1)[:2])
    lengths = [length - (size - 1) * dilation for length, size in zip(padded.shape[1:], weight.shape[2:], strict=True)]
    result = np.empty((len(weight), *lengths), object)
    for o, i, j in np.ndindex(result.shape):
        first = o // (len(weight) // groups) * weight.shape[1]
        result[o, i, j] = sum(
            weight[o, c, a, b] * padded[first + c, i + a * dilation, j + b * dilation]
            for c, a, b in np.ndindex(weight.shape[1:])
        )
    return result


def transposed(layer, weight, data):
    """Every input adds its weights to results around ``2 i - pad``; PyTorch's kernel, not turned round."""
    pad, groups, (channels, rows, columns) = layer.get("pad", 1), layer.get("groups", 1), data.shape
    outputs = weight.shape[1]
    wide = np.zeros((outputs * groups, 2 * rows + 4, 2 * columns + 4), object)
    for c, i, j in np.ndindex(data.shape):
        for o, a, b in np.ndindex(weight.shape[1:]):
            wide[c // (channels // groups) * outputs + o, 2 * i + a, 2 * j + b] += weight[c, o, a, b] * data[c, i, j]
    return wide[:, pad : pad + 2 * rows + 2 - 2 * pad, pad : pad + 2 * columns + 2 - 2 * pad]


def activated(layer, value):
    value = min(max(value, -128), 127)
    kind = str(layer.get("activate", "None")).lower()
    return max(value, 0) if kind == "relu" else min(abs(value), 127) if kind == "abs" else value
