"""The schedule and the costs of a pipeline that takes a sample every clock, and what cannot be one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pipelined_nets import branches, sparse_tdnn
from strategies import tdnn

from bittrue.cost import XC7Z020, cost, resources
from bittrue.emit.lanes import in_lanes
from bittrue.errors import BadInput
from bittrue.lower import adder_search, pipelined_matrix
from bittrue.lower.dsp import product_dsps
from bittrue.lower.load import LoadPlan, memories_of
from bittrue.lower.means import Means
from bittrue.lower.pipelined import PipelinedUnit
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.lower.products import LEAST_DIGITS, odd_part, places_of_blocks, signed_bits
from bittrue.lower.schedule import layouts_of, luts_of, schedule
from bittrue.num import Format
from bittrue.spec import LAYERS, Dense, Net, Node, TensorType
from bittrue.targets.pynq_z1.build import loadable

pytest.importorskip("amaranth", reason="amaranth is not installed")
from rtl_bench import exact_and_on_schedule, full_range, samples_through

from bittrue_rtl.pipeline import Pipeline

Q = Format.parse


def matrices(net: Net, dsps: int) -> dict[str, PipelinedMatrix]:
    steps = schedule(net, 1, dsps=dsps).steps
    units = {name: unit for name, step in steps.items() for unit in step.units if isinstance(unit, PipelinedUnit)}
    return {name: unit.product for name, unit in units.items() if unit.product}


def blocks(plan: PipelinedMatrix) -> set[tuple[int, int]]:
    return {(row, given) for row, chain in enumerate(plan.chains) for given in chain}


@pytest.mark.parametrize("layer", ["Dense", "MemoryTaps", "ComplexFIR", "Table"])
def test_examples_are_exact_and_on_schedule(layer: str) -> None:
    exact_and_on_schedule(LAYERS[layer].example(), 1)


@pytest.mark.parametrize("dsps", [0, 7, 220])
def test_blocks_and_adders_make_the_matrix_together(dsps: int) -> None:
    for name, plan in matrices(sparse_tdnn(), dsps).items():
        found = plan.graph.matrix()
        for row, given in blocks(plan):
            found[row, given] += plan.weight(row, given)
        np.testing.assert_array_equal(found[:, :-1], plan.matrix.weight, err_msg=name)
        np.testing.assert_array_equal(found[:, -1], plan.matrix.bias, err_msg=name)


def test_the_most_expensive_weights_get_the_blocks_and_no_more_than_there_are() -> None:
    net = sparse_tdnn()
    for dsps in (0, 6, 9, 16, 220):
        plans = matrices(net, dsps)
        assert cost(net, 1, dsps=dsps).dsps == sum(len(blocks(plan)) for plan in plans.values()) + fixed(net)
        assert cost(net, 1, dsps=dsps).dsps <= max(dsps, fixed(net))
    (plan,) = [plan for name, plan in matrices(net, fixed(net) + 6).items() if name == "fc1"]
    digits = {(r, g): len(adder_search.signed_digits(plan.weight(r, g))) for r, g in np.argwhere(plan.matrix.weight)}
    inside = [digits[place] for place in blocks(plan)]
    assert min(inside) >= max(n for place, n in digits.items() if place not in blocks(plan))


def fixed(net: Net) -> int:
    return cost(net, 1, dsps=0).dsps


def test_zeros_powers_of_two_and_wide_products_have_no_block() -> None:
    weight = np.array([[0, 64, 3, 7, 5461], [0x15555555, 0, 1, -1, 0]])
    net = Net("one", TensorType((5,), Q("Q1.15")), [Node("fc", Dense(weight, [0, 0], Q("Q2.28"), "Q1.15"), "input")])
    (plan,) = matrices(net, 220).values()
    assert blocks(plan) == {(0, 4)} and LEAST_DIGITS == 3
    assert product_dsps(signed_bits(0x15555555), 16) == 2
    assert places_of_blocks({"fc": plan.matrix}, -3) == {"fc": frozenset()}
    assert cost(net, 1).nodes["fc"].lanes == 7  # those that are not zero


@pytest.mark.parametrize("dsps", [0, 5, 220])
def test_every_bit_of_a_sum_is_there(dsps: int) -> None:
    weight = np.array([[1, 512, 0], [-1, 512, 85], [170, 340, -680], [-2, -256, 0], [512, -1, 1364], [0, 0, 0]])
    bias = np.array([0, -3, 5, 0, 77, 9])
    layer = Dense(weight, bias, Format(12, 0), Format(24, 3))
    net = Net("whole", TensorType((3,), "Q1.3"), [Node("fc", layer, "input")])
    used = sum(len(blocks(plan)) for plan in matrices(net, dsps).values())
    assert used == min(dsps, 5)
    assert layer.shift(net.input.format) == 0
    network = Pipeline(net, means=Means(dsps))
    codes = full_range(net.input.format, (200, 3), seed=4)
    np.testing.assert_array_equal(samples_through(network, codes).vectors, codes @ weight.T + bias)


def test_blocks_at_one_place_never_multiply_alike() -> None:
    weight = np.array([[85, 99], [170, 99], [-85, 198], [340, 99]])
    layer = Dense(weight, np.zeros(4, np.int64), Format(12, 0), Format(24, 3))
    net = Net("alike", TensorType((2,), "Q1.7"), [Node("fc", layer, "input")])
    (plan,) = matrices(net, 220).values()
    found = [
        (place, given, odd_part(plan.weight(row, given)))
        for row, c in enumerate(plan.chains)
        for place, given in enumerate(c)
    ]
    assert len(found) == len(set(found)) == cost(net, 1).dsps == 5  # 85 at two places, -85 at one, 99 at two
    exact_and_on_schedule(net, 1)


def test_fewer_adders_where_more_is_zero_or_in_blocks() -> None:
    net = tdnn("compat", 1)
    narrow = replace(net, nodes=[replace(node, layer=halved(node.layer)) for node in net.nodes])
    few = cost(narrow, 1, dsps=0).adders
    assert few < 0.4 * cost(rounded(net), 1, dsps=0).adders
    assert cost(narrow, 1, dsps=100).adders < few


def halved(layer):
    """A matrix of which three of four weights are zero, and small."""
    if not isinstance(layer, Dense):
        return layer
    keep = np.random.default_rng(4).random(layer.weight.shape) < 0.25
    return replace(layer, weight=np.where(keep, layer.weight >> 8 << 8, 0))


def rounded(net: Net) -> Net:
    nodes = [
        replace(node, layer=replace(node.layer, weight=node.layer.weight >> 8 << 8))
        if isinstance(node.layer, Dense)
        else node
        for node in net.nodes
    ]
    return replace(net, nodes=nodes)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_adders_between_registers_are_as_many_as_asked_for(monkeypatch, levels: int) -> None:
    monkeypatch.setattr(pipelined_matrix, "LEVELS", levels)
    net = sparse_tdnn(seed=2)
    for plan in matrices(net, 0).values():
        for k, adder in enumerate(plan.graph.adders, plan.graph.first):
            assert all(plan.clock(term.node) <= plan.clock(k) for term in (adder.left, adder.right))
        assert plan.latency == -(-plan.graph.depth // levels) + 3
    exact_and_on_schedule(net, 1)


def test_layouts_need_no_search(monkeypatch) -> None:
    net = branches()
    assert layouts_of(net, 1) == schedule(net, 1).layouts
    monkeypatch.setattr(adder_search, "DIGITS", -1)
    assert set(layouts_of(branches(), 1)) == set(net.types)


def test_outputs_have_queues_for_all_samples_under_way() -> None:
    net = branches()
    found = cost(net, 1)
    steps = schedule(net, 1).steps
    assert found.latency == max(steps[name].arrival for name in net.outputs) + 2
    assert all(node.latency >= 0 for node in found.nodes.values())
    used = resources(net, 1)
    assert used.lut == found.adders + found.stored.lutram and used.fits(XC7Z020)
    assert resources(net, 8).lut is None


def test_what_cannot_be_a_pipeline_is_refused() -> None:
    with pytest.raises(BadInput, match="takes frames, and only nets of vectors and samples take one every clock"):
        schedule(LAYERS["Conv1d"].example(), 1)
    with pytest.raises(
        BadInput, match="with banks, an interval of 1 takes 108 DSP48E1 for its weights, and 3 are left"
    ):
        cost(sparse_tdnn(), 1, banks=2, dsps=9)
    alone = fixed(sparse_tdnn())
    assert alone > 1 and cost(sparse_tdnn(), 1, dsps=alone).dsps == alone
    for samples in (1, 2):
        least = alone * samples
        with pytest.raises(BadInput, match=f"take {least} DSP48E1 by themselves, and {least - 1} are the most"):
            cost(sparse_tdnn(), 1, dsps=least - 1, samples=samples)
    with pytest.raises(BadInput, match="3 samples a clock cannot be built; choose 1, 2, 4"):
        cost(sparse_tdnn(), 1, samples=3)
    with pytest.raises(BadInput, match="2 samples a clock take a net with a sample every clock"):
        cost(sparse_tdnn(), 2, samples=2)
    with pytest.raises(BadInput, match="2 samples a clock take a net with fixed weights"):
        cost(sparse_tdnn(), 1, banks=2, samples=2)
    with pytest.raises(BadInput, match="has no lanes with memories; give an interval of 4 clocks or more"):
        in_lanes(sparse_tdnn(), 1)
    wide = Dense(np.full((40, 40), 0x55555), np.zeros(40, np.int64), Q("Q1.20"), "Q1.15")
    with pytest.raises(BadInput, match="signed digits, and 12,000 are the most that become adders"):
        cost(Net("wide", TensorType((40,), Q("Q1.15")), [Node("fc", wide, "input")]), 1, dsps=0)


def test_luts_are_bounded_and_small_weights_get_blocks_where_that_helps() -> None:
    net = sparse_tdnn()
    free = resources(net, 1, dsps=60)
    assert free.lut == luts_of(net, schedule(net, 1, dsps=60)) == cost(net, 1, dsps=60).adders + free.lutram
    assert resources(net, 1, dsps=60, luts=free.lut) == free
    less = resources(net, 1, dsps=60, luts=free.lut - 1)
    assert free.dsp < less.dsp <= 60 and less.lut < free.lut
    with pytest.raises(BadInput, match=f"takes {less.lut:,} LUTs beside {less.dsp} DSP48E1, and 9 and 60 are the most"):
        cost(net, 1, dsps=60, luts=9)


@pytest.mark.parametrize("interval, banks, held", [(1, 2, 2), (3, 2, 2), (1, 5, 8)])
def test_memories_of_banks_are_bounded_too(interval: int, banks: int, held: int) -> None:
    net = sparse_tdnn()
    free = resources(net, interval, banks)
    plan = schedule(net, interval, banked=True)
    groups = [g for step in plan.steps.values() for g in memories_of(step)]
    deep = [held * 2 ** int(np.ceil(np.log2(g.words))) for g in groups]
    assert max(deep) <= 32  # four LUTs hold six bits of 32 words
    luts = sum(g.segments * g.rows * -(-2 * g.bits // 3) for g in groups)
    assert luts > 400 and free.lut == luts_of(net, plan) + luts
    assert resources(net, interval, banks, luts=free.lut) == free
    most = f"pipeline with {held} banks takes {free.lut:,} LUTs, {luts:,} of these to hold weights and biases, and"
    with pytest.raises(BadInput, match=f"{most} {free.lut - 1:,} are the most"):
        resources(net, interval, banks, luts=free.lut - 1)
    with pytest.raises(BadInput, match=most):
        LoadPlan(net, interval, held, luts=free.lut - 1)
    assert loadable({"a": net}, interval, Means(luts=free.lut)) == (net,)
    assert loadable({"a": net}, interval, Means(luts=free.lut - luts)) == ()


def test_deep_memories_of_banks_are_block_rams_and_no_luts() -> None:
    net = sparse_tdnn()
    shallow, deep = cost(net, 3, 16), cost(net, 3, 32)
    assert shallow.ramb18 < deep.ramb18 and shallow.stored.lutram > deep.stored.lutram
