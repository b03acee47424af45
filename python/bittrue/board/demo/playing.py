"""Demos that play what they have once: the overlay opened, and a step, a picture, a line of text at a time."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from bittrue import board
from bittrue.board.demo import endings, showing
from bittrue.board.demo.keys import Terminal
from bittrue.board.demo.showing import Sink
from bittrue.board.demo.texts import device_name


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


def show(
    chosen: argparse.Namespace,
    bit: Path,
    data: Any,
    running: Any,
    loop_of: Callable[[Any], Any],
    painter_of: Callable[[Any, Any], Painter],
) -> int:
    """Open the overlay, stream, compare, draw, and say how it ended; 1 where codes differ, else 0.

    Parameters
    ----------
    chosen : namespace
        The options that all demos have.
    bit : path
    data : bundle
    running : module
        ``texts`` of the demo, and ``line``, a frame in words.
    loop_of : callable
        The `Loop` on an opened net, with ``verdict`` and ``count``.
    painter_of : callable
        The painter, of the texts and the manifest.
    """
    with board.open(bit, timeout=chosen.timeout) as net:
        said = running.texts(data, device_name(), net.manifest)
        with showing.shown(chosen.display, chosen.output, net.overlay) as sinks:
            loop = loop_of(net)
            print(f"{said.device}: {data.net}, {data.title}; frames to {showing.titles(sinks)}")
            try:
                run(loop, painter_of(said, net.manifest), sinks, chosen.frames, running.line)
            except KeyboardInterrupt:
                print()
    return endings.told(sinks, loop.verdict(), loop.count.different)


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
