"""What Yosys makes of the parts of a net: each by itself, and together no less than of the whole."""

from __future__ import annotations

import importlib.util

import pytest

import bittrue_rtl
from bittrue.cost import cost
from bittrue.spec.layer import LAYERS
from bittrue_sim.synth import xc7_parts, xc7_report, xc7_use

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyosys") is None, reason="no pyosys: pip install -e '.[synth]'"
)


def test_every_layer_has_its_own_blocks_and_the_rest_has_none() -> None:
    net = LAYERS["Add"].example()
    text, modules = bittrue_rtl.verilog(net, 8), {f"add.network.{node.name}": node.name for node in net.nodes}
    parts = {name: xc7_use(report) for name, report in xc7_parts(text, "add", list(modules)).items()}
    price = cost(net, 8)
    assert {modules.get(name, "rest"): use["DSP48E1"] for name, use in parts.items()} == {
        **{name: node.dsps for name, node in price.nodes.items()},
        "rest": 0,
    }
    assert all(use["LUT"] and use["FF"] for use in parts.values())
    whole = xc7_use(xc7_report(text, "add"))
    for kind, count in whole.items():
        assert count <= sum(use[kind] for use in parts.values()) <= count + count // 10, kind
    with pytest.raises(RuntimeError, match=r"add has no part add\.network\.other"):
        xc7_parts(text, "add", ["add.network.other"])
