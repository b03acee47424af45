"""The register file of the shell, as `bittrue.lower.registers` declares it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Array, C, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.registers import Field, Register
from bittrue_rtl.axi_lite import AxiLiteSlave

ALL = 0xFFFF_FFFF


class RegisterFile(wiring.Component):
    """Decodes accesses and holds what the host writes.

    The ports of a field are called ``<register>_<field>``, in lower case. A write's effect comes 3 clocks after
    ``write``; a word is on ``read_data`` one clock after its index.

    Parameters
    ----------
    registers : sequence of Register
    address_bits : int
        Width of byte addresses.
    constants : mapping of str to int
        Words of registers that never change, by name.
    present : mapping of str to int
        Masks of registers of which some bits do not exist in this hardware: those read as 0.

    Ports
    -----
    write, write_index, write_data, write_bytes, read_index, read_data
        As of `AxiLiteSlave`, the other way round.
    soft : in
        Clears the flags of registers that are marked so.
    field of access "ro" : in
    field of access "rw" : out
    field of access "pulse" : out
        High for one clock.
    field of access "w1c" : in
        Sets those flags.
    field of access "count" : out; with <register>_<field>_up : in
        Counts up in this clock.
    <register>_written : out
        With ``effect``: high for one clock when the register holds what was written.
    <register>_index, <register>_data, <register>_bytes : out; <register>_address : out; <register>_value : in
        Instead of the field's port, for several words in a row, which are kept elsewhere: what was written where, and
        the word of the ``address`` of one clock before.
    """

    def __init__(
        self,
        registers: Sequence[Register],
        address_bits: int,
        constants: Mapping[str, int],
        present: Mapping[str, int],
    ) -> None:
        self.registers, self.constants, self.present = registers, constants, present
        index = address_bits - 2
        ports: dict[str, Any] = {
            "write": In(1),
            "write_index": In(index),
            "write_data": In(32),
            "write_bytes": In(4),
            "read_index": In(index),
            "read_data": Out(32),
            "soft": In(1),
        }
        for register in registers:
            name = register.name.lower()
            if register.effect:
                ports[f"{name}_written"] = Out(1)
            if register.words > 1:
                bits = (register.words - 1).bit_length()
                ports |= {f"{name}_index": Out(bits), f"{name}_data": Out(32), f"{name}_bytes": Out(4)}
                ports |= {f"{name}_address": Out(bits), f"{name}_value": In(32)}
            elif register.name not in constants:
                for field in register.fields:
                    ports |= _field_ports(f"{name}_{field.name}", field)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        data, strobes = Signal(32, reset_less=True), Signal(4, reset_less=True)
        m.d.sync += [data.eq(self.write_data), strobes.eq(self.write_bytes)]
        mask = Cat(byte.replicate(8) for byte in strobes)
        words: dict[int, Any] = {}
        windows = []
        for register in self.registers:
            at, name = register.offset // 4, register.name.lower()
            if register.words > 1:
                windows.append(self._window(m, register, data, strobes))
                continue
            if register.name in self.constants:
                words[at] = C(self.constants[register.name], 32)
                continue
            here = Signal(name=f"{name}_here")
            m.d.sync += here.eq(self.write & (self.write_index == at) & (self.write_bytes != 0))
            if register.effect:
                m.d.sync += self._port(f"{name}_written").eq(here)
            words[at] = self._word(m, register, here, data, mask)
        self._read(m, words, windows)
        return m

    def _port(self, name: str) -> Any:
        return getattr(self, name)

    def _word(self, m: Module, register: Register, here: Signal, data: Signal, mask: Any) -> Any:
        """Build the fields of a register and return its word as it is read."""
        word = Signal(32, name=f"{register.name.lower()}_word")
        for field in register.fields:
            port = self._port(f"{register.name.lower()}_{field.name}")
            bits = slice(field.low, field.low + field.bits)
            exist = (self.present.get(register.name, ALL) & field.mask) >> field.low
            given, meant = data[bits] & exist, mask[bits] & exist
            if field.access == "pulse":
                m.d.sync += port.eq(Mux(here, given & meant, 0))
                continue
            if field.access == "w1c":
                flags = Signal(field.bits, name=f"{port.name}_flags", init=field.reset or 0)
                with m.If(self.soft if register.soft else 0):
                    m.d.sync += flags.eq(flags.init)
                with m.Else():
                    m.d.sync += flags.eq((flags & ~Mux(here, given & meant, 0) | port) & exist)
                m.d.comb += word[bits].eq(flags)
                continue
            m.d.comb += word[bits].eq(port)
            if field.access == "count":
                with m.If(self._port(f"{port.name}_up")):
                    m.d.sync += port.eq(port + 1)
            if field.access in ("rw", "count"):
                with m.If(here):
                    m.d.sync += port.eq((port & ~meant) | (given & meant))
        return word

    def _window(self, m: Module, register: Register, data: Signal, strobes: Signal) -> tuple[Any, Any]:
        """Pass accesses to several words in a row on; return where they are chosen, and their word."""
        name, first = register.name.lower(), register.offset // 4
        bits = (register.words - 1).bit_length()
        if register.words != 1 << bits or first % register.words:
            raise ValueError(f"{register.words} words of {register.name} at {register.offset:#x} are not aligned")
        here, at = Signal(name=f"{name}_here"), Signal(bits, name=f"{name}_at", reset_less=True)
        m.d.sync += [
            here.eq(self.write & (self.write_index >> bits == first >> bits) & (self.write_bytes != 0)),
            at.eq(self.write_index),
            self._port(f"{name}_written").eq(here),
            self._port(f"{name}_index").eq(at),
            self._port(f"{name}_data").eq(data),
            self._port(f"{name}_bytes").eq(strobes),
        ]
        m.d.comb += self._port(f"{name}_address").eq(self.read_index)
        return self.read_index >> bits == first >> bits, self._port(f"{name}_value")

    def _read(self, m: Module, words: Mapping[int, Any], windows: Sequence[tuple[Any, Any]]) -> None:
        """Choose a word in two steps: among the single ones into a register, then among that and the windows."""
        size = 1 << max(words).bit_length()
        single = Signal(32, reset_less=True)
        every = Array(words.get(k, C(0, 32)) for k in range(size))
        m.d.sync += single.eq(every[self.read_index[: size.bit_length() - 1]])
        low = Signal()
        m.d.sync += low.eq(self.read_index < size)
        found = single & low.replicate(32)
        for k, (chosen, value) in enumerate(windows):
            window = Signal(name=f"window{k}")
            m.d.sync += window.eq(chosen)
            found |= value & window.replicate(32)
        m.d.comb += self.read_data.eq(found)


def _field_ports(name: str, field: Field) -> dict[str, Any]:
    if field.access in ("ro", "w1c"):
        return {name: In(field.bits)}
    ports: dict[str, Any] = {name: Out(field.bits, init=field.reset or 0)}
    if field.access == "count":
        ports[f"{name}_up"] = In(1)
    return ports


def connect(m: Module, slave: AxiLiteSlave, registers: RegisterFile) -> None:
    """Join a slave and its registers."""
    m.d.comb += [getattr(registers, n).eq(getattr(slave, n)) for n in ("write", "write_index", "write_data")]
    m.d.comb += [
        registers.write_bytes.eq(slave.write_bytes),
        registers.read_index.eq(slave.read_index),
        slave.read_data.eq(registers.read_data),
    ]
