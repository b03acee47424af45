"""A layer from data memory to data memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bittrue_firmware.bias_memory import BiasMemory
from bittrue_firmware.chip import LANES, PROCESSORS
from bittrue_firmware.data_memory import DataMemory
from bittrue_firmware.fault import FirmwareFault
from bittrue_firmware.reading import check_known, read, read_words
from bittrue_firmware.settings import LayerSettings
from bittrue_firmware.summing import accumulators, results
from bittrue_firmware.weight_memory import WeightMemory
from bittrue_firmware.weights import weights_of


def run_layer(settings: LayerSettings, data: DataMemory, weights: WeightMemory, bias: BiasMemory) -> None:
    """Compute a layer: read, pool, sum, shift, write.

    Raises `FirmwareFault` for reading what was never written, for places that do not exist, and for a layer that
    writes over words it reads: the chip writes while it reads.
    """
    values, known = read(settings, data)
    if settings.kind == "pass":
        check_known(settings, data, known, None)
        shape = -1, *values.shape[2:]
        found, there = values.swapaxes(0, 1).reshape(shape), known.swapaxes(0, 1).reshape(shape)
    else:
        weight = weights_of(settings, weights)
        check_known(settings, data, known, weight)
        sums, there = accumulators(settings, values, known, weight, bias)
        found = results(settings, sums)
    _check_overlap(settings)
    what = f"layer {settings.index}"
    for output, (instance, lane, first) in enumerate(_places(settings)):
        pixels = first + np.arange(found[output].size) * settings.pixel_step
        flat, seen = found[output].reshape(-1), there[output].reshape(-1)
        if settings.wide:
            for byte in range(4):
                data.put(instance, pixels, byte, flat >> 8 * byte & 0xFF, what)
            data.known[instance, pixels] = seen[:, None]
        else:
            data.put(instance, pixels, lane, flat & 0xFF, what)
            data.known[instance, pixels, lane] = seen


def _places(settings: LayerSettings) -> Iterator[tuple[int, int, int]]:
    """Data memory, lane and first word of each output, in the order of the outputs."""
    if settings.kind == "conv":
        ((instance, word),) = settings.write.values()
        for output in range(settings.outputs):
            number, position = divmod(output, settings.positions)
            lane = position % LANES
            first = word + number * settings.pass_step + (lane if settings.wide else 0)
            yield instance + position // LANES, lane, first
        return
    for number in range(settings.passes):
        for quadrant, mask in sorted(settings.enabled.items()):
            own = [i for i in range(PROCESSORS) if mask >> i & 1]
            instance, word = settings.write[quadrant]
            for position, processor in enumerate(own):
                if settings.kind == "depthwise":
                    at = quadrant * (PROCESSORS // LANES) + processor // LANES
                    lane = processor % LANES
                    yield at, lane, word + number * settings.pass_step + (lane if settings.wide else 0)
                else:
                    yield instance + position // LANES, position % LANES, word + number * settings.pass_step


def _check_overlap(settings: LayerSettings) -> None:
    words = read_words(settings)
    first, last = int(words.min()), int(words.max())
    if settings.big:
        first, last = first // LANES, last // LANES
    sources = {processor // LANES for processor in settings.processors}
    pixels = settings.output_rows * settings.output_columns
    for instance, _, start in _places(settings):
        end = start + (pixels - 1) * settings.pixel_step
        if instance in sources and start <= last and end >= first:
            raise FirmwareFault(
                f"layer {settings.index} writes words {start} to {end} of data memory {instance} while it reads words "
                f"{first} to {last} of it"
            )
