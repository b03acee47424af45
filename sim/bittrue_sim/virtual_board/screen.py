"""A monitor at the simulated board's HDMI connector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.lower.sources import Sources
from bittrue_sim.hdmi.monitor import Monitor


class Screen:
    """The Verilated HDMI output of an overlay, and what a monitor makes of its pins.

    Parameters
    ----------
    verilog : str
        ``rtl/hdmi_out.v`` of the overlay folder.

    Attributes
    ----------
    picture : uint8 array (720, 1280, 3), or nothing
        Red, green, blue of the last whole picture.
    frames : int
        Pictures so far.
    """

    def __init__(self, verilog: str) -> None:
        self._verilog = verilog
        self._monitor: Monitor | None = None
        self.picture: npt.NDArray[np.uint8] | None = None
        self.frames = 0

    def show(self, frame: npt.NDArray[np.uint8]) -> None:
        """Let a frame through; the first one builds the simulation."""
        if self._monitor is None:
            self._monitor = Monitor(Sources(self._verilog))
        for picture in self._monitor.show(frame):
            self.picture = picture
            self.frames += 1

    def close(self) -> None:
        """Free the simulation."""
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None
