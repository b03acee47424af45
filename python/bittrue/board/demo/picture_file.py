"""Frames as files: the last one as a PNG, all of them as an animated GIF."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from bittrue.board.demo.bad_data import BadData

MOST = 40
"""Frames of a GIF: the board's memory holds no more beside the rest."""

COLOURS = 160
MILLISECONDS, LAST = 1400, 4000
"""How long a frame of the GIF stays, and the last one."""


class PictureFile:
    """Writes when it is closed: to ``X.png`` the last frame; to ``X.gif`` the first `MOST`, and the last to ``X.png``.

    Parameters
    ----------
    path : path
        Ends with .png or .gif.

    Raises
    ------
    BadData
        For another ending, and where there is no such folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.suffix.lower() not in (".png", ".gif"):
            raise BadData(f"cannot write {path}: a picture ends with .png or .gif")
        if not self.path.parent.is_dir() or self.path.is_dir():
            raise BadData(f"cannot write {path}: name a file in a folder that exists")
        self.animated = self.path.suffix.lower() == ".gif"
        self.frames: list[Image.Image] = []
        self.written: list[Path] = []

    @property
    def title(self) -> str:
        """Where the frames go, for the user."""
        return f"file {self.path}"

    def keys(self) -> str:
        """A file has none."""
        return ""

    def show(self, frame: Image.Image) -> None:
        """Take a frame."""
        if self.frames and (not self.animated or len(self.frames) == MOST):
            self.frames.pop()
        self.frames.append(frame)

    def close(self) -> None:
        """Write the files; nothing where there was no frame."""
        if not self.frames:
            return
        still = io.BytesIO()
        self.frames[-1].save(still, "PNG", optimize=True)
        self._write(self.path.with_suffix(".png") if self.animated else self.path, still.getvalue())
        if self.animated:
            self._write(self.path, animation(self.frames))
        self.frames = []

    def _write(self, path: Path, content: bytes) -> None:
        """The whole file or none."""
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                os.fchmod(stream.fileno(), 0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        self.written.append(path)


def animation(frames: list[Image.Image]) -> bytes:
    """An endless GIF of RGB frames of one size, all with the same palette."""
    width, height = frames[0].size
    shown = [frames[0], frames[len(frames) // 2], frames[-1]]
    strip = Image.new("RGB", (width, height * len(shown)))
    for k, frame in enumerate(shown):
        strip.paste(frame, (0, k * height))
    palette = strip.quantize(COLOURS)
    none: Any = 0  # Pillow has a name for it from 9.1 on
    flat = [frame.quantize(palette=palette, dither=none) for frame in frames]
    content = io.BytesIO()
    times = [MILLISECONDS] * (len(flat) - 1) + [LAST]
    flat[0].save(content, "GIF", save_all=True, append_images=flat[1:], duration=times, loop=0, optimize=False)
    return content.getvalue()
