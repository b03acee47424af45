"""The shell of a net of frames that streams weights: an AXI4 read master beside the streams."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Mux, Signal, Value

from bittrue.errors import BadInput
from bittrue.lower.means import Means
from bittrue.lower.sources import Sources
from bittrue.lower.stream_shell import Port, built_words, end_layouts, is_framed, shell_name
from bittrue.lower.streaming import StreamPlan
from bittrue.spec import Net
from bittrue_rtl.frame_shell import FrameShell
from bittrue_rtl.network import Network
from bittrue_rtl.printing import printed
from bittrue_rtl.registers import RegisterFile
from bittrue_rtl.shell import Shell
from bittrue_rtl.stream_shell import StreamShell
from bittrue_rtl.streamed_network import StreamedNetwork
from bittrue_rtl.streamed_top import MASTER, attach, join
from bittrue_rtl.weight_reader import PORTS, WeightReader


class StreamedFrames(FrameShell):
    """A `FrameShell` of a `StreamedNetwork`."""

    def __init__(self, net: Net, interval: int, streaming: StreamPlan) -> None:
        self.streaming = streaming
        super().__init__(net, interval, ())

    def _network(self, net: Net, banks: Sequence[Net]) -> Network:
        return StreamedNetwork(net, self.interval, self.streaming, flagged=True)

    def _depth(self) -> int:
        """A frame more than without: results are a few clocks later."""
        return super()._depth() + 1


class StreamedShell(Shell):
    """A `Shell` of a net of frames some of whose weights come from memory, by ``WEIGHTS_ADDRESS`` and the like.

    The master runs on ``aclk``. A soft reset forgets what has come; what has been asked for still comes, and then it
    begins anew with the first word of every layer. Without ``run`` the stream side is held in reset, so that no word of
    before meets those that come after.

    Ports
    -----
    As of `Shell`, and ``m_axi_weights_*``, an AXI4 read master.
    """

    def __init__(self, net: Net, interval: int, streaming: StreamPlan) -> None:
        if not is_framed(end_layouts(net, interval)):
            raise BadInput(
                f"net {net.name} takes samples in one word each, and a shell streams weights for frames; let "
                f"them stay on chip"
            )
        self.streaming = streaming
        super().__init__(net, interval)
        self.words = built_words(net, interval, (), streaming=streaming)

    def _streams(self, net: Net, interval: int, banks: Sequence[Net], means: Means) -> StreamShell:
        return StreamedFrames(net, interval, self.streaming)

    def _resets(self, registers: RegisterFile) -> Value:
        return super()._resets(registers) | ~registers.weights_address_run

    def _more_ports(self) -> dict[str, Port]:
        return {f"{MASTER}_{name}": port for name, port in PORTS.items()}

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = super().elaborate(platform)
        registers, network = m.submodules.registers, self.streams.network
        assert isinstance(network, StreamedNetwork)
        m.submodules.reader = reader = WeightReader(self.streaming.layers)
        attach(m, self, reader)
        join(m, reader, network)
        m.d.comb += [
            reader.base.eq(registers.weights_address_page << 12),
            reader.stop.eq(registers.soft),
            registers.weights_status_error.eq(reader.error),
            registers.weights_status_idle.eq(reader.idle),
        ]
        for name, happens in (("beats", reader.beat), ("starved", network.starved)):
            count, late = Signal(32, name=f"weights_{name}"), Signal(name=f"weights_{name}_up")
            m.d.sync += [late.eq(happens), count.eq(Mux(registers.soft, 0, count + late))]
            m.d.comb += getattr(registers, f"weights_{name}_value").eq(count)
        return m


def verilog(net: Net, interval: int, streaming: StreamPlan) -> Sources:
    """Verilog-2005 of the shell as module `bittrue.lower.stream_shell.shell_name`, a `StreamedShell`."""
    return printed(StreamedShell(net, interval, streaming), shell_name(net))
