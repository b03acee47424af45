"""Where frames go: HDMI, a window, files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from bittrue.board.demo import window
from bittrue.board.demo.hdmi import Hdmi, output_of
from bittrue.board.demo.picture_file import PictureFile
from bittrue.errors import BadInput

DEFAULT = "demo.gif"
"""The file that is written where nothing else shows the frames."""


class Sink(Protocol):
    """Somewhere frames go to."""

    @property
    def title(self) -> str:
        """What it is, for the user."""

    def show(self, frame: Image.Image) -> None:
        """Take a frame of 1280x720 RGB pixels."""

    def keys(self) -> str:
        """What was typed there since the last call."""

    def close(self) -> None:
        """Finish: write, or switch off."""


def sinks(display: str, output: str | None, overlay: Any) -> list[Sink]:
    """Everything that shows the frames.

    Parameters
    ----------
    display : str
        ``"hdmi"``, ``"window"``, ``"none"``; ``"auto"``: HDMI where the overlay has it, else a window where there can
        be one.
    output : str, optional
        A file; `DEFAULT` where there is no display either.
    overlay : pynq.Overlay

    Raises
    ------
    BadInput
        Where a display is asked for that does not exist, or the file cannot be written.
    """
    found: list[Sink] = [PictureFile(output)] if output else []  # first, so that a wrong name ends it all at once
    out = output_of(overlay)
    if display == "hdmi" and out is None:
        raise BadInput("this overlay has no HDMI output (make it with --hdmi); use --display none --output FILE")
    if display == "window" and not window.possible():
        raise BadInput("no window can be opened here (no display, or no tkinter); use --display none --output FILE")
    if out is not None and display in ("auto", "hdmi"):
        found.append(Hdmi(out))
    elif display == "window" or (display == "auto" and window.possible()):
        found.append(window.Window())
    return found or [PictureFile(DEFAULT)]


@contextlib.contextmanager
def shown(display: str, output: str | None, overlay: Any) -> Iterator[list[Sink]]:
    """`sinks`, closed at the end: then files are written, whatever stopped the demo, and HDMI is switched off."""
    with contextlib.ExitStack() as stack:
        found = sinks(display, output, overlay)
        for sink in found:
            stack.callback(sink.close)
        yield found


def live(found: Sequence[Sink]) -> bool:
    """Whether somebody watches: a sink that is not a file."""
    return any(not isinstance(sink, PictureFile) for sink in found)


def titles(found: Sequence[Sink]) -> str:
    """The sinks in words."""
    return ", ".join(sink.title for sink in found)


def written(found: Sequence[Sink]) -> list[Path]:
    """The files that were written."""
    return [path for sink in found if isinstance(sink, PictureFile) for path in sink.written]
