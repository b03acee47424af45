"""The Verilated AXI shell of a net."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bittrue.cosim.shell_bench import ShellBench, Words
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, net_streams
from bittrue.lower.ports import module_name
from bittrue.lower.sources import Sources
from bittrue.spec import Net


class ShellModel(ShellBench):
    """The shell of a net on its bench (`ShellBench`), and codes as words of its streams.

    Parameters
    ----------
    net : Net
    interval : int
        Clocks a sample, as the generator takes it.
    banks : sequence of Net
        Nets alike but for their codes, in the order of their numbers.
    stalls : Stalls, optional
        As of `ShellBench`, which also says what is raised.
    sources : Sources, optional
        Of the shell; ``bittrue_rtl.shell.verilog(net, interval, banks)`` where none is given.
    """

    def __init__(
        self,
        net: Net,
        interval: int = 8,
        banks: Sequence[Net] = (),
        *,
        stalls: Stalls | None = None,
        sources: Sources | None = None,
    ) -> None:
        if sources is None:
            from bittrue_rtl.shell import verilog

            sources = verilog(net, interval, banks)
        super().__init__(sources, f"{module_name(net)}_shell", stalls)
        self.net = net
        ((self._source,), (self._sink,), _) = net_streams(net, interval, False)

    def pack(self, codes: npt.ArrayLike) -> Words:
        """Input words ``(N, input_bits / 8)`` of codes ``(N, *net.input.shape)``; bytes above the sample are zero."""
        data = self._source.pack(codes)
        wide = np.zeros((len(data), self.ports.input_bits // 8), np.uint8)
        wide[:, : data.shape[1]] = data
        return wide

    def unpack(self, data: Words) -> Codes:
        """Codes ``(N, *net.output.shape)`` of output words; `HardwareFault` for a container that holds no code."""
        return self._sink.unpack(data[:, : self._sink.bits // 8])
