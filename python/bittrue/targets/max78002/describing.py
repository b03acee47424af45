"""A hardware layer in words, for comments in what is written."""

from __future__ import annotations

from bittrue.spec import Abs, ReLU
from bittrue.targets.max78002.hardware_layers import HardwareLayer
from bittrue.targets.max78002.kernels import kernel_words
from bittrue.targets.max78002.tensors import Tensor


def title(layer: HardwareLayer) -> str:
    """What a layer does: ``Layer 1, conv1_2: 64 x 128, max pool 2 with stride 2, ...``."""
    stage, pool = layer.stage, layer.stage.pool
    parts = [f"{layer.given.channels} x {layer.given.length}"]
    if pool:
        apart = f", {pool.dilation} apart," if pool.dilation > 1 else ""
        parts.append(f"{'max' if pool.kind == 'max' else 'average'} pool {pool.size}{apart} with stride {pool.stride}")
    if stage.weight is None:
        parts.append("no convolution")
    elif layer.kind == "linear":
        parts.append("flattened, linear" if layer.flat else "linear")
    else:
        depth = "depthwise " if layer.depthwise else ""
        apart = f", dilation {stage.dilation}" if stage.dilation > 1 else ""
        parts.append(f"{depth}conv1d with kernel {stage.weight.shape[2]}, padding {stage.padding}{apart}")
    if stage.weight is not None:
        parts.append(f"{'-1/+1' if stage.bits < 0 else f'{stage.bits}-bit'} weights")
        parts.append({ReLU: "ReLU", Abs: "Abs"}.get(type(stage.activation), "no activation"))
    result = f"{layer.result.channels} x {layer.result.length}" + (", 32 bits" if layer.result.wide else "")
    return f"Layer {layer.index}, {layer.name}: {', '.join(parts)}; puts out {result}."


def size(tensor: Tensor) -> str:
    """Channels and samples of a tensor: ``1 channel of 128 samples``, or ``5 channels``."""
    channels = f"{tensor.channels} channel{'s' if tensor.channels > 1 else ''}"
    return f"{channels} of {tensor.length} samples" if tensor.length > 1 else channels


def formula(layer: HardwareLayer) -> str:
    """What a layer computes, in integers."""
    stage, pool = layer.stage, layer.stage.pool
    given = ""
    if pool:
        given = "p = max of a window" if pool.kind == "max" else f"p = sum of a window / {pool.size}, cut off"
    if stage.weight is None:
        return f"{given}; y = p" if given else "y = x"
    source = "p" if pool else "x"
    total = f"acc = sum(w * {source}) + 128 * b" if layer.biased else f"acc = sum(w * {source})"
    start = f"{given}; {total}" if given else total
    if stage.wide:
        return f"{start}; y = acc"
    y = f"y = clamp(floor(acc * 2^{stage.shift} / 128 + 1/2), -128, 127)"
    last = {ReLU: "; max(y, 0)", Abs: "; min(|y|, 127)"}.get(type(stage.activation), "")
    return f"{start}; {y}{last}"


def places(layer: HardwareLayer) -> str:
    """Where a layer finds and puts what it works on."""
    text = f"Reads {_place(layer.given)}, writes {_place(layer.result)}."
    words = kernel_words(layer)
    if words:
        end = layer.kernel_word + words - 1
        text += f" Kernels: words {layer.kernel_word} to {end} of these processors' memories."
    if layer.bias:
        text += " Bias: " + ", ".join(f"quadrant {q} from byte {byte}" for q, byte in layer.bias.items()) + "."
    if layer.kind == "conv2d":
        text += (
            f" The frame is folded into {layer.rows} rows of {layer.columns} samples; the kernel stands in the middle "
            f"column of 3x3."
        )
    return text


def _place(tensor: Tensor) -> str:
    span = f"processor {tensor.first}" if tensor.count == 1 else f"processors {tensor.first} to {tensor.last}"
    passes = f" in {tensor.passes} passes" if tensor.passes > 1 else ""
    return f"{span}{passes}, data from byte 0x{tensor.offset:04x}"
