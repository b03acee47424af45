"""Recorded networks of the vendor's tool as steps: read from their description and checkpoint, by the facts about both.

It shares nothing with bittrue's import and generator: it is the other side of both.
"""

from __future__ import annotations

import numpy as np
from hand_steps import Step, frame, split

ELTWISE = ("add", "sub", "or", "xor")
KINDS = {"mlp": "conv2d", "fc": "conv2d", "linear": "conv2d", "convtranspose2d": "conv2d", "passthrough": "none"}


def recorded_steps(layers, checkpoint, shape):
    """Steps of a description's layers on input of ``shape``; ``checkpoint`` by its names, in the order of the file."""
    layers = [{key.lower(): value for key, value in layer.items()} for layer in layers]
    names = [key.removesuffix(".op.weight") for key in checkpoint if key.endswith(".op.weight")]
    shapes, found = {-1: frame(shape)}, []
    for number, layer in enumerate(layers):
        sources = layer.get("in_sequences", number - 1)
        sources = sources if isinstance(sources, list) else [sources]
        step = _step(layers, number, [shapes[source] for source in sources], names, checkpoint)
        shapes[number] = step.result
        found.append(step)
    return found


def _step(layers, number, given, names, checkpoint):
    layer = layers[number]
    name = str(layer.get("operation", layer.get("op"))).lower()
    meets = name if name in ELTWISE else layer.get("eltwise")
    operands = len(given) if meets else 1
    channels = given[0][0] if meets else sum(shape[0] for shape in given)
    source = (channels, *_pair(layer.get("in_dim", given[0][1:])))
    kind = "avg" if "avg_pool" in layer else "max"
    pool = _pair(layer.get(f"{kind}_pool", 1), source)
    passing = name == "passthrough" or name in ELTWISE
    step = Step(
        layer.get("name", f"l{number}"), "none" if passing else KINDS.get(name, name), source, source,
        layer["processors"], 0, layer.get("in_offset", layers[number - 1]["out_offset"] if number else 0) // 4,
        layer["out_offset"] // 4, kind=kind, pool=pool, stride=int(np.max(layer.get("pool_stride", 1))),
        flatten=bool(layer.get("flatten")), transposed=name == "convtranspose2d", operands=operands,
        function=meets or "add", pool_first=layer.get("pool_first", True), gap=layer.get("write_gap", 0),
        wide=layer.get("output_width", 8) == 32, groups=layer.get("groups", 1),
        big=str(layer.get("data_format", "")).upper() == "CHW", activation=_activation(layer),
    )  # fmt: skip
    if not passing:
        _weights(step, layer, names.pop(0), checkpoint)
    step.result = _result(step, source)
    step.targets = layer.get("output_processors") or (
        layers[number + 1]["processors"] if number + 1 < len(layers) else (1 << split(step.result[0])[0]) - 1
    )
    return step


def _weights(step, layer, name, checkpoint):
    weight = np.asarray(checkpoint[f"{name}.op.weight"])
    bits = int(layer.get("quantization", np.asarray(checkpoint.get(f"{name}.weight_bits", 8)).item() or 8))
    if step.transposed:
        weight = weight.swapaxes(0, 1)[:, :, ::-1, ::-1]
    if step.operation == "conv1d":
        gap = np.max(layer.get("dilation", 1))
        wide = np.zeros((*weight.shape[:2], (weight.shape[2] - 1) * gap + 1), np.int64)
        wide[:, :, ::gap] = weight
        weight = wide
    weight = weight.reshape(*weight.shape, *[1] * (4 - weight.ndim))
    if step.flatten:
        pixels = step.given[1] * step.given[2]
        assert weight.shape[1] == step.given[0] * pixels
    shift = layer.get("output_shift")
    shift = np.asarray(checkpoint.get(f"{name}.output_shift", 0)).item() if shift is None else shift
    pad = layer.get("pad", 1 if step.operation == "conv2d" and weight.shape[2] == 3 else 0)
    pads = (pad, 0) if step.operation == "conv1d" else (pad, pad)
    step.weight, step.bits, step.pad = weight.astype(np.int64), bits, pads
    step.shift = 0 if step.wide else int(shift) + 8 - abs(bits)
    if step.transposed:
        step.pad = (2 - pad, 2 - pad)
    bias = checkpoint.get(f"{name}.op.bias")
    if bias is not None:
        step.bias = np.asarray(bias).astype(np.int64) >> (abs(bits) - 1)


def _result(step, source):
    if step.flatten:
        return len(step.weight), 1, 1
    rows, columns = step.pooled
    if step.passing:
        return source[0], rows, columns
    twice, (kernel_rows, kernel_columns) = 2 if step.transposed else 1, step.weight.shape[2:]
    return (
        len(step.weight),
        rows * twice + 2 * step.pad[0] - kernel_rows + 1,
        columns * twice + 2 * step.pad[1] - kernel_columns + 1,
    )


def _activation(layer):
    name = str(layer.get("activate", layer.get("activation"))).lower()
    return name if name in ("relu", "abs") else "none"


def _pair(value, source=(0, 2, 2)):
    """One number for both axes, or two; a frame of one column has windows of one."""
    first, second = value if isinstance(value, (list, tuple)) else (value, value)
    return first, second if source[2] > 1 else 1
