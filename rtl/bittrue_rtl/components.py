"""From a unit to the component that is it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.units import ConstantUnit, ElementUnit, FeatureUnit, JoinUnit, MatrixUnit, Unit, WindowUnit
from bittrue.spec import Table
from bittrue_rtl.banks import Banks, bank_ports
from bittrue_rtl.eltwise import EltwiseStreams
from bittrue_rtl.features import FeatureVector
from bittrue_rtl.join import ConstantStream, JoinStreams
from bittrue_rtl.matrix import MatrixVector
from bittrue_rtl.shapes import tagged, vector
from bittrue_rtl.table import TableLookup
from bittrue_rtl.windows import Windows


def component(unit: Unit, banks: Banks | None = None, bank_from: int = 0, *, flagged: bool = False) -> Any:
    """What a unit is in hardware: streams ``o`` and, in their order, ``i`` or ``i0``, ``i1``, ...

    With ``banks``, what can be loaded has a port ``load``, and payloads carry the number of a bank, or where frames do
    (`Banks.queued`), what can be loaded has a stream ``bank`` of those. With ``flagged``, what clamps has a port
    ``saturated``.
    """
    bits = banks.tag_bits if banks else 0
    if isinstance(unit, FeatureUnit):
        return FeatureVector(unit.features, unit.interval, bits, flagged=flagged)
    if isinstance(unit, MatrixUnit):
        return MatrixVector(unit.matrix, unit.fold.interval, banks, flagged=flagged)
    if isinstance(unit, WindowUnit):
        return Windows(unit, banks, flagged=flagged)
    if isinstance(unit, ElementUnit):
        if isinstance(unit.layer, Table):
            return TableLookup(unit, bits)
        return EltwiseStreams(unit, bits, bank_from, flagged=flagged)
    if isinstance(unit, JoinUnit):
        return JoinStreams(unit, bits, bank_from)
    assert isinstance(unit, ConstantUnit)  # there is no other
    return ConstantStream(unit, bits)


def inputs(part: Any) -> list[Any]:
    """The streams that a component takes."""
    return part.inputs if hasattr(part, "inputs") else [part.i]


class Chain(wiring.Component):
    """Features and the matrix that weighs them, as one component.

    Ports
    -----
    i, o : stream, in and out
        Those of the first and of the last.
    load, bank, saturated
        With banks, where their numbers are queued, and with ``flagged``: those of the matrix-vector product.
    """

    def __init__(self, units: Sequence[Unit], banks: Banks | None = None, *, flagged: bool = False) -> None:
        self.banks, self.flagged, bits = banks, flagged, banks.tag_bits if banks else 0
        self.parts = [component(unit, banks, flagged=flagged and unit is units[-1]) for unit in units]
        last = units[-1]
        super().__init__(
            {
                "i": In(stream.Signature(self.parts[0].i.payload.shape())),
                "o": Out(stream.Signature(tagged(vector(last.format, last.output.lanes), bits))),
            }
            | bank_ports(banks)
            | ({"saturated": Out(1)} if flagged else {})
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        port = self.i
        for k, part in enumerate(self.parts):
            m.submodules["features" if isinstance(part, FeatureVector) else "matrix"] = part
            wiring.connect(m, wiring.flipped(port) if k == 0 else port, part.i)
            port = part.o
        wiring.connect(m, port, wiring.flipped(self.o))
        if self.banks:
            m.d.comb += self.parts[-1].load.eq(self.load)
            if self.banks.queued:
                wiring.connect(m, wiring.flipped(self.bank), self.parts[-1].bank)
        if self.flagged:
            m.d.comb += self.saturated.eq(self.parts[-1].saturated)
        return m
