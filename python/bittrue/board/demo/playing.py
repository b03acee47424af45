"""The main loop of demos that play what they have once: a step, a picture, a line of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from PIL import Image

from bittrue.board.demo.keys import Terminal
from bittrue.board.demo.showing import Sink


class Loop(Protocol):
    """What streams, compares and counts."""

    @property
    def done(self) -> bool:
        """Whether there is nothing more."""

    def step(self) -> Any:
        """Stream the next part: the state to show."""


class Painter(Protocol):
    """What draws states."""

    def paint(self, state: Any) -> Image.Image:
        """The frame of a state."""


def run(
    loop: Loop,
    painter: Painter,
    sinks: Sequence[Sink],
    frames: int | None,
    line: Callable[[int, Any], str],
    tell: Callable[[str], None] = print,
) -> None:
    """Show a frame a step until all was streamed, ``frames`` of them were shown, or q is pressed.

    ``line`` says a frame, by its number and state, in words.
    """
    number = 0
    with Terminal().listening() as terminal:
        while not loop.done and (not frames or number < frames):
            if "q" in terminal.read() + "".join(sink.keys() for sink in sinks):
                return
            state = loop.step()
            number += 1
            frame = painter.paint(state)
            for sink in sinks:
                sink.show(frame)
            tell(line(number, state))


def latency(manifest: Any, what: str) -> tuple[str, ...]:
    """From ``what`` ("a beat's") last word taken to the first word of its result offered, at the design's clock."""
    microseconds = manifest.latency / manifest.clock_mhz
    return (
        f"{microseconds:.1f} \u00b5s" if microseconds < 1000 else f"{microseconds / 1000:.1f} ms",
        f"{manifest.latency:,} clocks at {manifest.clock_mhz:g} MHz,",
        f"from {what} last word to its result",
    )
