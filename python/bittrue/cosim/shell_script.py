"""Register accesses that the simulated shell's bus works off by itself, while its streams go on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput

READ, WRITE, POLL = 0, 1, 2
_COMMAND = np.dtype([("wait", "<i8"), ("after", "<i8"), *((n, "<u4") for n in ("op", "offset", "value", "mask"))])
RESULT = np.dtype(
    [*((name, "<i8") for name in ("start", "done", "sent", "received")), ("value", "<u4"), ("response", "<u4")]
)
"""What became of an access: the clocks of its first offer and of its answer, the words that the source had handed over
and the sink had taken before the clock of the answer, the value read and the AXI response."""
OKAY = 0
RESPONSES = ("OKAY", "EXOKAY", "SLVERR", "DECERR")


@dataclass(frozen=True)
class Access:
    """One access of a script.

    Parameters
    ----------
    op : int
        `READ`; `WRITE`; or `POLL`, which reads until ``read & mask == value & mask``.
    offset : int
        Byte offset of the register, 0..4095.
    value : int
        What is written or waited for, 32 bits.
    mask : int
        Of a write, its four byte strobes; of a poll, the bits that count.
    wait : int
        Clocks of rest before it.
    after : int
        Words that the source must have handed over since the reset before it may begin.
    """

    op: int
    offset: int
    value: int = 0
    mask: int | None = None
    wait: int = 0
    after: int = 0

    def __post_init__(self) -> None:
        if self.op not in (READ, WRITE, POLL):
            raise BadInput(f"access {self.op} is unknown; use READ, WRITE or POLL")
        if not 0 <= self.offset < 4096:
            raise BadInput(f"register offset {self.offset:#x} is outside the 4096 bytes of a shell")
        if not 0 <= self.value < 1 << 32 or not 0 <= self.bits < 1 << 32:
            raise BadInput(f"value {self.value:#x} with mask {self.bits:#x} does not fit a register of 32 bits")
        if self.wait < 0 or self.after < 0:
            raise BadInput(f"an access waits for {self.wait} clocks and {self.after} words; give numbers from 0 on")

    @property
    def bits(self) -> int:
        """The mask, or what it is where none is given."""
        return self.mask if self.mask is not None else 0xF if self.op == WRITE else 0xFFFFFFFF


def packed(accesses: Iterable[Access]) -> npt.NDArray[np.void]:
    """The accesses as the C++ bench takes them."""
    rows = [(a.wait, a.after, a.op, a.offset, a.value, a.bits) for a in accesses]
    return np.array(rows, dtype=_COMMAND)
