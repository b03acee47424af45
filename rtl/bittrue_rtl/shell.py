"""The module that a block design takes: a net with AXI4-Lite registers and AXI4-Streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import ClockDomain, DomainRenamer, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.fold import is_pipeline
from bittrue.lower.load import LOAD_CLOCKS
from bittrue.lower.means import PLAIN, Means
from bittrue.lower.registers import ADDRESS_BITS, BY_NAME, NET_REGISTERS
from bittrue.lower.sources import Sources
from bittrue.lower.stream_shell import Port, built_words, can_bypass, end_layouts, is_framed, shell_name, shell_ports
from bittrue.spec import Net
from bittrue_rtl.axi_lite import AxiLiteSlave, wire_control
from bittrue_rtl.bank_hashes import BankHashes
from bittrue_rtl.frame_shell import FrameShell
from bittrue_rtl.loader import SUM, Loader
from bittrue_rtl.pipeline_shell import PipelineShell
from bittrue_rtl.printing import printed
from bittrue_rtl.registers import RegisterFile, connect
from bittrue_rtl.stream_shell import StreamShell

PASSED_ON = 4
"""Clocks from a write to `AxiLiteSlave` until a word to load leaves the `Loader`."""
ANSWER = PASSED_ON + max(LOAD_CLOCKS, SUM)
"""Clocks until it is in its memory and its sum: then the write is answered, and no sooner can another one swap banks,
reset, or read the sum."""


class Shell(wiring.Component):
    """Everything runs on ``aclk``. ``CONTROL.reset`` resets the stream side for a clock; ``aresetn`` resets both sides.

    Parameters
    ----------
    net, interval
        As for `Network`.
    banks : sequence of Net
        Nets alike but for their codes, in the order of their numbers; none for fixed weights.
    means : Means
        Of a pipeline.

    Ports
    -----
    aclk, aresetn : in
        Clock, and synchronous reset, active low.
    s_axi_ctrl_* : AXI4-Lite slave
        The registers of `bittrue.lower.registers`.
    s_axis_*, m_axis_* : AXI4-Stream
        As of `StreamShell`.
    """

    def __init__(self, net: Net, interval: int, banks: Sequence[Net] = (), means: Means = PLAIN) -> None:
        self.net = net
        self.words = built_words(net, interval, banks, means)
        layouts = end_layouts(net, interval, bool(banks), means)
        self.streams = self._streams(net, interval, banks, means)
        self.ports = shell_ports(net, layouts) | self._more_ports()
        super().__init__({name: (In if way == "input" else Out)(bits) for name, (way, bits) in self.ports.items()})

    def _streams(self, net: Net, interval: int, banks: Sequence[Net], means: Means) -> StreamShell:
        framed = is_framed(end_layouts(net, interval, bool(banks), means))
        kind = PipelineShell if is_pipeline(interval) else FrameShell if framed else StreamShell
        return kind(net, interval, banks, means)

    def _resets(self, registers: RegisterFile) -> Value:
        """High where the stream side is reset in the next clock."""
        strobe: Value = registers.control_reset
        return strobe

    def _more_ports(self) -> dict[str, Port]:
        """What a shell of another kind has besides."""
        return {}

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        reset = Signal(init=1)  # of the stream side
        for name, rst in (("sync", ~self.aresetn), ("streams", reset)):
            domain = ClockDomain(name)
            domain.clk = self.aclk
            m.domains += domain
            m.d.comb += domain.rst.eq(rst)
        m.submodules.slave = slave = AxiLiteSlave(ADDRESS_BITS, ANSWER)
        m.submodules.registers = registers = self._registers()
        m.submodules.streams = DomainRenamer({"sync": "streams"})(self.streams)
        connect(m, slave, registers)
        wire_control(m, self, slave)
        for name in self.ports:
            if "axis" in name:
                outer, inner = getattr(self, name), getattr(self.streams, name)
                _wire(m, outer, inner, self.streams.signature.members[name].flow is In)
        m.d.sync += reset.eq(self._resets(registers))
        m.d.comb += registers.soft.eq(reset)
        self._status(m, registers)
        self._load(m, registers)
        return m

    def _registers(self) -> RegisterFile:
        constants = {name: words[0] for name, words in self.words.items() if BY_NAME[name].words == 1}
        for register in NET_REGISTERS:
            if register.name in ("ID", "VERSION"):
                constants[register.name] = register.reset or 0
        control = BY_NAME["CONTROL"]
        present = {
            "CONTROL": control.encode(reset=1, bypass=int(can_bypass(self.net)), packets=int(self.streams.framed)),
            "BANK": self.streams.count - 1,
            "SATURATED": (1 << len(self.net.nodes)) - 1,
        }
        return RegisterFile(NET_REGISTERS, ADDRESS_BITS, constants, present)

    def _status(self, m: Module, registers: RegisterFile) -> None:
        streams = self.streams
        m.d.comb += [
            streams.bypass.eq(registers.control_bypass),
            streams.bank.eq(registers.bank_select),
            registers.status_malformed.eq(streams.malformed),
            registers.status_active.eq(streams.active),
            registers.status_busy.eq(streams.busy),
            registers.samples_in_value.eq(streams.samples_in),
            registers.samples_out_value.eq(streams.samples_out),
            registers.stalls_value.eq(streams.stalls),
            registers.saturated_nodes.eq(streams.saturated),
        ]
        if isinstance(streams, FrameShell):
            m.d.comb += streams.packets.eq(registers.control_packets)
            for name, dropped in (("short", streams.short), ("long", streams.long)):
                count = Signal(32, name=f"{name}_frames")
                m.d.sync += count.eq(Mux(registers.soft, 0, count + dropped))
                m.d.comb += getattr(registers, f"{name}_frames_value").eq(count)

    def _load(self, m: Module, registers: RegisterFile) -> None:
        """The way of a word from its registers into the net, and the hashes of what the banks hold."""
        plan = self.streams.plan
        bits = (plan.address_bits, plan.bank_bits, plan.data_bits) if plan is not None else (0, 0, 1)
        m.submodules.loader = loader = Loader(*bits)
        m.submodules.hashes = hashes = BankHashes(self.words["BANK_HASH"], len(registers.bank_hash_index))
        m.d.comb += [
            loader.written.eq(registers.load_data_written),
            loader.address.eq(registers.load_address_value),
            loader.high.eq(registers.load_high_value),
            loader.low.eq(registers.load_data_value),
            loader.restart.eq(registers.load_crc_written),
            loader.busy.eq(self.streams.busy),
            registers.load_address_value_up.eq(registers.load_data_written),
            registers.load_count_value.eq(loader.count),
            registers.load_crc_value.eq(loader.crc),
            registers.status_refused.eq(loader.refused),
            hashes.address.eq(registers.bank_hash_address),
            registers.bank_hash_value.eq(hashes.value),
            hashes.written.eq(registers.bank_hash_written),
            hashes.index.eq(registers.bank_hash_index),
            hashes.data.eq(registers.bank_hash_data),
            hashes.bytes.eq(registers.bank_hash_bytes),
            hashes.clear.eq(loader.touched),
            hashes.bank.eq(loader.bank),
        ]
        if plan is not None:
            m.d.comb += self.streams.load.eq(loader.load)


def _wire(m: Module, outer: Any, inner: Any, inwards: bool) -> None:
    m.d.comb += inner.eq(outer) if inwards else outer.eq(inner)


def verilog(net: Net, interval: int, banks: Sequence[Net] = (), means: Means = PLAIN) -> Sources:
    """Verilog-2005 of the shell as module `bittrue.lower.stream_shell.shell_name`; it depends on nothing else.

    Parameters and errors as of `Shell`.
    """
    return printed(Shell(net, interval, banks, means), shell_name(net))
