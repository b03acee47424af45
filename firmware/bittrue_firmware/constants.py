"""The sample and the known answer in a compiled firmware, which another frame's take the place of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue_firmware.chip import INSTANCES, LANES
from bittrue_firmware.elf import Elf
from bittrue_firmware.project import Project
from bittrue_firmware.reading_places import input_places
from bittrue_firmware.settings import LayerSettings

Codes = npt.NDArray[np.int64]
INPUT, ANSWER = "input_", "sample_output"
"""Constants of a generated main.c: words of data memory of processors ``p`` to ``p + 3``, and of the result."""


class Constants:
    """The constant arrays of a firmware that hold the sample and the answer of its known-answer test.

    Parameters
    ----------
    project : Project
    image : Elf
    first : LayerSettings
        How the first layer read its input.

    Raises
    ------
    BadInput
        Where the arrays are missing, or do not hold the project's sample and answer where they are thought to be.
    """

    def __init__(self, project: Project, image: Elf, first: LayerSettings) -> None:
        self._image, self._results, self._chip = image, project.results, project.chip
        self._memory = np.zeros((INSTANCES, project.chip.data_words, LANES), np.uint8)
        self._input = input_places(first, project.sample.shape)
        self._arrays = {}
        for instance in np.unique(self._input[0]).tolist():
            address, size = self._symbol(f"{INPUT}{LANES * instance}")
            self._arrays[instance] = address, slice(first.read, first.read + size // 4)
        self._answer, content = self._symbol(ANSWER)[0], self._content(ANSWER)
        self._runs, self._words = self._result(content), content
        now = self.of(project.sample, project.taps)
        wrong = [f"0x{at:08x}" for at, new in now.items() if new != self._at(at, len(new))]
        if wrong:
            raise BadInput(f"the constants of main.c at {wrong[0]} are not sample.npy's; generate the project again")

    def of(self, sample: Codes, taps: Mapping[str, Codes]) -> dict[int, bytes]:
        """What stands at which address, for a frame and the values of the net's nodes for it."""
        memory = self._memory
        memory[self._input] = sample.astype(np.int8).view(np.uint8)
        found = {at: memory[instance, words].tobytes() for instance, (at, words) in self._arrays.items()}
        for placed in self._results:
            instances, words, lanes = placed.places
            values = taps[placed.node].reshape(placed.channels, placed.length)
            if placed.bits == 32:
                memory[instances, words] = values.astype("<i4")[..., None].view(np.uint8)
            else:
                memory[instances, words, lanes] = values.astype(np.int8).view(np.uint8)
        content = self._words.copy()
        for at, mask, instance, span in self._runs:
            count = span.stop - span.start
            content[at : at + count] = memory[instance, span].view("<u4")[:, 0] & mask
        memory[self._input] = 0
        return found | {self._answer: content.tobytes()}

    def _symbol(self, name: str) -> tuple[int, int]:
        if name not in self._image.symbols:
            raise BadInput(
                f"main.c has no constant {name}, where further frames go in; generate the project again, or leave "
                f"--frames out"
            )
        return self._image.symbols[name]

    def _content(self, name: str) -> npt.NDArray[np.uint32]:
        return np.frombuffer(self._at(*self._symbol(name)), "<u4")

    def _at(self, address: int, size: int) -> bytes:
        for start, content in self._image.segments:
            if start <= address and address + size <= start + len(content):
                return content[address - start : address - start + size]
        raise BadInput(f"main.c keeps a constant at 0x{address:08x}, outside the flash; generate the project again")

    def _result(self, words: npt.NDArray[np.uint32]) -> list[tuple[int, int, int, slice]]:
        """Runs of the answer: where in the array, mask, data memory, and words of it."""
        chip, found, at = self._chip, [], 0
        starts = [chip.data_address(instance, 0) for instance in range(INSTANCES)]
        while at + 2 < len(words) and words[at]:
            address, mask, count = (int(word) for word in words[at : at + 3])
            instance = max((n for n in range(INSTANCES) if starts[n] <= address), default=0)
            first = (address - starts[instance]) // 4
            if address < starts[0] or first + count > chip.data_words or at + 3 + count > len(words):
                raise BadInput(f"{ANSWER} of main.c names 0x{address:08x}, which is no data memory")
            found.append((at + 3, mask, instance, slice(first, first + count)))
            at += 3 + count
        return found
