"""The module that a block design takes for a source: AXI4-Lite registers, and an AXI4-Stream that needs no input."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, ClockDomain, DomainRenamer, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.registers import ADDRESS_BITS, BY_NAME, MOST_PARAMETERS
from bittrue.lower.source import SEED_BITS, SourcePlan, parameter_port, source_plan
from bittrue.lower.source_shell import SOURCE_REGISTERS, source_shell_ports, source_words
from bittrue.lower.sources import Sources
from bittrue.lower.stream_shell import shell_name
from bittrue.spec.source import GAIN, START_BITS, Source
from bittrue_rtl.axi_lite import AxiLiteSlave, wire_control
from bittrue_rtl.containers import packed
from bittrue_rtl.outlet import Outlet
from bittrue_rtl.printing import printed
from bittrue_rtl.registers import RegisterFile, connect
from bittrue_rtl.source import SourceStream

ANSWER = 8
"""Clocks from a write to its response: then what it does is done."""


class SourceShell(wiring.Component):
    """Everything runs on ``aclk``. ``CONTROL.reset`` begins the signal anew and stops it; ``SOURCE.apply`` restarts
    what makes it at the border of two frames, so that the next one is made of what the registers hold then.

    Parameters
    ----------
    plan : SourcePlan

    Ports
    -----
    aclk, aresetn : in
        Clock, and synchronous reset, active low.
    s_axi_ctrl_* : AXI4-Lite slave
        The registers of `bittrue.lower.source_shell`.
    m_axis_tdata, m_axis_tkeep, m_axis_tlast, m_axis_tvalid : out; m_axis_tready : in
        A word a beat of the net's output.
    """

    def __init__(self, plan: SourcePlan) -> None:
        self.plan, self.source = plan, plan.source
        self.words = source_words(plan)
        self.stream = SourceStream(plan, flagged=True)
        self.ports = source_shell_ports(plan)
        super().__init__({name: (In if way == "input" else Out)(bits) for name, (way, bits) in self.ports.items()})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        reset, again = Signal(init=1), Signal()  # of all behind the registers; of what makes the signal
        for name, rst in (("sync", ~self.aresetn), ("streams", reset), ("signal", reset | again)):
            domain = ClockDomain(name)
            domain.clk = self.aclk
            m.domains += domain
            m.d.comb += domain.rst.eq(rst)
        m.submodules.slave = slave = AxiLiteSlave(ADDRESS_BITS, ANSWER)
        m.submodules.registers = registers = self._registers()
        connect(m, slave, registers)
        wire_control(m, self, slave)
        m.submodules.stream = DomainRenamer({"sync": "signal"})(self.stream)
        outlet = Outlet(len(self.m_axis_tdata), self.plan.output.transfers)
        m.submodules.outlet = DomainRenamer({"sync": "streams"})(outlet)
        self._flow(m, outlet)
        frame = self._begin(m, registers, outlet, reset, again)
        self._settings(m, registers, reset, again, frame)
        m.d.sync += reset.eq(registers.control_reset)
        m.d.comb += [
            registers.soft.eq(reset),
            registers.source_running.eq(outlet.running),
            registers.source_clamped.eq(self.stream.clamped),
            registers.saturated_nodes.eq(self.stream.saturated),
            outlet.load.eq(registers.count_written),
            outlet.count.eq(registers.count_value),
            outlet.packet.eq(registers.packet_value),
        ]
        self._count(m, registers)
        return m

    def _registers(self) -> RegisterFile:
        constants = self.words | {name: BY_NAME[name].reset or 0 for name in ("ID", "VERSION")}
        present = {
            "CONTROL": BY_NAME["CONTROL"].encode(reset=1),
            "SATURATED": (1 << len(self.source.net.nodes)) - 1,
        }
        return RegisterFile(SOURCE_REGISTERS, ADDRESS_BITS, constants, present)

    def _flow(self, m: Module, outlet: Outlet) -> None:
        """The signal through the outlet to m_axis."""
        made = self.stream.o
        m.d.comb += [
            outlet.i.payload.eq(packed(m, made.payload, self.stream.format, "sample")),
            outlet.i.valid.eq(made.valid),
            made.ready.eq(outlet.i.ready),
            self.m_axis_tdata.eq(outlet.o.payload.data),
            self.m_axis_tkeep.eq(-1),
            self.m_axis_tlast.eq(outlet.o.payload.last),
            self.m_axis_tvalid.eq(outlet.o.valid),
            outlet.o.ready.eq(self.m_axis_tready),
        ]

    def _begin(self, m: Module, registers: RegisterFile, outlet: Outlet, reset: Signal, again: Signal) -> Signal:
        """Count frames; after an apply, hold the outlet at the next one's first word and restart the signal there."""
        pending, frame = Signal(), Signal(START_BITS)
        m.d.comb += [outlet.hold.eq(pending | again), registers.source_pending.eq(pending)]
        due = pending & outlet.first & ~again
        m.d.sync += [again.eq(due & ~reset), pending.eq((registers.source_apply | (pending & ~due)) & ~reset)]
        with m.If(reset):
            m.d.sync += frame.eq(registers.start_value)
        with m.Elif(outlet.ended):
            m.d.sync += frame.eq(frame + 1)
        return frame

    def _settings(self, m: Module, registers: RegisterFile, reset: Signal, again: Signal, frame: Signal) -> None:
        """What the registers hold, taken over while the signal is in reset."""
        stream = self.stream
        seed, start, gain = Signal(SEED_BITS), Signal(START_BITS), Signal(signed(GAIN.bits))
        codes = self._parameters(m, registers)
        held = [Signal.like(code, name=f"held_{k}") for k, code in enumerate(codes)]
        with m.If(reset | again):
            m.d.sync += [
                seed.eq(Cat(registers.seed_low_value, registers.seed_high_value)),
                start.eq(Mux(reset, registers.start_value, frame)),
                gain.eq(registers.gain_value),
                *(one.eq(code) for one, code in zip(held, codes, strict=True)),
            ]
        m.d.comb += [stream.seed.eq(seed), stream.start.eq(start), stream.gain.eq(gain)]
        m.d.comb += registers.frame_value.eq(start)
        for name, code in zip(self.source.settings, held, strict=True):
            m.d.comb += getattr(stream, parameter_port(name)).eq(code)

    def _parameters(self, m: Module, registers: RegisterFile) -> list[Signal]:
        """The words of PARAMETER: a code each, as long as its format."""
        settings = self.source.settings.items()
        codes = [Signal(signed(fmt.bits), name=f"code_{name}", reset_less=True) for name, (_, fmt) in settings]
        mask = Cat(byte.replicate(8) for byte in registers.parameter_bytes)
        words: list[Value] = []
        for k, code in enumerate(codes):
            word = Signal(signed(32), name=f"word_{k}")
            m.d.comb += word.eq(code)
            words.append(word)
            with m.If(registers.parameter_written & (registers.parameter_index == k)):
                m.d.sync += code.eq((word & ~mask) | (registers.parameter_data & mask))
        if words:
            chosen = Array([*words, *([0] * (MOST_PARAMETERS - len(words)))])
            m.d.sync += registers.parameter_value.eq(chosen[registers.parameter_address])
        return codes

    def _count(self, m: Module, registers: RegisterFile) -> None:
        """Count what happens on m_axis, from registers."""
        went, stuck = Signal(), Signal()
        given, stalls = Signal(32), Signal(32)
        m.d.streams += [
            went.eq(self.m_axis_tvalid & self.m_axis_tready),
            stuck.eq(self.m_axis_tvalid & ~self.m_axis_tready),
            given.eq(given + went),
            stalls.eq(stalls + stuck),
        ]
        m.d.comb += [registers.samples_out_value.eq(given), registers.stalls_value.eq(stalls)]


def source_shell_verilog(source: Source, interval: int) -> Sources:
    """Verilog-2005 of the shell as module `bittrue.lower.stream_shell.shell_name`; it depends on nothing else.

    Raises `BadInput` as `bittrue.lower.source.source_plan` and `bittrue.lower.source_shell.source_words`.
    """
    return printed(SourceShell(source_plan(source, interval)), shell_name(source.net))
