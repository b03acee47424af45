"""A judge of imported nets, written from the chip's arithmetic alone: plain loops over a description and its arrays."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np


def evaluate(layers, state, x):
    """Outputs of every layer: lists of rows of Python integers.

    ``layers`` are mappings as in the YAML, ``state`` arrays of a quantised checkpoint, ``x`` an integer frame (C, L).
    """
    names = [key.removesuffix(".op.weight") for key in state if key.endswith(".op.weight")]
    rest = iter(names)
    data = [[int(v) for v in row] for row in np.asarray(x)]
    outputs = []
    for layer in layers:
        data = pooled(layer, data)
        if layer["operation"] not in ("none", "passthrough"):
            name = names[layer["weight_source"]] if "weight_source" in layer else next(rest)
            data = summed(layer, state, name, data)
        outputs.append(data)
    return outputs


def pooled(layer, rows):
    size = layer.get("max_pool") or layer.get("avg_pool") or 1
    stride, dilation = layer.get("pool_stride", 1), layer.get("pool_dilation", 1)
    result = []
    for row in rows:
        last = len(row) - (size - 1) * dilation
        windows = [[row[n + k * dilation] for k in range(size)] for n in range(0, last, stride)]
        if "avg_pool" in layer:
            result.append([math.trunc(Fraction(sum(window), size)) for window in windows])
        else:
            result.append([max(window) for window in windows])
    return result


def summed(layer, state, name, rows):
    weight = state[f"{name}.op.weight"].astype(int).tolist()
    stored = int(np.asarray(state.get(f"{name}.weight_bits", [8])).reshape(-1)[0])
    biases = np.asarray(state.get(f"{name}.op.bias", np.zeros(len(weight))))
    biases = [math.floor(Fraction(int(b), 2 ** (stored - 1))) for b in biases]
    bits = layer.get("quantization", stored)
    bits = 1 if bits in ("bin", "binary") else bits
    default = int(np.asarray(state.get(f"{name}.output_shift", [0])).reshape(-1)[0])
    shift = layer.get("output_shift", default) + 8 - bits
    if layer["operation"] in ("mlp", "fc", "linear"):
        flat = [v for row in rows for v in row]
        accs = [[sum(w * v for w, v in zip(row, flat, strict=True))] for row in weight]
    else:
        accs = convolved(layer, weight, rows)
    accs = [[acc + 128 * bias for acc in row] for row, bias in zip(accs, biases, strict=True)]
    if layer.get("output_width", 8) == 32:
        return accs
    scale = Fraction(2) ** (shift - 7)
    return [[activated(layer, math.floor(acc * scale + Fraction(1, 2))) for acc in row] for row in accs]


def convolved(layer, weight, rows):
    pad, dilation, groups = (
        layer.get("pad", 1),
        layer.get("dilation", 1),
        layer.get("groups", layer.get("conv_groups", 1)),
    )
    padded = [[0] * pad + row + [0] * pad for row in rows]
    size, per = len(weight[0][0]), len(rows) // groups
    length = len(padded[0]) - (size - 1) * dilation
    result = []
    for o, kernels in enumerate(weight):
        first = o // (len(weight) // groups) * per
        result.append(
            [
                sum(w * padded[first + c][n + k * dilation] for c, ks in enumerate(kernels) for k, w in enumerate(ks))
                for n in range(length)
            ]
        )
    return result


def activated(layer, value):
    value = min(max(value, -128), 127)
    kind = str(layer.get("activate", "None")).lower()
    return max(value, 0) if kind == "relu" else min(abs(value), 127) if kind == "abs" else value
