"""Frames to the board's HDMI connector, where the overlay has pynq's video pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from bittrue.board.demo.look import SIZE


class Hdmi:
    """1280x720 at 60 Hz through ``pynq.lib.video``.

    Parameters
    ----------
    video : hierarchy
        ``overlay.video``, with ``hdmi_out`` as in PYNQ's base overlay.
    """

    title = "HDMI, 1280x720"

    def __init__(self, video: Any) -> None:
        from pynq.lib.video import PIXEL_RGB, VideoMode

        self._out = video.hdmi_out
        self._out.configure(VideoMode(*SIZE, 24), PIXEL_RGB)
        self._out.start()

    def keys(self) -> str:
        """A monitor has none."""
        return ""

    def show(self, frame: Image.Image) -> None:
        """Put a frame on the screen; the driver owns its buffer from then on."""
        buffer = self._out.newframe()
        buffer[:] = np.asarray(frame)
        self._out.writeframe(buffer)

    def close(self) -> None:
        """Stop the pipeline, which frees its buffers."""
        self._out.close()


def video_of(overlay: Any) -> Any:
    """The overlay's video hierarchy, or None."""
    video = getattr(overlay, "video", None) if "video" in (getattr(overlay, "hierarchy_dict", None) or {}) else None
    return video if hasattr(video, "hdmi_out") else None
