"""A stand-in for pynq and a PYNQ-Z1 in a few files: it shares nothing with the simulated board.

The net in its FPGA is `bittrue.ref`; registers, DMA and buffers are plain Python. See ``run.py``.
"""

from pynq.buffer import allocate
from pynq.overlay import DefaultIP, Device, Overlay

__all__ = ["DefaultIP", "Device", "Overlay", "allocate"]
__version__ = "3.1.2+standin"
