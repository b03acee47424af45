"""Frames as files: the last one as a PNG, all of them as an animated GIF."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

from bittrue.board.demo.look import ABOUT
from bittrue.files import check_target, write_whole

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
    BadInput
        For another ending, and where no file can be written there (`bittrue.files.check_target`).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.animated = self.path.suffix.lower() == ".gif"
        self.still = self.path.with_suffix(".png") if self.animated else self.path
        for each in {self.path, self.still}:
            check_target(each, (".png", ".gif"))
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
        still, about = io.BytesIO(), PngImagePlugin.PngInfo()
        about.add_text(ABOUT, str(self.frames[-1].info.get(ABOUT, "")))
        self.frames[-1].save(still, "PNG", optimize=True, pnginfo=about)
        self._write(self.still, still.getvalue())
        if self.animated:
            self._write(self.path, animation(self.frames))
        self.frames = []

    def _write(self, path: Path, content: bytes) -> None:
        write_whole(path, content)
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
