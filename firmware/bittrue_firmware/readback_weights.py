"""Weights and biases in the accelerator's memories, beside those of the net's layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bittrue.spec import Conv1d
from bittrue.spec.conv import Conv
from bittrue.spec.weighted import Weighted
from bittrue_firmware.bias_memory import BiasMemory
from bittrue_firmware.chip import LANES
from bittrue_firmware.project import PlacedLayer
from bittrue_firmware.settings import LayerSettings
from bittrue_firmware.summing import BIAS_STEP, biases
from bittrue_firmware.weight_memory import WeightMemory
from bittrue_firmware.weights import weights_of

Codes = npt.NDArray[np.int64]


def output_order(settings: LayerSettings, placed: PlacedLayer) -> Codes:
    """Which of the layer's results is each channel of the net's: by the processors where they are meant to lie."""
    channels, count = np.arange(placed.channels), len(placed.processors)
    if settings.kind == "depthwise":
        return channels
    ((instance, _),) = settings.write.values()
    positions = np.array(placed.processors)[channels % count] - instance * LANES
    return np.asarray(channels // count * settings.positions + positions)


def weights_differ(
    settings: LayerSettings, placed: PlacedLayer, layer: Weighted, channels: int, memory: WeightMemory
) -> Iterator[str]:
    """The first weight that is not the net's, in words; all that have no counterpart in the net must be 0."""
    found, wanted = weights_of(settings, memory), _kernels(settings, layer, channels)
    order, kernel = output_order(settings, placed), found.shape[2:]
    if settings.kind == "depthwise":
        ours = found.swapaxes(0, 1).reshape(-1, 1, *kernel)
    else:
        length = wanted.shape[2]
        if settings.passes % length:
            yield f"it has {settings.passes} passes, the net {length} positions"
            return
        shape = (len(settings.processors), settings.outputs, length, settings.passes // length, *kernel)
        ours = found.reshape(shape).transpose(1, 3, 0, 2, 4, 5)
        ours = ours.reshape(settings.outputs, -1, length, *kernel).reshape(settings.outputs, -1, *kernel)
        wanted = wanted.reshape(len(wanted), -1, *wanted.shape[3:])
    spare = order.max() >= len(ours) or order.min() < 0 or len(order) != len(wanted)
    if spare or wanted.shape[1] > ours.shape[1] or wanted.shape[2:] != ours.shape[2:]:
        yield f"it has weights {ours.shape}, the net {wanted.shape}"
        return
    ours = ours[order]  # outputs that fill up a last pass go where nobody reads
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


def _kernels(settings: LayerSettings, layer: Weighted, channels: int) -> Codes:
    """The net's weights as the chip would have them: ``(outputs, channels, positions, rows, columns)`` of a sum, of a
    depthwise layer without positions."""
    weight = np.asarray(layer.weight)
    if not isinstance(layer, Conv):
        return weight.reshape(len(weight), channels, -1, 1, 1)
    kernel = weight if weight.ndim == 4 else weight[..., None]
    if isinstance(layer, Conv1d) and settings.kernel_columns > 1:
        size = weight.shape[2]
        kernel = np.zeros((*weight.shape[:2], 3, 3), np.int64)
        kernel[:, :, 3 - size :, 1] = weight
    elif any(axis.dilation > 1 for axis in layer.axes):
        spans = [axis.span for axis in layer.axes] + [1] * (2 - len(layer.axes))
        steps = [axis.dilation for axis in layer.axes] + [1] * (2 - len(layer.axes))
        wide = np.zeros((*kernel.shape[:2], *spans), np.int64)
        wide[:, :, :: steps[0], :: steps[1]] = kernel
        kernel = wide
    return kernel if settings.kind == "depthwise" else kernel[:, :, None]


def biases_differ(settings: LayerSettings, placed: PlacedLayer, layer: Weighted, memory: BiasMemory) -> Iterator[str]:
    """The first bias that is not the net's, in words."""
    found, order = biases(settings, memory)[0], output_order(settings, placed)
    if order.max() >= len(found) or order.min() < 0:
        return
    found = found[order]
    wrong = np.flatnonzero(found != layer.bias)
    if len(wrong):
        output = int(wrong[0])
        ours, theirs = int(found[output]) // BIAS_STEP, int(layer.bias[output]) // BIAS_STEP
        yield f"bias {output} is {ours}, the net's {theirs} ({len(wrong)} biases differ)"
