"""Nets of the vendor's recorded cases as simulated Verilog: imported, and equal to the reference at every node."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")
pytest.importorskip("amaranth", reason="amaranth is not installed")

from vendor_cases import CASES, FOLDER, imported

from bittrue import ref
from bittrue.cosim import verilator
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.stalls import Stalls
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.spec import Conv1d, Dense

MOST_WEIGHTS = 100_000
"""A net of more weights is planned and priced only: its Verilog has tens of megabytes."""
QUICK = {"wide_mlp_hidden"}
INTERVAL = 1 << 15
"""Few lanes: the module is small, and compiles sooner."""

pytestmark = pytest.mark.skipif(not CASES, reason=f"no recorded cases in {FOLDER}; set BITTRUE_ORACLE")


def weights(net) -> int:
    return sum(node.layer.weight.size for node in net.nodes if isinstance(node.layer, (Conv1d, Dense)))


@pytest.mark.parametrize("name", [pytest.param(c, marks=() if c in QUICK else pytest.mark.heavy) for c in CASES])
def test_an_imported_net_is_equal_in_hardware(name):
    try:
        verilator.find()
    except BadInput as error:
        pytest.skip(str(error))
    net = imported(name).net
    price = cost(net, INTERVAL if weights(net) <= MOST_WEIGHTS else 1 << 16)
    assert price.interval * price.lanes >= price.macs and price.ramb18 > 0
    if weights(net) > MOST_WEIGHTS:
        pytest.skip(f"{weights(net):,} weights are too many to be simulated; planned and priced only")
    recorded = [np.load(path, allow_pickle=False) for path in sorted((FOLDER / name).glob("sample_input_*.npy"))]
    drawn = np.random.default_rng(1).integers(-128, 128, (3, *net.input.shape))
    codes = np.concatenate([np.stack(recorded), drawn]).astype(np.int64)
    expected, rtl = ref.taps(net, codes), RtlModel(net, INTERVAL)
    for stalls in (None, Stalls(1, idle=0.3, backpressure=0.3, burst=50)):
        trace = rtl.trace(codes, stalls, probes=True)
        for node, words in expected.items():
            np.testing.assert_array_equal(trace.taps[f"tap_{node}"], words, err_msg=f"node {node}, {stalls}")
        np.testing.assert_array_equal(trace.outputs["m_axis"], expected[net.nodes[-1].name])
        assert stalls or trace.latency == price.latency
