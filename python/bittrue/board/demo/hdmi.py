"""Frames to the board's HDMI connector, where the overlay drives it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from bittrue.board.demo.look import SIZE
from bittrue.board.hdmi_out import hdmi_out


class Hdmi:
    """1280x720 at 60 Hz.

    Parameters
    ----------
    out : HdmiOut or pynq.lib.video.VideoOut
        As `output_of` finds it.
    """

    title = "HDMI, 1280x720"

    def __init__(self, out: Any) -> None:
        from pynq.lib.video import PIXEL_RGB, VideoMode

        self._out = out
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


def output_of(overlay: Any) -> Any:
    """What shows frames at the overlay's HDMI connector, or None."""
    video = getattr(overlay, "video", None) if "video" in (getattr(overlay, "hierarchy_dict", None) or {}) else None
    return None if video is None else hdmi_out(video)
