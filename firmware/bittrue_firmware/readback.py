"""The layer that the registers and memories hold, beside the net's: whatever the sample, no weight may differ.

A known-answer test sees a wrong weight only where its sample does. Here the settings, weights and biases that the
accelerator was given are read back and compared one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bittrue.spec import Abs, AvgPool1d, Conv1d, Dense, Layer, MaxPool1d, Net, Node, ReLU
from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.project import Project
from bittrue_firmware.settings import LayerSettings
from bittrue_firmware.summing import BIAS_STEP, biases
from bittrue_firmware.weights import weights_of

Codes = npt.NDArray[np.int64]


def nodes_of(net: Net, ends: Sequence[str]) -> list[list[Node]]:
    """The nodes that each hardware layer computes: those after the layer before, up to its own."""
    names = [node.name for node in net.nodes]
    places = [names.index(end) + 1 for end in ends]
    return [list(net.nodes[first:last]) for first, last in zip([0, *places], places, strict=False)]


def differences(project: Project, number: int, settings: LayerSettings, accelerator: Accelerator) -> Iterator[str]:
    """What differs between layer ``number`` of the project and what the accelerator was told, in words."""
    nodes = nodes_of(project.net, [layer.node for layer in project.layers])[number]
    given = project.net.types[nodes[0].inputs[0]].shape
    yield from _place_of_input(project, number, settings)
    pools = [node.layer for node in nodes if isinstance(node.layer, MaxPool1d | AvgPool1d)]
    yield from _pooling(settings, pools)
    node = nodes[-1]
    layer = node.layer
    if not isinstance(layer, Conv1d | Dense):
        if settings.kind != "pass":
            yield f"it sums, where the net has {node.name}, which does not"
        return
    if settings.kind != ("depthwise" if _depthwise(layer) else "conv"):
        yield f"it is a {settings.kind} layer, which {node.name} of the net is not"
        return
    (source,) = project.net.input_types(node)
    channels = given[0] if len(given) == 2 else source.shape[0]
    yield from _scaling(settings, layer, layer.shift(source.format))
    yield from _weights(settings, layer, channels, weights_of(settings, accelerator.weights))
    yield from _biases(settings, layer, accelerator)


def _place_of_input(project: Project, number: int, settings: LayerSettings) -> Iterator[str]:
    if number == 0:
        return
    before = project.layers[number - 1]
    if settings.read * 4 != before.offset:
        yield f"it reads from offset 0x{settings.read * 4:x}; {before.name} writes to 0x{before.offset:x}"
    if tuple(settings.processors) != before.processors:
        yield f"it reads {len(settings.processors)} processors from {settings.processors[0]} on, not those written"


def _pooling(settings: LayerSettings, pools: Sequence[Layer]) -> Iterator[str]:
    wanted: tuple[str, int, int, int] = ("max", 1, 1, 1)
    for pool in pools:
        if isinstance(pool, MaxPool1d | AvgPool1d):
            wanted = ("avg" if isinstance(pool, AvgPool1d) else "max", pool.size, pool.stride, pool.dilation)
    found = ("avg" if settings.average else "max", settings.pool, settings.stride, settings.pool_step)
    if wanted[1] == 1:  # a window of one pixel is its own maximum and average
        wanted, found = (found[0], 1, wanted[2], 1), (found[0], found[1], found[2], 1)
    if found[2] != wanted[2] and settings.rows == 1:
        found = (found[0], found[1], wanted[2], found[3])
    if found != wanted:
        yield "its pooling (kind, size, stride, dilation) is {}, the net's {}".format(
            *(" ".join(map(str, pool)) for pool in (found, wanted))
        )


def _depthwise(layer: Layer) -> bool:
    return isinstance(layer, Conv1d) and layer.groups > 1


def _scaling(settings: LayerSettings, layer: Conv1d | Dense, drop: int) -> Iterator[str]:
    if not settings.wide and settings.shift != 7 - drop:
        yield f"it shifts by {settings.shift:+d}, the net by {7 - drop:+d}"
    if settings.wide != (layer.output.bits == 32):
        yield f"it puts out {32 if settings.wide else 8} bits, the net {layer.output.bits}"
    wanted = {ReLU: "relu", Abs: "abs"}.get(type(layer.activation), "none")
    if settings.activation != wanted:
        yield f"its activation is {settings.activation}, the net's {wanted}"
    if isinstance(layer, Conv1d) and settings.columns == 1 and settings.pad_rows != layer.padding:
        yield f"it pads {settings.pad_rows} zeros, the net {layer.padding}"


def _weights(settings: LayerSettings, layer: Conv1d | Dense, channels: int, found: Codes) -> Iterator[str]:
    processors = len(settings.processors)
    wanted = _kernels(settings, layer, channels)
    if settings.kind == "depthwise":
        shape = (settings.passes, processors, 1, *found.shape[2:])
        ours = found.swapaxes(0, 1).reshape(shape).reshape(-1, 1, *found.shape[2:])
    else:
        length = wanted.shape[2]
        shape = (processors, settings.outputs, length, settings.passes // length, *found.shape[2:])
        ours = found.reshape(shape).transpose(1, 3, 0, 2, 4, 5)
        ours = ours.reshape(settings.outputs, -1, length, *found.shape[2:]).reshape(
            settings.outputs, -1, *found.shape[2:]
        )
        wanted = wanted.reshape(len(wanted), -1, *found.shape[2:])
    if wanted.shape[0] > ours.shape[0] or wanted.shape[1] > ours.shape[1] or wanted.shape[2:] != ours.shape[2:]:
        yield f"it has weights {ours.shape}, the net {wanted.shape}"
        return
    ours = ours[: len(wanted)]  # outputs that fill up a last pass go where nobody reads
    full = np.zeros_like(ours)
    full[:, : wanted.shape[1]] = wanted
    wrong = np.argwhere(ours != full)
    if len(wrong):
        place = tuple(wrong[0])
        output, channel, row, column = (int(n) for n in place)
        yield (
            f"weight {row * settings.kernel_columns + column} of output {output}, input {channel} is "
            f"{int(ours[place])}, the net's {int(full[place])} ({len(wrong)} weights differ)"
        )


def _kernels(settings: LayerSettings, layer: Conv1d | Dense, channels: int) -> Codes:
    """The net's weights as the chip would have them: ``(outputs, channels, positions, rows, columns)`` of a sum, of a
    depthwise layer without positions."""
    if isinstance(layer, Dense):
        return np.asarray(layer.weight).reshape(len(layer.weight), channels, -1, 1, 1)
    outputs, inputs, size = layer.weight.shape
    if settings.columns > 1 or settings.kernel_columns > 1:
        kernel = np.zeros((outputs, inputs, 3, 3), np.int64)
        kernel[:, :, 3 - size :, 1] = layer.weight
    else:
        kernel = np.zeros((outputs, inputs, layer.axes[0].span, 1), np.int64)
        kernel[:, :, :: layer.dilation, 0] = layer.weight
    return kernel if settings.kind == "depthwise" else kernel[:, :, None]


def _biases(settings: LayerSettings, layer: Conv1d | Dense, accelerator: Accelerator) -> Iterator[str]:
    found = biases(settings, accelerator.bias)[0][: len(layer.bias)]
    wrong = np.flatnonzero(found != layer.bias)
    if len(wrong):
        output = int(wrong[0])
        ours, theirs = int(found[output]) // BIAS_STEP, int(layer.bias[output]) // BIAS_STEP
        yield f"bias {output} is {ours}, the net's {theirs} ({len(wrong)} biases differ)"
