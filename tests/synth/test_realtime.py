"""What Yosys makes of a pipeline that takes a sample every clock: the formula's DSP48E1, and no slow path."""

from __future__ import annotations

import importlib.util

import pytest
from pipelined_nets import sparse_tdnn

import bittrue_rtl
from bittrue.cost import cost
from bittrue.lower.means import Means
from bittrue.lower.ports import module_name
from bittrue.lower.schedule import built_nodes
from bittrue.timing.report import estimate
from bittrue.timing.synthesis import netlist_of
from bittrue_rtl.pipeline import Pipeline
from bittrue_rtl.printing import printed
from bittrue_sim.synth import FLIP_FLOPS, LATCHES, LUTS

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyosys") is None, reason="no pyosys: pip install -e '.[synth]'"
)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "interval, samples, banked", [(2, 1, False), (3, 1, False), (1, 2, False), (1, 1, True), (2, 1, True)]
)
def test_other_paces_take_the_blocks_of_the_formula(interval: int, samples: int, banked: bool) -> None:
    net, means = sparse_tdnn(), Means(200, samples=samples)
    banks = (net, net) if banked else ()
    price = cost(net, interval, len(banks), **means.options)
    netlist = netlist_of(printed(Pipeline(net, interval, banks=banks, means=means), "pipeline"), "pipeline")
    count: dict[str, int] = {}
    for cell in netlist.cells:
        count[cell.kind] = count.get(cell.kind, 0) + 1
    assert not set(count) & set(LATCHES)
    assert count["DSP48E1"] == price.dsps
    assert sum(count.get(kind, 0) for kind in FLIP_FLOPS) >= price.stored.ff
    assert sum(count.get(kind, 0) for kind in LUTS) >= 0.8 * price.adders
    assert estimate(netlist, built_nodes(net)).mhz > 195


@pytest.mark.parametrize("dsps", [220, *(pytest.param(dsps, marks=pytest.mark.heavy) for dsps in (0, 20))])
def test_blocks_and_registers_are_those_of_the_formula_and_paths_are_short(dsps: int) -> None:
    net = sparse_tdnn()
    price = cost(net, 1, dsps=dsps)
    netlist = netlist_of(bittrue_rtl.verilog(net, 1, dsps=dsps), module_name(net))
    count: dict[str, int] = {}
    for cell in netlist.cells:
        count[cell.kind] = count.get(cell.kind, 0) + 1
    assert not set(count) & set(LATCHES)
    assert count["DSP48E1"] == price.dsps
    assert sum(count.get(kind, 0) for kind in FLIP_FLOPS) >= price.stored.ff
    assert sum(count.get(kind, 0) for kind in LUTS) >= 0.8 * price.adders  # a bit that is only carried on takes none
    found = estimate(netlist, built_nodes(net))
    assert found.breaks == 0
    assert found.mhz > 230
