"""Frames to the HDMI connector of an overlay that was made with ``--hdmi``: 1280x720 at 60 Hz, red, green, blue.

The hierarchy ``video`` of such an overlay has one cell with registers, ``axi_vdma``, to which pynq's own driver of the
video DMA is bound; timing and TMDS need none. `HdmiOut` has the methods of pynq's ``hdmi_out`` that a program uses to
show frames, so the same program runs on an overlay with PYNQ's own output pipeline, too.
"""

from __future__ import annotations

import time
from typing import Any

from bittrue.board.errors import BoardError

SIZE = 1280, 720
BITS = 24
_CONTROL, _STATUS = 0x00, 0x04
_STOP, _RESET = 0x0001_1080, 0x4
_HALTED, _ERRORS, _SHOWN = 0x1, 0x0FF0, 0x1000


def hdmi_out(video: Any, timeout: float = 5.0) -> Any:
    """What shows frames in a hierarchy ``video``, or None.

    Parameters
    ----------
    video : pynq hierarchy
        ``overlay.video``: of PYNQ's base overlay, whose ``hdmi_out`` is returned, or of one made with ``--hdmi``.
    timeout : float
        Seconds after which a frame that is not taken is an error.
    """
    if hasattr(video, "hdmi_out"):
        return video.hdmi_out
    parameters = _parameters(video)
    ours = parameters.get("C_INCLUDE_S2MM") == "0" and parameters.get("C_M_AXIS_MM2S_TDATA_WIDTH") == str(BITS)
    return HdmiOut(video.axi_vdma, timeout) if ours else None


def _parameters(video: Any) -> dict[str, Any]:
    cells = getattr(video, "description", {}).get("ip", {})
    found = cells.get("axi_vdma", {}).get("parameters", {}) if set(cells) == {"axi_vdma"} else {}
    return dict(found)


class HdmiOut:
    """The connector.

    Parameters
    ----------
    vdma : pynq.lib.video.AxiVDMA
    timeout : float
        Seconds.
    """

    def __init__(self, vdma: Any, timeout: float = 5.0) -> None:
        self._vdma, self._channel, self._timeout = vdma, vdma.writechannel, timeout

    def configure(self, mode: Any, pixelformat: Any = None) -> None:
        """Choose what is shown; `BoardError` for anything but 1280x720 and bytes of red, green and blue."""
        found = mode.width, mode.height, mode.bits_per_pixel
        fourcc = getattr(pixelformat, "fourcc", "RG24")
        if found != (*SIZE, BITS) or fourcc != "RG24":
            wanted, given = f"{SIZE[0]}x{SIZE[1]} pixels of {BITS} bits", f"{found[0]}x{found[1]} of {found[2]}"
            raise BoardError(
                f"the HDMI output of this overlay shows {wanted} in RGB, not {given} in {fourcc}; use "
                f"VideoMode({SIZE[0]}, {SIZE[1]}, {BITS}) and PIXEL_RGB"
            )
        self._channel.mode = mode

    def start(self) -> None:
        """Show a frame of what memory happens to hold, until the first one is written.

        The video DMA is reset before, because one that has had an error runs no more without, and pynq would wait for
        that for ever. Raises `BoardError` where the reset does not end.
        """
        self._vdma.write(_CONTROL, _RESET)
        end = time.monotonic() + self._timeout
        while int(self._vdma.read(_CONTROL)) & _RESET:
            if time.monotonic() > end:
                raise BoardError(f"the video DMA is in reset for {self._timeout:g} s; open the overlay again")
        self._channel.start()

    def newframe(self) -> Any:
        """A frame to draw into: uint8 array (720, 1280, 3)."""
        return self._channel.newframe()

    def writeframe(self, frame: Any) -> None:
        """Let a frame be the next one shown; it belongs to the driver from then on.

        Raises
        ------
        BoardError
            Where the video DMA has an error, or shows nothing for ``timeout`` seconds: without a pixel clock.
        """
        self._wait(_SHOWN, "no frame was shown")
        self._channel.writeframe(frame)

    def close(self) -> None:
        """Stop, and free the frames; the connector goes on in black."""
        self._vdma.write(_CONTROL, _STOP)
        try:
            self._wait(_HALTED, "the video DMA does not stop")
        except BoardError:  # a reset stops it whatever it waits for
            self._vdma.write(_CONTROL, _RESET)
        self._channel.stop()

    def _wait(self, bit: int, what: str) -> None:
        end = time.monotonic() + self._timeout
        while True:
            status = int(self._vdma.read(_STATUS))
            if status & _ERRORS and bit == _SHOWN:
                raise BoardError(f"the video DMA reports an error (status {status:#x}); open the overlay again")
            if status & bit:
                return
            if time.monotonic() > end:
                raise BoardError(f"{what} for {self._timeout:g} s (status of the video DMA {status:#x})")
