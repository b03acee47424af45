"""Where the words of a net with banks lie: each has its own address, and memories and accumulators hold any codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_banks import tdnn

from bittrue.emit.lanes import in_lanes
from bittrue.errors import BadInput
from bittrue.lower.load import LoadPlan, bank_count
from bittrue.lower.schedule import schedule
from bittrue.num import Format
from bittrue.spec import Add, Dense, Net, Node, TensorType
from bittrue.spec.layer import LAYERS

INTERVALS = [4, 8, 40]


def plan(interval: int = 8, banks: int = 4) -> LoadPlan:
    return LoadPlan(tdnn(), interval, banks)


def test_numbers_of_banks() -> None:
    assert [bank_count(n) for n in (1, 2, 3, 4, 5, 8, 9)] == [2, 2, 4, 4, 8, 8, 16]


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_word_has_its_own_address_below_the_next_bank(interval: int) -> None:
    p = plan(interval)
    addresses, codes = p.words(p.net)
    assert addresses.dtype == np.uint32 and codes.dtype == np.int64 and len(addresses) == len(codes)
    assert len(set(addresses.tolist())) == len(addresses) == sum(lane.words for lane in p.lanes)
    assert addresses.max() < p.address(1, 0, 0) == 1 << p.lane_bits + p.word_bits
    assert p.address(3, len(p.lanes) - 1, 0) < 1 << p.address_bits
    numbered = [p.address(0, k, word) for k, lane in enumerate(p.lanes) for word in range(lane.words)]
    assert addresses.tolist() == numbered
    for address, code in zip(addresses, codes, strict=True):
        lane = p.lanes[int(address) >> p.word_bits]
        assert int(address) & (1 << p.word_bits) - 1 < lane.words
        assert -(1 << lane.bits - 1) <= code < 1 << lane.bits - 1 and lane.bits <= p.data_bits


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_words_are_the_weights_and_biases(interval: int) -> None:
    """Read back from addresses alone, by the fold's own formula."""
    p, net = plan(interval), tdnn(5)
    memory = dict(zip(*(array.tolist() for array in p.words(net)), strict=True))
    steps, used = schedule(net, interval).steps, 0
    for node in net.nodes:
        matrix, fold = steps[node.name].matrix, steps[node.name].fold
        if matrix is None or fold is None:
            continue
        numbers = {(lane.kind, lane.row, lane.segment): k for k, lane in enumerate(p.lanes) if lane.node == node.name}
        for output in range(fold.outputs):
            for given in range(fold.inputs):
                row, segment, word = fold.address(output, given)
                assert memory.pop(p.address(0, numbers["weight", row, segment], word)) == matrix.weight[output, given]
            if isinstance(node.layer, Dense):
                turn, row = divmod(output, fold.rows)
                assert memory.pop(p.address(0, numbers["bias", row, 0], turn)) == node.layer.bias[output]
        used += len(numbers)
    assert used == len(p.lanes) and not any(memory.values()), "beyond the matrix there are zeros"


def test_the_order_is_that_of_the_exported_files() -> None:
    p, exported = plan(), in_lanes(tdnn(), 8)
    contents = p.contents(p.net)
    for node, constants in exported.items():
        for constant in constants:
            mine = [
                words
                for lane, words in zip(p.lanes, contents, strict=True)
                if (lane.node, lane.kind) == (node, constant.name)
            ]
            arranged = constant.codes.swapaxes(0, 1) if constant.name == "weight" else constant.codes
            np.testing.assert_array_equal(np.concatenate(mine), arranged.ravel())


def test_a_net_without_weights_has_nothing_to_load() -> None:
    p = LoadPlan(LAYERS["Table"].example(), 8, 2)
    addresses, codes = p.words(p.net)
    assert (p.lanes, p.lane_bits, p.word_bits, p.address_bits, p.data_bits) == ((), 0, 0, 1, 1)
    assert addresses.dtype == np.uint32 and codes.dtype == np.int64 and len(addresses) == len(codes) == 0


# ---- formats --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weight_bits, given_bits, inputs", [(16, 16, 30), (8, 9, 1), (2, 3, 5), (1, 1, 4), (25, 18, 3)]
)
def test_an_accumulator_holds_any_codes(weight_bits: int, given_bits: int, inputs: int) -> None:
    weight, given = Format(weight_bits, 0), Format(given_bits, 0)
    layer = Dense(np.zeros((2, inputs), np.int64), np.zeros(2, np.int64), weight, Format(8, 0))
    net = Net("dense", TensorType((inputs,), given), (Node("fc", layer, ("input",)),))
    matrix = schedule(net, 8, banked=True).steps["fc"].matrix
    assert matrix is not None and (matrix.weight_bits, matrix.weight_word) == (weight_bits, weight_bits)
    most, least = inputs * weight.lo * given.lo, inputs * min(weight.lo * given.hi, weight.hi * given.lo)
    products = next(b for b in range(1, 64) if -(1 << b - 1) <= least and most < 1 << b - 1)
    bias = Format(products, 0)
    assert matrix.bias_word == products
    assert matrix.acc_bits == products + 1
    assert Format(products + 1, 0).lo <= least + bias.lo and most + bias.hi <= Format(products + 1, 0).hi
    p = LoadPlan(net, 8, 2)
    assert {lane.kind: lane.bits for lane in p.lanes} == {"weight": weight_bits, "bias": products}
    worst = replace(layer, bias=np.array([bias.lo, bias.hi]), weight=np.full((2, inputs), weight.lo))
    p.words(Net("dense", net.input, (Node("fc", worst, ("input",)),)))
    wider = replace(layer, bias=np.array([0, bias.hi + 1]))
    with pytest.raises(BadInput, match=r"node fc: bias\[1\] is .*, outside"):
        p.words(Net("dense", net.input, (Node("fc", wider, ("input",)),)))


@pytest.mark.parametrize("interval", INTERVALS)
def test_banks_change_neither_folding_nor_latency(interval: int) -> None:
    for net in (tdnn(), *(LAYERS[kind].example() for kind in ("Dense", "ComplexFIR", "Add", "MemoryTaps", "Table"))):
        plain, banked = schedule(net, interval).steps, schedule(net, interval, banked=True).steps
        for name, step in plain.items():
            other = banked[name]
            assert (step.latency, step.arrival, step.slack, step.fold) == (
                other.latency,
                other.arrival,
                other.slack,
                other.fold,
            )


def test_a_filter_has_no_bias_to_load() -> None:
    p = plan()
    assert {lane.kind for lane in p.lanes if lane.node == "fir"} == {"weight"}
    matrix = p.steps["fir"].matrix
    assert matrix is not None and matrix.acc_bits == (6 << 30).bit_length() + 1, "6 products of lo and lo"


# ---- what is refused ------------------------------------------------------------------------------------------------


def spoilt(node: int, **fields: object) -> Net:
    net = tdnn()
    changed = replace(net.nodes[node], layer=replace(net.nodes[node].layer, **fields))  # type: ignore[type-var]
    return replace(net, nodes=(*net.nodes[:node], changed, *net.nodes[node + 1 :]))


def test_a_net_that_is_not_alike_is_refused() -> None:
    with pytest.raises(BadInput, match=r"bank to load differs from bank built in fc1.output: Q5.11 against Q4.12"):
        plan().words(spoilt(1, output=Format.parse("Q5.11")))


def test_the_lowest_code_of_a_filter_has_no_negative() -> None:
    bad = spoilt(3, weight=np.array([[0, 0], [1, -32768], [0, 0]]))
    with pytest.raises(
        BadInput, match="node fir: the negative of code -32768 does not fit the lanes' words of 16 bits"
    ):
        plan().words(bad)
    plan().words(spoilt(3, weight=np.array([[0, 0], [-32768, 1], [0, 0]])))


@pytest.mark.parametrize("banks", [0, 1, 3, 6])
def test_a_number_of_banks_that_cannot_be_addressed_is_refused(banks: int) -> None:
    with pytest.raises(BadInput, match=f"{banks} banks cannot be addressed; give a power of two"):
        plan(banks=banks)
    with pytest.raises(BadInput, match="need addresses of 33 bits"):
        plan(banks=1 << 25)


def test_accumulators_beyond_a_dsp_are_refused_although_these_weights_would_do() -> None:
    fmt = Format(24, 23)
    layer = Dense(np.ones((1, 2), np.int64), np.zeros(1, np.int64), fmt, Format(16, 15))
    net = Net("wide", TensorType((2,), fmt), (Node("fc", layer, ("input",)),))
    assert schedule(net, 8).steps["fc"].matrix is not None
    with pytest.raises(BadInput, match="needs 50 bits and a DSP48E1 has 48"):
        LoadPlan(net, 8, 2)
    sum_of_two = Net("sum", net.input, (Node("sum", Add(fmt), ("input", "input")),))
    assert LoadPlan(sum_of_two, 8, 2).lanes == ()


@pytest.mark.parametrize("place", [(4, 0, 0), (-1, 0, 0), (0, 1000, 0), (0, 0, 8), (0, -1, 0)])
def test_an_address_that_is_not_there_is_refused(place: tuple[int, int, int]) -> None:
    with pytest.raises(BadInput, match="there is no word"):
        plan().address(*place)
