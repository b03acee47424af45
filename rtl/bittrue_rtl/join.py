"""Channels of several tensors as those of one, and tensors that are always there."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.units import ConstantUnit, JoinUnit
from bittrue_rtl.shapes import content, drive, tagged, vector
from bittrue_rtl.streams import SkidBuffer
from bittrue_rtl.window_flow import chosen


class JoinStreams(wiring.Component):
    """Beats of the inputs in turn, or side by side, as `bittrue.lower.units.JoinUnit.turns` says; a register stage.

    Ports
    -----
    i0, i1, ... : stream of vector(format, lanes of the source), in
    o : stream of vector(format, lanes), out
    saturated : out
        With banks: never.
    """

    def __init__(self, unit: JoinUnit, bank_bits: int = 0, bank_from: int = 0) -> None:
        self.unit, self.bank_bits, self.bank_from = unit, bank_bits, bank_from
        self.shape = tagged(vector(unit.format, unit.output.lanes), bank_bits)
        ports = {
            f"i{k}": In(stream.Signature(tagged(vector(unit.format, source.lanes), bank_bits)))
            for k, source in enumerate(unit.sources)
        }
        flag = {"saturated": Out(1)} if bank_bits else {}
        super().__init__({**ports, "o": Out(stream.Signature(self.shape)), **flag})
        self.inputs = [getattr(self, name) for name in ports]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        unit = self.unit
        m.submodules.stage = stage = SkidBuffer(self.shape)
        wiring.connect(m, stage.o, wiring.flipped(self.o))
        beats = unit.output.beats
        beat = Signal(range(max(2, beats)))
        turns = [chosen(tuple(int(turn[k]) for turn in unit.turns), beat) for k in range(len(self.inputs))]
        lacking = Cat(
            (turn & ~port.valid) if not isinstance(turn, int) else ~port.valid for turn, port in self._pairs(turns)
        )
        go = Signal()
        m.d.comb += [go.eq(~lacking.any()), stage.i.valid.eq(go)]
        for turn, port in self._pairs(turns):
            m.d.comb += port.ready.eq(go & stage.i.ready & turn)
        with m.If(go & stage.i.ready):
            m.d.sync += beat.eq(Mux(beat == beats - 1, 0, beat + 1))
        drive(m, content(stage.i.payload), self._lanes(beat, turns))
        if self.bank_bits:
            m.d.comb += stage.i.payload.bank.eq(self.inputs[self.bank_from].payload.bank)
        return m

    def _pairs(self, turns: list[Any]) -> list[tuple[Any, Any]]:
        return list(zip(turns, self.inputs, strict=True))

    def _lanes(self, beat: Value, turns: list[Any]) -> list[Value]:
        """What the lanes carry; zero where a tensor side by side with others has no beat left."""
        payloads = [content(port.payload) for port in self.inputs]
        if self.unit.aside:
            return [
                payload[lane] if isinstance(turn, int) else Mux(turn, payload[lane], 0)
                for payload, source, turn in zip(payloads, self.unit.sources, turns, strict=True)
                for lane in range(source.lanes)
            ]
        whose = [turn.index(True) for turn in self.unit.turns]
        found = []
        for lane in range(self.unit.output.lanes):
            of_beats = [payloads[k][min(lane, self.unit.sources[k].lanes - 1)] for k in whose]
            found.append(Array(of_beats)[beat] if len(of_beats) > 1 else of_beats[0])
        return found


class ConstantStream(wiring.Component):
    """The same sample again and again, a beat whenever one is taken.

    Ports
    -----
    o : stream of vector(format, lanes), out
    saturated : out
        With banks: never; they carry bank 0, which nothing looks at.
    """

    def __init__(self, unit: ConstantUnit, bank_bits: int = 0) -> None:
        self.unit = unit
        self.shape = tagged(vector(unit.format, unit.output.lanes), bank_bits)
        super().__init__({"o": Out(stream.Signature(self.shape))} | ({"saturated": Out(1)} if bank_bits else {}))
        self.inputs: list[Any] = []

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        unit = self.unit
        count = len(unit.values)
        beat, valid = Signal(range(max(2, count))), Signal()
        following = Signal.like(beat)
        taken = valid & self.o.ready
        m.d.comb += following.eq(Mux(taken, Mux(beat == count - 1, 0, beat + 1), beat))
        m.d.sync += [valid.eq(1), beat.eq(following)]
        m.d.comb += self.o.valid.eq(valid)
        words = []
        for lane in range(unit.output.lanes):
            m.submodules[f"lane{lane}"] = rom = memory.Memory(
                shape=signed(unit.format.bits), depth=count, init=[values[lane] for values in unit.values]
            )
            read = rom.read_port()
            m.d.comb += read.addr.eq(following)
            words.append(read.data)
        drive(m, content(self.o.payload), words)
        return m
