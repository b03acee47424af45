"""The generated Verilog of a net that streams weights, with its memory, called like a model."""

from __future__ import annotations

import ctypes
from functools import cached_property

import numpy as np

from bittrue.cosim.rtl_model import Given, RtlModel
from bittrue.cosim.simulation import Simulation, Trace
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import HardwareFault, net_streams
from bittrue.cosim.weight_memory import BARE, BASE, BROKEN, HEADER, MemoryTiming, attach, header, report
from bittrue.lower.ports import module_name
from bittrue.lower.streaming import StreamPlan
from bittrue.spec import Net


class StreamedSimulation(Simulation):
    """A `Simulation` whose module has a memory.

    Attributes
    ----------
    image : uint8 array
        What the memory holds from `bittrue.cosim.weight_memory.BASE` on.
    timing : MemoryTiming
    fault : str
        Of `bittrue.cosim.weight_memory.FAULTS`, at beat ``beat`` of a run; none where it is empty.
    seen : dict
        What the memory has seen in the last run (`bittrue.cosim.weight_memory.report`).
    """

    image = np.zeros(0, np.uint8)
    timing = MemoryTiming()
    fault, beat = "", 0

    def _header(self) -> str:
        return HEADER + super()._header()

    def _files(self) -> dict[str, str]:
        return header()

    def _opened(self, bench: ctypes.c_void_p) -> None:
        self.seen: dict[str, int] = {}
        attach(self._library, bench, [(BASE, self.image)], self.timing, self.fault, self.beat)

    def _over(self, bench: ctypes.c_void_p) -> None:
        self.seen = report(self._library, bench)
        if self.seen["broken"]:
            raise HardwareFault(f"the master of the weights {BROKEN[self.seen['broken']]}")


class StreamedModel(RtlModel):
    """The RTL leg of a net that streams weights: ``bittrue_rtl.streamed_top.verilog``.

    Parameters
    ----------
    net : Net
    interval : int
    streaming : StreamPlan
    timing : MemoryTiming
        Of the memory.
    """

    def __init__(self, net: Net, interval: int, streaming: StreamPlan, timing: MemoryTiming | None = None) -> None:
        super().__init__(net, interval)
        self.streaming, self.timing = streaming, timing or MemoryTiming()

    @cached_property
    def image(self) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """What the memory holds."""
        return np.frombuffer(self.streaming.image, np.uint8).copy()

    def trace(
        self, codes: Given, stalls: Stalls | None = None, probes: bool = False, reset_after: int | None = None
    ) -> Trace:
        """As `RtlModel.trace`, with `timing` as it is now."""
        simulation = self.simulation(probes)
        simulation.image, simulation.timing = self.image, self.timing
        return super().trace(codes, stalls, probes, reset_after)

    def simulation(self, probes: bool = False) -> StreamedSimulation:
        """That of the module, with or without probes."""
        found = self._with_probes if probes else self._plain
        assert isinstance(found, StreamedSimulation)
        return found

    def _simulation(self, probes: bool) -> Simulation:
        from bittrue_rtl.streamed_top import verilog

        streams = net_streams(self.net, self.interval, probes)
        sources = verilog(self.net, self.interval, self.streaming, probes=probes)
        return StreamedSimulation(sources, module_name(self.net), *streams, BARE)
