"""Memory behind the weights' port of a simulated module: latency, stalls, and faults on demand."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.cosim.module_ports import Port
from bittrue.errors import BadInput

MASTER = "m_axi_weights"
HEADER = "#define WEIGHT_MEMORY\n"
"""C++: the harness has such a memory."""
SOURCE = "weight_memory.hpp"
SIGNALS: dict[str, Port] = {
    f"{MASTER}_{name}": port
    for name, port in {
        "araddr": ("output", 32),
        "arlen": ("output", 8),
        "arsize": ("output", 3),
        "arburst": ("output", 2),
        "arcache": ("output", 4),
        "arprot": ("output", 3),
        "arvalid": ("output", 1),
        "arready": ("input", 1),
        "rdata": ("input", 64),
        "rresp": ("input", 2),
        "rlast": ("input", 1),
        "rvalid": ("input", 1),
        "rready": ("output", 1),
    }.items()
}
"""The read master of a module."""
BARE: dict[str, Port] = {
    **SIGNALS,
    "weights_base": ("input", 32),
    "weights_error": ("output", 2),
    "weights_starved": ("output", 1),
}
"""What a net without a shell has besides its streams."""
FAULTS = {"slave": 1, "decode": 2, "short": 3, "long": 4, "silent": 5}
"""What may happen at a beat: RRESP is SLVERR or DECERR, RLAST comes too soon or not at all, nothing comes any more."""
BROKEN = {
    1: "took back arvalid while arready was low",
    2: "changed its address while arready was low",
    3: "asked for a burst that is not INCR, of 1 to 16 beats of 8 bytes",
    4: "asked for a burst across 4 KiB",
    5: "asked for more bursts than may be under way",
    6: "was not ready for a beat that it had asked for",
}
"""Rules of AXI4, and of this master, that may be broken."""
BASE = 0x1000_0000
"""Address of the image where none is given."""


@dataclass(frozen=True)
class MemoryTiming:
    """How a memory answers.

    Parameters
    ----------
    latency : int
        Least clocks from an address to its first beat; up to twice as many are drawn.
    stall : float
        Probability, 0 to below 1, that an address or a beat waits, for 1 to ``burst`` clocks.
    burst : int
    seed : int
    """

    latency: int = 0
    stall: float = 0.0
    burst: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.latency <= 100_000 or not 0 <= self.stall < 1 or not 1 <= self.burst <= 100_000:
            raise BadInput(
                f"{self}: give a latency and a burst of up to 100000 clocks, and a probability from 0 to below 1"
            )


Regions = Sequence[tuple[int, npt.NDArray[np.uint8]]]
"""Addresses, and the bytes from there on."""


def header() -> dict[str, str]:
    """Files that a harness with such a memory needs besides its own."""
    return {SOURCE: Path(__file__).with_name(SOURCE).read_text(encoding="utf-8")}


def attach(
    library: ctypes.CDLL, bench: ctypes.c_void_p, regions: Regions, timing: MemoryTiming, fault: str = "", beat: int = 0
) -> None:
    """Give a bench its memory; the arrays must live as long as the bench does, or until other ones are given.

    Raises `BadInput` for a fault that is not in `FAULTS`.
    """
    if fault and fault not in FAULTS:
        raise BadInput(f"the memory has no fault {fault!r}; it can have {', '.join(FAULTS)}")
    rows = [(address, len(data), data.ctypes.data) for address, data in regions]
    flat = (ctypes.c_uint64 * (3 * len(rows) + 1))(*(value for row in rows for value in row))
    library.weights_regions(bench, ctypes.c_int64(len(rows)), flat)
    values = timing.latency, int(timing.stall * (1 << 32)), timing.burst, timing.seed
    library.weights_timing(bench, *(ctypes.c_int64(value) for value in values))
    library.weights_fault(bench, ctypes.c_int64(FAULTS.get(fault, 0)), ctypes.c_int64(beat))


def report(library: ctypes.CDLL, bench: ctypes.c_void_p) -> dict[str, int]:
    """What a memory has seen: ``beats`` given, ``bursts`` asked for, ``starved`` clocks and ``error`` of the module,
    and which rule the module has broken (`BROKEN`)."""
    found = (ctypes.c_int64 * 5)()
    library.weights_report(bench, found)
    return dict(zip(("beats", "bursts", "broken", "starved", "error"), found, strict=True))
