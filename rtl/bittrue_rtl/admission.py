"""Which samples are let into a pipeline that never stops: those whose results will have a place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Admission(wiring.Component):
    """Lets a sample in while every queue behind the pipeline has a place for its result.

    Places are counted down when a sample is let in and up a clock after its result has left the queue. Whether one may
    come is a register: it is decided a clock before, when another may still come, so that one place stays free.

    Parameters
    ----------
    depths : sequence of int
        Places of every queue, 2 at least.

    Ports
    -----
    offered : in
        A sample is there.
    accept : out
        It is let in in this clock.
    taken : in, a bit a queue
        A result leaves the queue.
    """

    def __init__(self, depths: Sequence[int]) -> None:
        self.depths = list(depths)
        super().__init__({"offered": In(1), "accept": Out(1), "taken": In(len(self.depths))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        is_open = Signal()
        may_follow = []
        for k, depth in enumerate(self.depths):
            credit = Signal(range(depth + 1), init=depth, name=f"credit{k}")
            returned = Signal(name=f"returned{k}")
            m.d.sync += returned.eq(self.taken[k])
            with m.If(returned & ~self.accept):
                m.d.sync += credit.eq(credit + 1)
            with m.Elif(self.accept & ~returned):
                m.d.sync += credit.eq(credit - 1)
            may_follow.append(credit > 1)
        m.d.sync += is_open.eq(reduce(and_, may_follow))
        m.d.comb += self.accept.eq(self.offered & is_open)
        return m
