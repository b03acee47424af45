"""Nets of the vendor's recorded cases as simulated Verilog: imported, and equal to the reference at every node."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")
pytest.importorskip("amaranth", reason="amaranth is not installed")

from vendor_cases import CASES, FOLDER, IMAGE_CASES, imported, samples

from bittrue import ref
from bittrue.cosim import verilator
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.stalls import Stalls
from bittrue.cost import XC7Z020, cost, resources
from bittrue.errors import BadInput
from bittrue.lower.schedule import least_interval

QUICK = {"wide_mlp_hidden", "eltwise_pool2d"}
LANES, SHORTEST = 40, 1 << 15
"""Few lanes: the module is small, and compiles sooner."""
LONG = 1 << 20
"""Clocks a sample from which on one drawn sample is enough."""

pytestmark = pytest.mark.skipif(not CASES, reason=f"no recorded cases in {FOLDER}; set BITTRUE_ORACLE")


def interval_of(net) -> int:
    """The shortest power of two that is not too short, and at which few lanes are enough."""
    interval = max(SHORTEST, 1 << (least_interval(net) - 1).bit_length())
    while cost(net, interval).lanes > LANES:
        interval *= 2
    return interval


@pytest.mark.parametrize(
    "name", [pytest.param(c, marks=() if c in QUICK else pytest.mark.heavy) for c in (*CASES, *IMAGE_CASES)]
)
def test_an_imported_net_is_equal_in_hardware(name):
    try:
        verilator.find()
    except BadInput as error:
        pytest.skip(str(error))
    net = imported(name).net
    interval = interval_of(net)
    price = cost(net, interval)
    assert price.interval * price.lanes >= price.macs
    if resources(net, interval).ramb36 > XC7Z020.ramb36:
        pytest.skip(f"{price.ramb18} RAMB18 are more than the part has: planned and priced only")
    recorded = [np.asarray(sample).reshape(net.input.shape) for sample in samples(name).values()]
    drawn = np.random.default_rng(1).integers(-128, 128, (1 if interval >= LONG else 3, *net.input.shape))
    codes = np.concatenate([np.stack(recorded), drawn]).astype(np.int64)
    expected, rtl = ref.taps(net, codes), RtlModel(net, interval)
    for stalls in (None, Stalls(1, idle=0.3, backpressure=0.3, burst=50)):
        trace = rtl.trace(codes, stalls, probes=True)
        for node, words in expected.items():
            np.testing.assert_array_equal(trace.taps[f"tap_{node}"], words, err_msg=f"node {node}, {stalls}")
        for node, words in zip(net.outputs, trace.outputs.values(), strict=True):
            np.testing.assert_array_equal(words, expected[node], err_msg=f"output {node}, {stalls}")
        assert stalls or trace.latency == price.latency or len(net.outputs) > 1
