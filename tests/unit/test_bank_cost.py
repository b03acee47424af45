"""What banks of weights cost in memory and multipliers, by formula."""

from __future__ import annotations

import numpy as np
from strategies import tdnn

from bittrue.cost import cost, resources
from bittrue.num import Format
from bittrue.spec import ComplexFIR, Dense, Net, Node, TensorType


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
