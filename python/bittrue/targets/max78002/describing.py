"""A hardware layer in words, for comments in what is written."""

from __future__ import annotations

from dataclasses import replace

from bittrue.spec import Abs, ReLU
from bittrue.spec.stages import Pool
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.kernels import kernel_words
from bittrue.targets.max78002.tensors import Tensor


def title(layer: HardwareLayer) -> str:
    """What a layer does: ``Layer 1, conv1_2: 64 x 128, max pool 2 with stride 2, ...``."""
    stage = layer.stage
    joined = f"{layer.operands} times " if layer.operands > 1 else ""
    parts = [f"{joined}{_size(layer.given)}"]
    if len(layer.sources) > 1 and layer.operands == 1:
        parts[0] += f" of {len(layer.sources)} tensors"
    steps = [_pool(layer, stage.pool)] if stage.pool else []
    join = [f"element-wise {stage.join}"] if stage.eltwise else []
    parts += steps + join if stage.pool_first else join + steps
    if stage.weight is None:
        parts.append("no convolution")
    elif layer.kind == "linear":
        parts.append("flattened, linear" if layer.flat else "linear")
    else:
        depth = "depthwise " if layer.depthwise else ""
        apart = f", dilation {stage.dilation}" if stage.dilation not in (1, (1, 1)) else ""
        kernel = "x".join(map(str, stage.weight.shape[2:]))
        parts.append(f"{depth}{stage.operation} with kernel {kernel}, padding {stage.padding}{apart}")
    if stage.weight is not None:
        parts.append(f"{'-1/+1' if stage.bits < 0 else f'{stage.bits}-bit'} weights")
        parts.append({ReLU: "ReLU", Abs: "Abs"}.get(type(stage.activation), "no activation"))
    result = _size(layer.result) + (", 32 bits" if layer.result.wide else "")
    return f"Layer {layer.index}, {layer.name}: {', '.join(parts)}; puts out {result}."


def _size(tensor: Tensor) -> str:
    sides = (tensor.length,) if tensor.columns == 1 else (tensor.rows, tensor.columns)
    return " x ".join(map(str, (tensor.channels, *sides)))


def _pool(layer: HardwareLayer, pool: Pool) -> str:
    rows, columns = layer.pools
    size = _both(rows.size, columns.size, layer)
    dilation = _both(rows.dilation, columns.dilation, layer)
    apart = f", {dilation} apart," if max(rows.dilation, columns.dilation) > 1 else ""
    return f"{'max' if pool.kind == 'max' else 'average'} pool {size}{apart} with stride {rows.stride}"


def _both(rows: int, columns: int, layer: HardwareLayer) -> str:
    return str(rows) if layer.given.columns == 1 and columns == 1 else f"{rows}x{columns}"


def size(tensor: Tensor, plural: bool = False) -> str:
    """Channels and samples of a tensor: ``1 channel of 128 samples`` (not so if ``plural``), or ``5 channels``."""
    channels = f"{tensor.channels} channel{'s' if plural or tensor.channels > 1 else ''}"
    if tensor.columns > 1:
        return f"{channels} of {tensor.rows} x {tensor.columns} samples"
    return f"{channels} of {tensor.length} samples" if tensor.length > 1 else channels


def formula(layer: HardwareLayer) -> str:
    """What a layer computes, in integers."""
    stage = layer.stage
    steps, source = _steps(layer)
    given = "; ".join(steps)
    if not layer.node:
        return "y = x, one sample that nothing uses: it resets the sums of the average that comes next"
    if stage.weight is None:
        return f"{given}; y = {source}" if given else "y = x"
    total = f"acc = sum(w * {source}) + 128 * b" if layer.biased else f"acc = sum(w * {source})"
    start = f"{given}; {total}" if given else total
    if stage.wide:
        return f"{start}; y = acc"
    y = f"y = clamp(floor(acc * 2^{stage.shift} / 128 + 1/2), -128, 127)"
    last = {ReLU: "; max(y, 0)", Abs: "; min(|y|, 127)"}.get(type(stage.activation), "")
    return f"{start}; {y}{last}"


def _steps(layer: HardwareLayer) -> tuple[list[str], str]:
    """What is computed before the sum, and the name of what is summed."""
    stage, pool = layer.stage, layer.stage.pool
    steps, source = [], "x"
    for what in ("pool", "join") if stage.pool_first else ("join", "pool"):
        if what == "pool" and pool:
            places = layer.pools[0].size * layer.pools[1].size
            whole = "max of a window" if pool.kind == "max" else f"sum of a window / {places}, cut off"
            steps.append(f"p = {whole}")
            source = "p"
        if what == "join" and stage.eltwise:
            sign = {"add": " + ", "sub": " - ", "or": " | ", "xor": " ^ "}[str(stage.join)]
            value = sign.join(f"{source}{k}" for k in range(layer.operands))
            steps.append(f"e = {value}" if stage.join in ("or", "xor") else f"e = clamp({value}, -128, 127)")
            source = "e"
    return steps, source


def places(layer: HardwareLayer) -> str:
    """Where a layer finds and puts what it works on."""
    text = f"Reads {_read(layer)}, writes {_place(layer.result)}."
    words = kernel_words(layer)
    if words:
        end = layer.kernel_word + words - 1
        text += f" Kernels: words {layer.kernel_word} to {end} of these processors' memories."
    if layer.bias:
        text += " Bias: " + ", ".join(f"quadrant {q} from byte {byte}" for q, byte in layer.bias.items()) + "."
    if layer.folded:
        text += (
            f" The frame is folded into {layer.rows} rows of {layer.columns} samples; the kernel stands in the middle "
            f"column of 3x3."
        )
    return text


def _read(layer: HardwareLayer) -> str:
    if layer.operands == 1:
        return _place(layer.given)
    return f"{_place(replace(layer.given, gap=0))}, word by word of {layer.operands} operands in turn"


def _place(tensor: Tensor) -> str:
    span = f"processor {tensor.first}" if tensor.count == 1 else f"processors {tensor.first} to {tensor.last}"
    passes = f" in {tensor.passes} passes" if tensor.passes > 1 else ""
    gap = f" in every {_th(tensor.gap + 1)} word" if tensor.gap else ""
    return f"{span}{passes}, data from byte 0x{tensor.offset:04x}{gap}"


def _th(number: int) -> str:
    return f"{number}{ {2: 'nd', 3: 'rd'}.get(number, 'th') }"
