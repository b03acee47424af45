"""Nets that stream weights take the blocks of their plan: lanes stay DSP48E1 though one enable stops them."""

from __future__ import annotations

import pytest

from bittrue.cost import resources
from bittrue.lower.streaming import StreamPlan, streamed_as
from bittrue.num import Format
from bittrue.spec import Conv1d, Dense, Flatten, Net, Node, ReLU, TensorType

pytest.importorskip("amaranth", reason="amaranth is not installed")
pytest.importorskip("pyosys", reason="Yosys for synthesis is not installed")


def net() -> Net:
    import numpy as np

    rng, io = np.random.default_rng(2), Format.parse("Q1.7")
    conv = Conv1d(rng.integers(-128, 128, (12, 4, 3)), rng.integers(-999, 999, 12), io, io, ReLU(), padding=1)
    last = Dense(rng.integers(-128, 128, (5, 96)), rng.integers(-999, 999, 5), io, io)
    nodes = (Node("conv", conv, ("input",)), Node("flat", Flatten(), ("conv",)), Node("last", last, ("flat",)))
    return Net("streamed", TensorType((4, 8), io), nodes)


def counted(plan: StreamPlan, interval: int) -> tuple[dict[str, int], dict[str, int]]:
    """Cells of the module by kind, and what they add up to."""
    from bittrue_rtl.streamed_top import verilog
    from bittrue_sim.synth import xc7_report, xc7_use

    cells = xc7_report(verilog(net(), interval, plan), "streamed")
    return cells, xc7_use(cells)


@pytest.mark.parametrize(("interval", "names"), [(512, ["conv", "last"]), (256, ["conv"])])
def test_blocks_are_those_of_the_plan(interval, names):
    from bittrue_sim.synth import MEMORY_LUTS

    plan, on_chip = streamed_as(net(), interval, names), resources(net(), interval)
    cells, used = counted(plan, interval)
    assert used["DSP48E1"] == on_chip.dsp
    assert used["RAMB18"] == plan.ramb18 and plan.ramb18 >= 2 * len(names)
    assert used["FF"] >= on_chip.ff + plan.stored.ff
    memory = sum(count * MEMORY_LUTS.get(kind, 0) for kind, count in cells.items())
    assert memory >= on_chip.lutram + plan.stored.lutram
    assert not any(kind.startswith("$") or kind in ("LDCE", "LDPE") for kind in cells)
