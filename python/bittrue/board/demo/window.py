"""Frames in a window, where there is a display."""

from __future__ import annotations

import os
import sys
from typing import Any

from PIL import Image


def possible() -> bool:
    """Whether a window can be opened: a display, and Python's tkinter with Pillow's part for it."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        import tkinter

        from PIL import ImageTk

        tkinter.Tk().destroy()
    except (ImportError, RuntimeError, getattr(sys.modules.get("tkinter"), "TclError", RuntimeError)):
        return False
    return ImageTk is not None


class Window:
    """A window of the size of a frame; what is typed into it is read with `keys`."""

    title = "window"

    def __init__(self) -> None:
        import tkinter

        self._root = tkinter.Tk()
        self._root.title("bittrue demo")
        self._label: Any = tkinter.Label(self._root, borderwidth=0)
        self._label.pack()
        self._typed = ""
        self._root.bind("<Key>", self._key)
        self._root.protocol("WM_DELETE_WINDOW", self._closed)

    def keys(self) -> str:
        """The keys typed since the last call; closing the window counts as q."""
        typed, self._typed = self._typed, ""
        return typed

    def show(self, frame: Image.Image) -> None:
        """Show a frame."""
        from PIL import ImageTk

        self._photo = ImageTk.PhotoImage(frame, master=self._root)
        self._label.configure(image=self._photo)
        self._root.update()

    def close(self) -> None:
        """Close the window."""
        self._root.destroy()

    def _key(self, event: Any) -> None:
        self._typed += str(event.char)

    def _closed(self) -> None:
        self._typed += "q"
