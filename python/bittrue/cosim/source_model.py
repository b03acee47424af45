"""The generated Verilog of a source, called like a function."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from bittrue.cosim.c_source import consecutive
from bittrue.cosim.module_ports import check_ports
from bittrue.cosim.simulation import PATIENCE, Simulation, Trace
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, Stream
from bittrue.cost import default_source_interval
from bittrue.errors import BadInput
from bittrue.lower.ports import container_bits
from bittrue.lower.source import SourcePlan, parameter_port, source_name, source_plan
from bittrue.lower.sources import Sources
from bittrue.num import Format
from bittrue.spec import TensorType
from bittrue.spec.source import START_BITS, Source

SERIAL_BITS = 16
_BENCH = """
/* A bench in front of the source: a word on s_axis_setup that differs from the one before has its registers and starts
 * it anew, once all frames asked for before are out. Every word lets one frame out. */
module {name}(input clk, input rst, input [{high}:0] s_axis_setup_tdata, input s_axis_setup_tvalid,
  output s_axis_setup_tready, output [{wide}:0] m_axis_tdata, output m_axis_tvalid, input m_axis_tready);
  reg [{high}:0] setup;
  reg started, again;
  reg [31:0] frames, beat;
  wire offered;
  wire fresh = !started || setup != s_axis_setup_tdata;
  wire given = s_axis_setup_tvalid && s_axis_setup_tready;
  wire open = frames != 0 && !again;
  wire taken = offered && open && m_axis_tready;
  wire last = beat == {last};
  assign s_axis_setup_tready = !rst && (!started || frames == 0 || (s_axis_setup_tvalid && !fresh));
  assign m_axis_tvalid = offered && open;
  always @(posedge clk) begin
    if (rst) begin
      started <= 1'b0;
      again <= 1'b0;
      frames <= 32'd0;
      beat <= 32'd0;
    end else begin
      again <= given && fresh;
      if (given && fresh) setup <= s_axis_setup_tdata;
      if (given) started <= 1'b1;
      frames <= frames + (given ? 32'd1 : 32'd0) - (taken && last ? 32'd1 : 32'd0);
      if (taken) beat <= last ? 32'd0 : beat + 32'd1;
    end
  end
  \\{module} source(.clk(clk), .rst(rst), .restart(again), .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(offered),
    .m_axis_tready(m_axis_tready && open){pins});
endmodule
"""


class SourceBench:
    """A source's module and a bench around it whose one input stream has a word of registers for every frame wanted.

    A word's last field is a serial number: frames of another one begin anew.

    Parameters
    ----------
    source : Source
    interval : int, optional
        Clocks a frame; without, `bittrue.cost.default_source_interval`.

    Raises `BadInput` as `bittrue.lower.source.source_plan`, and `HardwareFault` where the module's ports are others.
    """

    def __init__(self, source: Source, interval: int | None = None) -> None:
        self.source = source
        self.plan: SourcePlan = source_plan(source, interval or default_source_interval(source))
        settings = [(parameter_port(name), container_bits(fmt)) for name, (_, fmt) in source.settings.items()]
        self.fields = [("seed", 64), ("start", 32), ("gain", 16), *settings]
        width = sum(bits for _, bits in self.fields) + SERIAL_BITS
        self.setup = Stream("s_axis_setup", TensorType((width // 8,), Format(8, 0)))
        self.output = Stream("m_axis", source.net.output, self.plan.output)
        self.module = f"{source_name(source.net)}_bench"

    def sources(self) -> Sources:
        """Verilog of both."""
        made = _verilog(self.source, self.plan.interval)
        inner = source_name(self.source.net)
        check_ports(made.verilog, inner, self.plan.ports)
        pins, low = "", 0
        for name, bits in self.fields:
            pins += f", .{name}(setup[{low + bits - 1}:{low}])"
            low += bits
        text = _BENCH.format(
            name=self.module,
            high=low + SERIAL_BITS - 1,
            wide=self.output.bits - 1,
            last=self.output.transfers - 1,
            module=inner,
            pins=pins,
        )
        return made.extended(text)

    def words(self, seed: int, numbers: npt.ArrayLike, settings: Mapping[str, int], gain: int) -> Codes:
        """Codes of the stream `setup` that let the frames of these numbers out; where a number does not follow the one
        before, the source starts anew."""
        wanted = np.asarray(numbers, np.int64)
        if wanted.size and not 0 <= int(wanted.min()) <= int(wanted.max()) < 1 << START_BITS:
            raise BadInput(
                f"net {self.source.net.name}: frames {wanted.min():,} to {wanted.max():,} are wanted of hardware; give "
                f"numbers below 2^{START_BITS}"
            )
        parts = []
        for serial, (start, count) in enumerate(consecutive(wanted)):
            values = [seed, int(wanted[start]), gain, *(settings[name] for name in self.source.settings), serial]
            bits = [*(bits for _, bits in self.fields), SERIAL_BITS]
            data = b"".join(
                (value % (1 << width)).to_bytes(width // 8, "little") for value, width in zip(values, bits, strict=True)
            )
            parts.append(np.tile(np.frombuffer(data, np.int8).astype(np.int64), (count, 1)))
        return np.concatenate(parts)

    @property
    def patience(self) -> int:
        """Clocks in which nothing may move."""
        return PATIENCE + 2 * (self.plan.clocks + self.plan.latency)


class SourceModel:
    """The RTL leg of a source: `SourceBench`, compiled by Verilator on first use."""

    def __init__(self, source: Source, interval: int | None = None) -> None:
        self.bench = SourceBench(source, interval)

    def run(
        self,
        seed: int,
        numbers: npt.ArrayLike,
        settings: Mapping[str, int],
        gain: int,
        stalls: Stalls | None = None,
    ) -> Codes:
        """Output codes ``(N, *net.output.shape)`` of the frames of these numbers, as `bittrue.ref.source.run_source`.

        The source starts anew where a number does not follow the one before. Raises `HardwareFault` where it breaks a
        stream rule.
        """
        return self.trace(seed, numbers, settings, gain, stalls).outputs["m_axis"]

    def trace(
        self,
        seed: int,
        numbers: npt.ArrayLike,
        settings: Mapping[str, int],
        gain: int,
        stalls: Stalls | None = None,
        reset_after: int | None = None,
    ) -> Trace:
        """Everything a simulation of these frames tells."""
        words = self.bench.words(seed, numbers, settings, gain)
        return self._simulation.run(words, stalls, patience=self.bench.patience, reset_after=reset_after)

    @cached_property
    def _simulation(self) -> Simulation:
        return Simulation(self.bench.sources(), self.bench.module, [self.bench.setup], [self.bench.output])


@lru_cache(maxsize=8)
def _verilog(source: Source, interval: int) -> Sources:
    """The generated module, once for all that runs it."""
    from bittrue_rtl.source import source_verilog

    return source_verilog(source, interval)
