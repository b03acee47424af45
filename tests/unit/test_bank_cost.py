"""What banks of weights cost in memory and multipliers, by formula."""

from __future__ import annotations

import numpy as np
import pytest
from strategies import long_vector, tdnn

from bittrue.cost import cost, resources, shell_ramb18
from bittrue.errors import BadInput
from bittrue.lower.load import LoadPlan
from bittrue.num import Format
from bittrue.spec import ComplexFIR, Dense, Net, Node, Table, TensorType


def test_memories_of_banks() -> None:
    net = tdnn("wide", seed=0)
    plain, banked = cost(net, 16), cost(net, 16, banks=3)
    assert (banked.dsps, banked.lanes, banked.latency) == (plain.dsps, plain.lanes, plain.latency)
    # 30 inputs are 2 segments of 15 words, 32 inputs 2 of 16: in 4 banks 64 words; a bias memory a row
    assert [banked.nodes[name].roms for name in ("features", "hidden1", "hidden2", "output")] == [0, 96, 48, 4]
    assert banked.ramb18 == 0
    deeper = cost(net, 16, banks=5)  # 8 banks: 128 words a lane; biases stay shallow
    assert deeper.ramb18 == banked.lanes and resources(net, 16, banks=5).ramb36 == -(-banked.lanes // 2)
    assert cost(net, 32, banks=2).ramb18 == 0 and cost(net, 32, banks=3).ramb18 == 49


def test_a_filter_with_banks_has_no_bias_memories() -> None:
    example = ComplexFIR.example()
    (fir,) = cost(example, 40, banks=2).nodes.values()
    assert fir.roms == fir.lanes == 1 and cost(example, 40).nodes["fir"].roms == 2


def test_banks_hold_weights_of_the_whole_format() -> None:
    fmt = Format(26, 25)
    net = Net(
        "few",
        TensorType((1,), Format(12, 11)),
        (Node("fc", Dense(np.zeros((1, 1), np.int64), np.zeros(1, np.int64), fmt, Format(8, 7)), ("input",)),),
    )
    assert (cost(net, 4).dsps, cost(net, 4, banks=1).dsps) == (0, 2)


def looked_up() -> Net:
    """A matrix of 2 x 2 and a look-up of its results."""
    fmt = Format(8, 7)
    weight = np.array([[77, -51], [13, 91]])
    nodes = (
        Node("fc", Dense(weight, [0, 0], fmt, fmt), ("input",)),
        Node("table", Table.tabulate(np.tanh, fmt, fmt), ("fc",)),
    )
    return Net("looked-up", TensorType((2,), fmt), nodes)


def test_a_budget_of_multipliers_holds_for_what_is_loaded() -> None:
    """All weights of a pipeline with banks have a DSP48E1 each, of which there may be more than an xc7z020 has."""
    fmt = Format(8, 7)
    dense = Dense(np.full((15, 16), 77), np.zeros(15, np.int64), fmt, fmt)
    net = Net("many", TensorType((16,), fmt), (Node("fc", dense, ("input",)),))
    plan = LoadPlan(net, 1, 2, dsps=240)
    other = Net(net.name, net.input, net.nodes)
    assert len(plan.words(other)[1]) == 16 * 15 + 15
    with pytest.raises(BadInput, match="allow more"):
        LoadPlan(net, 1, 2)


def test_a_table_of_a_pipeline_is_in_no_bank() -> None:
    """LUT RAM grows with the banks by their words alone: a look-up stays in block RAM, and is not counted again."""
    net = looked_up()
    alone = Net(net.name, net.input, net.nodes[:1])
    more = [cost(n, 1, banks=2).stored.lutram - cost(n, 1).stored.lutram for n in (net, alone)]
    assert more[0] == more[1] > 0


def test_long_vectors_with_banks_travel_whole_and_wait_in_no_framer() -> None:
    net = long_vector(200)
    assert shell_ramb18(net, 512) > 0 == shell_ramb18(net, 512, banked=True)
