"""A layer from data memory to data memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bittrue_firmware.bias_memory import BiasMemory
from bittrue_firmware.chip import INSTANCES, LANES, PROCESSORS
from bittrue_firmware.data_memory import DataMemory
from bittrue_firmware.fault import FirmwareFault
from bittrue_firmware.reading import Reader, read_words
from bittrue_firmware.settings import LayerSettings
from bittrue_firmware.summing import Summer, results
from bittrue_firmware.weight_memory import WeightMemory
from bittrue_firmware.weights import weights_of


class LayerRun:
    """A layer with its weights and biases at hand, which stay what they are until memory or registers are written.

    Raises `FirmwareFault`, when it is made, for weights and biases that were never written, for places that do not
    exist, and for a layer that writes over words it reads: the chip writes while it reads.
    """

    def __init__(self, settings: LayerSettings, data: DataMemory, weights: WeightMemory, bias: BiasMemory) -> None:
        self.settings, self.data = settings, data
        self._reader = Reader(settings, data)
        self._weight = None if settings.kind == "pass" else weights_of(settings, weights)
        self._summer = None if self._weight is None else Summer(settings, self._weight, bias)
        self._targets = _targets(settings, data)
        _check_overlap(settings, self._targets, data)
        self._others = _others(self._targets)

    def run(self) -> None:
        """Read, pool, sum, shift, write. Raises `FirmwareFault` for reading what was never written."""
        settings = self.settings
        values, known = self._reader.read()
        self._reader.check_known(known, self._weight)
        if self._summer is None:
            shape = -1, *values.shape[2:]
            found, there = values.swapaxes(0, 1).reshape(shape), known.swapaxes(0, 1).reshape(shape)
        else:
            sums, there = self._summer.sums(values, known)
            found = results(settings, sums)
        content = found.reshape(len(self._targets), -1, 1)
        if settings.wide:
            content = content >> np.array([0, 8, 16, 24])
        self.data.known.reshape(-1)[self._others] = False
        self.data.bytes.reshape(-1)[self._targets] = content & 0xFF
        self.data.known.reshape(-1)[self._targets] = there.reshape(len(self._targets), -1, 1)


def _targets(settings: LayerSettings, data: DataMemory) -> npt.NDArray[np.intp]:
    """Place in the memories of each byte of each result, ``(outputs, pixels, 1 or 4)``."""
    places = list(_places(settings))
    steps = np.arange(settings.pixels) * settings.pixel_step
    for instance, _, first in places:
        if not 0 <= instance < INSTANCES:
            raise FirmwareFault(
                f"layer {settings.index} writes to data memory {instance}; there are {INSTANCES}, from 0 on"
            )
        data.check(instance, first + steps, f"layer {settings.index}")
    instances, lanes, firsts = np.array(places).T.reshape(3, -1, 1, 1)
    found = np.broadcast_arrays(instances, firsts + steps[:, None], np.arange(LANES) if settings.wide else lanes)
    return np.ravel_multi_index(tuple(found), (INSTANCES, data.chip.data_words, LANES))


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


def _others(targets: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Bytes of written words that get no result: what stands in them afterwards is unknown."""
    words = np.unique(targets // LANES)
    return np.setdiff1d(words[:, None] * LANES + np.arange(LANES), targets)


def _check_overlap(settings: LayerSettings, targets: npt.NDArray[np.intp], data: DataMemory) -> None:
    words = np.unique(read_words(settings))
    if settings.big:
        words = np.unique(words // LANES)
    for instance in sorted({processor // LANES for processor in settings.processors}):
        written = np.unique(targets // LANES) - instance * data.chip.data_words
        written = written[(written >= 0) & (written < data.chip.data_words)]
        if np.intersect1d(words, written).size:
            raise FirmwareFault(
                f"layer {settings.index} writes words {written[0]} to {written[-1]} of data memory {instance} while it "
                f"reads words {words[0]} to {words[-1]} of it"
            )
