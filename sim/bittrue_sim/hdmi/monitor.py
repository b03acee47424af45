"""The Verilated HDMI output with a monitor at its pins."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.cosim import verilator
from bittrue.cosim.streams import HardwareFault
from bittrue.lower.sources import Sources
from bittrue_rtl.hdmi.out import NAME
from bittrue_rtl.hdmi.raster import HD, Mode
from bittrue_sim.hdmi.decode import Picture, Words, pictures

LATENCY = 16
"""Clocks in which what the raster says has come to the pins."""
_OPEN = ("-Wno-PINMISSING",)
"""Of a primitive's outputs, some are left open."""
_WRONG = {1: "both pins of a pair had one level", 2: "a word of other than ten bits came between two clock edges"}


class Monitor:
    """The module with frames at one end and a monitor at the other.

    Parameters
    ----------
    sources : Sources
        Of `bittrue_rtl.hdmi.out.verilog`, as generated for ``mode``.
    mode : Mode
    seed : int
        Of what undriven inputs hold, and of late pixels.

    Raises
    ------
    BadInput
        Where Verilator or a C++ compiler is missing.
    """

    def __init__(self, sources: Sources, mode: Mode = HD, seed: int = 1) -> None:
        self._handle: ctypes.c_void_p | None = None
        here = Path(__file__).parent
        files = {"harness.cpp": (here / "harness.cpp").read_text(encoding="utf-8")}
        whole = sources.extended((here / "primitives.v").read_text(encoding="utf-8"))
        self._library = ctypes.CDLL(str(verilator.build(whole, NAME, files, verilate=_OPEN)))
        self._library.hdmi_open.restype = ctypes.c_void_p
        self._library.hdmi_run.restype = ctypes.c_int64
        self.mode = mode
        size = (ctypes.c_int64(mode.across.active), ctypes.c_int64(mode.down.active))
        self._handle = ctypes.c_void_p(self._library.hdmi_open(*size, ctypes.c_int64(seed)))
        self._rest: Words = np.zeros((0, 3), np.uint16)

    def close(self) -> None:
        """Free the simulation."""
        if self._handle is not None:
            self._library.hdmi_close(self._handle)
            self._handle = None

    def __del__(self) -> None:
        self.close()

    def late(self, probability: float) -> None:
        """Let pixels be late with a probability from 0 to 1."""
        self._library.hdmi_late(self._handle, ctypes.c_uint32(int(probability * ((1 << 32) - 1))))

    def send(self, frame: npt.NDArray[np.uint8] | None, rasters: float = 2.5, every: int | None = None) -> Words:
        """Clock until a frame has gone and the next picture begins, or so many rasters have passed.

        Parameters
        ----------
        frame : uint8 array (lines, pixels, 3), optional
            Red, green, blue; without one nothing is offered.
        every : int, optional
            Lines from a first pixel to the next, where not all are one frame.

        Returns
        -------
        uint16 array (N, 3)
            The words of the pins, channel 0 first.
        """
        clocks = int(rasters * self.mode.across.total * self.mode.down.total)
        words = np.empty((clocks + 16, 3), np.uint16)
        taken, wrong = ctypes.c_int64(), ctypes.c_int64()
        shape: tuple[int, ...] = (1, 1, 3) if frame is None else frame.shape
        after = self.mode.across.front + self.mode.down.front * self.mode.across.total + LATENCY
        data = None if frame is None else np.ascontiguousarray(frame)
        where = None if data is None else ctypes.c_void_p(data.ctypes.data)
        count = self._library.hdmi_run(
            self._handle, where, *map(ctypes.c_int64, (every or shape[0], shape[1], shape[0], clocks, after)),
            ctypes.c_void_p(words.ctypes.data), ctypes.byref(taken), ctypes.byref(wrong),
        )  # fmt: skip
        if wrong.value:
            raise HardwareFault("; ".join(text for bit, text in _WRONG.items() if wrong.value & bit))
        self.taken = taken.value
        return words[:count]

    def show(
        self, frame: npt.NDArray[np.uint8] | None, rasters: float = 2.5, every: int | None = None
    ) -> list[Picture]:
        """`send`, and the pictures that became whole meanwhile; one that has begun is kept for the next call."""
        words = np.concatenate((self._rest, self.send(frame, rasters, every)))
        found = pictures(words)
        keep = 3 * self.mode.across.total * self.mode.down.total
        self._rest = words[-keep:] if not found else words[_last_start(words) - 1 :]
        return found


def _last_start(words: Words) -> int:
    """Where the vertical sync of the picture that has begun last begins."""
    from bittrue_sim.hdmi.decode import CONTROL, decoded

    values = decoded(words[:, 0])
    sync = (values >= CONTROL) & ((values - CONTROL) & 2 > 0)
    return int(np.flatnonzero(sync[1:] & ~sync[:-1])[-1]) + 1
