"""Many frames through one firmware, which loads its weights once, each compared with the net.

The firmware runs up to where `cnn_configure` has returned. From there to `cnn_disable` is what an application does for
every frame: load the input, start, sleep until the interrupt, compare, unload. In front of `cnn_disable` the processor
goes back, with its registers and stack as they were; the constants from which main.c takes sample and known answer are
replaced by those of the next frame. All other memory, the accelerator's included, stays as the frame before left it,
except that data memory counts as never written, so that nothing can be taken from an old frame. After the last frame
the firmware runs to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.spec import Net
from bittrue.spec.net import INPUT
from bittrue_firmware.constants import Constants
from bittrue_firmware.elf import Elf
from bittrue_firmware.machine import LIMIT, Machine
from bittrue_firmware.verifying import Verdict, complaints, machine_for

Codes = npt.NDArray[np.int64]
SET_UP, ENDED = "cnn_configure", "cnn_disable"
_VALUES = 1 << 21
"""Values of all nodes that are computed ahead."""


@dataclass(frozen=True)
class FramesVerdict:
    """What many frames showed.

    Parameters
    ----------
    frames : int
        Frames that ran.
    complaints : tuple of str
        What is wrong with the last of them, the first cause first; empty where all agree.
    instructions : int
        Executed by all.
    """

    frames: int
    complaints: tuple[str, ...]
    instructions: int

    @property
    def passed(self) -> bool:
        """Whether all frames agree in every layer, and the firmware printed PASS for each."""
        return not self.complaints


def verify_frames(
    verdict: Verdict, frames: npt.ArrayLike, limit: int = LIMIT, advance: Callable[[], object] | None = None
) -> FramesVerdict:
    """Run the firmware of a passed ``verdict`` on more frames, up to the first that differs.

    Parameters
    ----------
    verdict : Verdict
        Of `bittrue_firmware.verifying.verify`.
    frames : array_like of int, (n, *shape of the net's input)
        Codes.
    limit : int
        Instructions after which a frame counts as hung.
    advance : function
        Called after each frame.

    Raises
    ------
    BadInput
        For frames that are not the net's input, for a verdict that did not pass, and for a firmware that is not built
        as a generated one: without its functions, or without the constants from which the sample comes.
    """
    project, image = verdict.project, verdict.image
    codes = project.net.check_codes(frames)
    if not verdict.passed:
        raise BadInput("more frames need a firmware that passes its known-answer test; see its complaint first")
    constants = Constants(project, image, verdict.layers[0].settings)
    machine, watch = machine_for(project, image)
    _set_up(machine, image, limit)
    context, last = machine.context(), len(codes) - 1
    for number, (sample, taps) in enumerate(_taps(project.net, codes)):
        watch.begin(sample, taps)
        for address, content in constants.of(sample, taps).items():
            machine.write_memory(address, content)
        machine.accelerator.data.known[:] = False
        machine.board.console.clear()
        machine.go_back(context)
        outcome = machine.run_to(() if number == last else (image.symbols[ENDED][0] & ~1,), limit)
        found = complaints(watch, outcome, machine)
        if found:
            named = tuple(f"frame {number}: {sentence}" for sentence in found)
            return FramesVerdict(number + 1, named, outcome.instructions)
        if advance:
            advance()
    return FramesVerdict(len(codes), (), outcome.instructions)


def _set_up(machine: Machine, image: Elf, limit: int) -> None:
    """Run until the accelerator is configured, the weights loaded."""
    missing = [name for name in (SET_UP, ENDED) if name not in image.symbols]
    if missing:
        raise BadInput(
            f"the firmware has no function {missing[0]}, between which and others a frame runs; generate the project "
            f"again, or leave --frames out"
        )
    reached = machine.run_to((image.symbols[SET_UP][0] & ~1,), limit).ending == "reached"
    if not reached or machine.run_to((machine.caller,), limit).ending != "reached":
        raise BadInput(f"main.c does not come back from {SET_UP}; generate the project again, or leave --frames out")


def _taps(net: Net, codes: Codes) -> Iterator[tuple[Codes, dict[str, Codes]]]:
    """Each frame, and the values of every node for it."""
    size = sum(int(np.prod(kind.shape)) for kind in net.types.values())
    step = max(1, _VALUES // size)
    for start in range(0, len(codes), step):
        chunk = codes[start : start + step]
        found = ref.taps(net, chunk)
        for number, sample in enumerate(chunk):
            yield sample, {INPUT: sample} | {name: values[number] for name, values in found.items()}
