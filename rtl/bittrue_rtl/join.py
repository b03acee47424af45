"""Channels of several tensors as those of one, and tensors that are always there."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
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
        go = Signal()
        turns, following = self._turns(beat)
        lacking = Cat(
            (turn & ~port.valid) if not isinstance(turn, int) else ~port.valid for turn, port in self._pairs(turns)
        )
        m.d.comb += [go.eq(~lacking.any()), stage.i.valid.eq(go)]
        for turn, port in self._pairs(turns):
            m.d.comb += port.ready.eq(go & stage.i.ready & turn)
        with m.If(go & stage.i.ready):
            m.d.sync += beat.eq(Mux(beat == beats - 1, 0, beat + 1))
            m.d.sync += [turn.eq(ahead) for turn, ahead in following]
        drive(m, content(stage.i.payload), self._lanes(turns))
        if self.bank_bits:
            m.d.comb += stage.i.payload.bank.eq(self.inputs[self.bank_from].payload.bank)
        return m

    def _turns(self, beat: Value) -> tuple[list[Signal | int], list[tuple[Signal, Value | int]]]:
        """Whose beat comes next, a register for every input or a one, and what those registers are with the one after.

        They are registers, and not looked up by the number of the beat: everything waits for them.
        """
        turns: list[Signal | int] = []
        following = []
        for k in range(len(self.inputs)):
            mine = [int(turn[k]) for turn in self.unit.turns]
            if all(mine):
                turns.append(1)
                continue
            turns.append(turn := Signal(init=mine[0], name=f"turn{k}"))
            following.append((turn, chosen((*mine[1:], mine[0]), beat)))
        return turns, following

    def _pairs(self, turns: list[Any]) -> list[tuple[Any, Any]]:
        return list(zip(turns, self.inputs, strict=True))

    def _lanes(self, turns: list[Any]) -> list[Value]:
        """What the lanes carry; zero where a tensor side by side with others has no beat left."""
        payloads = [content(port.payload) for port in self.inputs]
        sources = self.unit.sources
        if self.unit.aside:
            return [
                payload[lane] if isinstance(turn, int) else Mux(turn, payload[lane], 0)
                for payload, source, turn in zip(payloads, sources, turns, strict=True)
                for lane in range(source.lanes)
            ]
        found = []
        for lane in range(self.unit.output.lanes):
            value: Value = payloads[0][min(lane, sources[0].lanes - 1)]
            for payload, source, turn in zip(payloads[1:], sources[1:], turns[1:], strict=True):
                value = Mux(turn, payload[min(lane, source.lanes - 1)], value)
            found.append(value)
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
