"""Signals of memory-mapped AXI interfaces, as the IPs of the overlay have them and as hand-off files list them.

Source: a hand-off file that Vivado 2024.2 wrote for a Zynq-7000 design (docs/vivado.md), AMBA AXI (IHI 0022) for what
the signals are, and the product guides for the IPs that are not in that design.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

READ_WRITE, READ_ONLY, WRITE_ONLY = "READ_WRITE", "READ_ONLY", "WRITE_ONLY"


@dataclass(frozen=True)
class Interface:
    """A memory-mapped interface of a cell.

    Parameters
    ----------
    protocol : str
        ``AXI3``, ``AXI4`` or ``AXI4LITE``.
    data_bits, address_bits : int
    mode : str
        `READ_WRITE`, `READ_ONLY` or `WRITE_ONLY`.
    id_bits : int
        0: no identifiers.
    lacks : frozenset of str
        Signals of the protocol that the interface does not have, without their channel: ``prot``, ``strb`` ...
    """

    protocol: str
    data_bits: int
    address_bits: int = 32
    mode: str = READ_WRITE
    id_bits: int = 0
    lacks: frozenset[str] = frozenset()

    def signals(self) -> Iterator[tuple[str, int, bool]]:
        """Name, bits (0: a scalar) and whether the master drives it, of every signal."""
        for channel, parts in self._channels():
            for name, bits, forward in parts:
                if name not in self.lacks:
                    yield channel + name, bits, forward

    def _channels(self) -> Iterator[tuple[str, list[tuple[str, int, bool]]]]:
        address, identifier = self._address(), self._identifier()
        shake = [("ready", 0, False), ("valid", 0, True)]
        lite = self.protocol == "AXI4LITE"
        last = [] if lite else [("last", 0, True)]
        if self.mode != WRITE_ONLY:
            yield "ar", [*address, *identifier, *shake]
            backward = [(name, bits, False) for name, bits, _ in (*identifier, *last)]
            yield "r", [("data", self.data_bits, False), ("resp", 2, False), *backward, *_turned(shake)]
        if self.mode != READ_ONLY:
            yield "aw", [*address, *identifier, *shake]
            data = [("data", self.data_bits, True), ("strb", self.data_bits // 8, True), *last]
            yield "w", [*data, *(identifier if self.protocol == "AXI3" else []), *shake]
            yield "b", [("resp", 2, False), *_turned(identifier), *_turned(shake)]

    def _address(self) -> list[tuple[str, int, bool]]:
        found = [("addr", self.address_bits, True), ("prot", 3, True)]
        if self.protocol != "AXI4LITE":
            length, lock = (4, 2) if self.protocol == "AXI3" else (8, 1)
            more = (("burst", 2), ("cache", 4), ("len", length), ("lock", lock), ("qos", 4), ("size", 3))
            found += [(name, bits, True) for name, bits in more]
        return found

    def _identifier(self) -> list[tuple[str, int, bool]]:
        return [("id", self.id_bits, True)] if self.id_bits else []


def _turned(signals: list[tuple[str, int, bool]]) -> list[tuple[str, int, bool]]:
    return [(name, bits, not forward) for name, bits, forward in signals]


_BARE = frozenset({"prot", "strb"})
_NO_SIDEBAND = frozenset({"lock", "qos"})

GP = Interface("AXI3", 32, id_bits=12)
"""Of the processing system to the logic."""
HP = Interface("AXI3", 64)
"""Of the logic to the memory; its identifiers are not connected, because a SmartConnect has none."""
SHELL = Interface("AXI4LITE", 32, 12)
DMA_LITE = Interface("AXI4LITE", 32, 10, lacks=_BARE)
VDMA_LITE = Interface("AXI4LITE", 32, 9, lacks=_BARE)
INTC_LITE = Interface("AXI4LITE", 32, 9, lacks=frozenset({"prot"}))


def mover(bits: int, mode: str) -> Interface:
    """The memory side of a DMA."""
    return Interface("AXI4", bits, mode=mode, lacks=_NO_SIDEBAND)
