"""Faults that can be injected into the simulated board, by name."""

from __future__ import annotations

from bittrue.errors import BadInput

FAULTS = {
    "dma-error": "the memory refuses a write: the receiving channel of the DMA ends in a slave error, halfway",
    "dma-decode-error": "the address is not mapped: the sending channel of the DMA ends in a decode error, at once",
    "truncated": "the receiving channel sees TLAST halfway: the transfer ends with too few bytes",
    "stale-hash": "the bitstream is of another net: the next download shows other HASH registers",
    "hang": "the core stops answering halfway: no word moves until DMA and core are reset",
}
WEIGHT_FAULTS = {
    "weights-error": ("slave", "the memory refuses a read of the weights: SLVERR, in the middle of them"),
    "weights-decode-error": ("decode", "there is no memory where weights are read: DECERR"),
    "weights-short": ("short", "a burst of weights ends too soon"),
    "weights-long": ("long", "a burst of weights does not end where it should"),
}
"""Of overlays that read weights from memory: what `bittrue.cosim.weight_memory` calls it, and what it is."""
FAULTS |= {name: about for name, (_, about) in WEIGHT_FAULTS.items()}


class Faults:
    """What is armed; each fault happens once."""

    def __init__(self) -> None:
        self._armed: set[str] = set()

    def inject(self, name: str) -> None:
        """Arm a fault for the next transfer, or the next download; `BadInput` for a name that is not in `FAULTS`."""
        if name not in FAULTS:
            raise BadInput(f"fault {name!r} is unknown; the simulated board can have {', '.join(FAULTS)}")
        self._armed.add(name)

    def take(self, name: str) -> bool:
        """Whether a fault is armed, which it is no more afterwards."""
        found = name in self._armed
        self._armed.discard(name)
        return found

    @property
    def armed(self) -> tuple[str, ...]:
        """Names of the faults that have not happened yet."""
        return tuple(sorted(self._armed))
