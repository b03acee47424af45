"""What the layers of a run show: the input, the settings and weights, and each layer's data memory, beside the net."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.comparing import Difference, compare, spot
from bittrue_firmware.cycles import cycles
from bittrue_firmware.data_memory import DataMemory
from bittrue_firmware.project import Project
from bittrue_firmware.readback import differences
from bittrue_firmware.reading_places import input_places
from bittrue_firmware.settings import LayerSettings

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LayerReport:
    """A layer that ran: its name, settings, and estimated clocks (by formula, not measured)."""

    name: str
    settings: LayerSettings
    cycles: int

    @property
    def does(self) -> str:
        """What the layer does, in words."""
        settings = self.settings
        kernel = _size((settings.kernel_rows, settings.kernel_columns))
        sums = {"conv": f"kernel {kernel}", "depthwise": f"depthwise kernel {kernel}", "pass": "pass-through"}
        what = [f"{len(settings.processors)} processors"]
        what += [f"{settings.passes} passes"] * (settings.passes > 1)
        what += [f"{settings.operands.count} operands ({settings.operands.function})"] * (settings.operands.count > 1)
        mean = "average" if settings.average else "maximum"
        what += [f"{mean} of {_size(settings.pool)}"] * (settings.pool != (1, 1))
        what += [sums[settings.kind] + " transposed" * (settings.upsampling > 1)]
        bits = "-1/+1" if settings.binary else f"{settings.bits}-bit"
        what += [f"{bits} weights"] * (settings.kind != "pass")
        return ", ".join(what)


def _size(sides: tuple[int, int]) -> str:
    return str(sides[0]) if sides[1] == 1 else f"{sides[0]} x {sides[1]}"


@dataclass
class LayerWatch:
    """Follows the layers of a run, frame by frame.

    Parameters
    ----------
    project : Project
        With the sample of the frame that runs, and what the net gives for it.
    accelerator : Accelerator
    ran : list of LayerReport
    found : list of Difference
        Of this frame.
    """

    project: Project
    accelerator: Accelerator | None = None
    ran: list[LayerReport] = field(default_factory=list)
    found: list[Difference] = field(default_factory=list)
    _seen: dict[int, LayerSettings] = field(default_factory=dict)

    def begin(self, sample: Codes, taps: dict[str, Codes]) -> None:
        """Another frame: its input, and the values of every node."""
        self.project = replace(self.project, sample=sample, taps=taps)
        self.ran, self.found = [], []

    def after_layer(self, settings: LayerSettings, memory: DataMemory) -> None:
        """Compare a layer that just ran; of its settings and weights, what changed since they were seen last."""
        number, project = len(self.ran), self.project
        placed = project.layers[number] if number < len(project.layers) else None
        if settings.resets and placed and placed.channels * placed.length > 1:
            return  # it stands before the layer, and is none of the net's
        name = placed.name if placed else f"layer {number}"
        self.ran.append(LayerReport(name, settings, cycles(settings)))
        if placed is None or self.accelerator is None:
            return
        if number == 0 and not self.found:
            self._check_input(settings, memory)
        if self._seen.get(number) is not settings:  # the accelerator makes new ones when anything was written
            told = differences(project, number, settings, self.accelerator)
            self.found += [Difference(number, name, sentence) for sentence in told]
            self._seen[number] = settings
        different = compare(number, placed, memory, project.taps[placed.node])
        self.found += [different] if different else []

    def _check_input(self, settings: LayerSettings, memory: DataMemory) -> None:
        """The sample in data memory, where the first layer reads it."""
        sample = self.project.sample
        instances, words, lanes = input_places(settings, sample.shape)
        found = memory.bytes[instances, words, lanes].view(np.int8)
        wrong = np.argwhere((found != sample) | ~memory.known[instances, words, lanes])
        if not len(wrong):
            return
        place = tuple(int(n) for n in wrong[0])
        address = memory.chip.data_address(int(instances[place]), int(words[place]))
        sentence = (
            f"its input at 0x{address:08x}, {spot(place)}, is {int(found[place])}, that of the frame "
            f"{int(sample[place])}"
        )
        self.found.append(Difference(0, self.project.layers[0].name, sentence))
