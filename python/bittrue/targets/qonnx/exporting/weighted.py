"""Dense layers and convolutions."""

from __future__ import annotations

import numpy as np

from bittrue.num import Interval
from bittrue.spec import Abs, Conv, LeakyReLU, ReLU, Transposed, Weighted, transposed_kernel
from bittrue.targets.qonnx.exporting import quant
from bittrue.targets.qonnx.exporting.carriers import DOUBLE, FRACS, SINGLE, carrier, with_half
from bittrue.targets.qonnx.exporting.sliding import products
from bittrue.targets.qonnx.exporting.task import Task
from bittrue.targets.qonnx.graph import Graph, Tensor


def dense(graph: Graph, task: Task) -> Tensor:
    """``MatMul`` and ``Add``, in float64 where float32 would round."""
    layer, kind = task.layer, _carrier(task)
    weight = quant.constants(graph, layer.weight.T, layer.weight_format, kind, "weight")
    weight = graph.cast(weight, kind)
    sums = graph.op("MatMul", [graph.cast(task.operands[0], kind), weight], (task.shape, kind))
    return finished(graph, task, graph.op("Add", [sums, graph.constant(biases(graph, task), kind, "bias")], sums))


def conv(graph: Graph, task: Task) -> Tensor:
    """``Conv`` or ``ConvTranspose``; in float64, which these do not take, a matrix product for each weight's place."""
    layer, kind, x = task.layer, _carrier(task), task.operands[0]
    if kind == SINGLE and _known_to_onnxruntime(layer):
        turned = isinstance(layer, Transposed)
        codes = transposed_kernel(layer.weight, layer.groups) if turned else layer.weight
        weight = quant.constants(graph, codes, layer.weight_format, kind, "weight")
        operands = [x, weight, graph.constant(biases(graph, task), kind, "bias")]
        operator = "ConvTranspose" if turned else "Conv"
        return finished(graph, task, graph.op(operator, operands, (task.shape, kind), **_attributes(layer)))
    sums = products(graph, graph.cast(x, DOUBLE), layer, task.shape)
    bias = biases(graph, task).reshape(-1, *[1] * layer.rank)
    return finished(graph, task, graph.op("Add", [sums, graph.constant(bias, DOUBLE, "bias")], sums))


def finished(graph: Graph, task: Task, acc: Tensor) -> Tensor:
    """The activation and the rounding; half a step is in the bias already where `biases` put it."""
    activation, fmt, codes = task.layer.activation, task.layer.output, task.range.output
    if isinstance(activation, ReLU):
        return quant.quantised(graph, graph.op("Relu", [acc], acc), fmt, codes, positive=True)
    if isinstance(activation, LeakyReLU):
        if acc.kind == SINGLE:
            acc = graph.op("LeakyRelu", [acc], acc, alpha=2.0**-activation.shift)
        else:
            acc = graph.op("Max", [acc, quant.scaled(graph, acc, -activation.shift)], acc)
        acc = quant.plus_half(graph, acc, fmt) if _shift(task) + activation.shift > 0 else acc
        return quant.quantised(graph, acc, fmt, codes)
    if not isinstance(activation, Abs):
        return quant.quantised(graph, acc, fmt, codes)
    signed = tuple(each.requantised(_shift(task), fmt) for each in task.range.acc)
    done = quant.quantised(graph, acc, fmt, signed)
    return quant.quantised(graph, graph.op("Abs", [done], done), fmt, codes)


def biases(graph: Graph, task: Task) -> np.ndarray:
    """Biases as values ``(O,)``, with half a step, which a ReLU behind it lets pass."""
    layer, shift = task.layer, _shift(task)
    codes = layer.bias.astype(object)
    if shift > 0 and not isinstance(layer.activation, LeakyReLU) and not graph.thresholds:
        codes = codes + (1 << (shift - 1))
    values: np.ndarray = np.ldexp(codes.astype(np.float64), -layer.acc_frac(task.types[0].format))
    return values


def _shift(task: Task) -> int:
    return int(task.layer.shift(task.types[0].format))


def _carrier(task: Task) -> np.dtype:
    """Exact for every partial sum, with the bias or without, and for the half that rounds."""
    layer, shift, given = task.layer, _shift(task), task.types[0].format
    sums = task.range.acc
    largest = max(
        max(interval.magnitude, (interval + Interval(-int(bias), -int(bias))).magnitude)
        for interval, bias in zip(sums, layer.bias, strict=True)
    )
    slope = layer.activation.shift if isinstance(layer.activation, LeakyReLU) else 0
    needs = [largest]
    needs += [with_half(largest, each) for each in {shift, shift + slope} if shift + slope > 0]
    fracs = [layer.acc_frac(given), layer.acc_frac(given) + slope, layer.output.frac + 1]
    kind = carrier(max(needs), fracs, task.sums())
    return DOUBLE if DOUBLE in (kind, task.operands[0].kind) or not _within(layer) else SINGLE


def _known_to_onnxruntime(layer: Conv) -> bool:
    """Its transposed convolutions put less at the end than one stride."""
    return all(axis.after - axis.before < axis.upsampling for axis in layer.axes) or not isinstance(layer, Transposed)


def _within(layer: Weighted) -> bool:
    fmt = layer.weight_format
    return fmt.bits <= quant.WORD and fmt.frac in FRACS


def _attributes(layer: Conv) -> dict[str, object]:
    axes, size = layer.axes, layer.weight.shape[2:]
    found = {"group": layer.groups, "kernel_shape": list(size), "dilations": [axis.dilation for axis in axes]}
    if not isinstance(layer, Transposed):
        pads = [axis.before for axis in axes] + [axis.after for axis in axes]
        return found | {"strides": [axis.stride for axis in axes], "pads": pads}
    pads = [axis.span - 1 - axis.before for axis in axes]
    more = [axis.after - axis.before for axis in axes]
    return found | {"strides": [axis.upsampling for axis in axes], "pads": pads * 2, "output_padding": more}
