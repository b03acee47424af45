"""Folding and schedules by formula: every weight has one place, nothing overlaps, and hardware nobody can build is
refused."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from strategies import tdnn

from bittrue.errors import BadInput
from bittrue.lower import schedule as schedule_module
from bittrue.lower.elementwise import Elementwise, add_clocks
from bittrue.lower.features import POWER, REQUANTISE, SQUARED, Features, Word
from bittrue.lower.fold import MAX_INTERVAL, MIN_INTERVAL, PIPELINE, Fold, check_interval
from bittrue.lower.layout import Layout
from bittrue.lower.ports import container_bits, module_name, port_bits
from bittrue.lower.schedule import HARDWARE, SKID, least_interval, schedule
from bittrue.num import Format
from bittrue.spec import Add, Dense, Net, Node, TensorType
from bittrue.spec.layer import LAYERS
from bittrue.targets.pynq_z1.build import Design, fclk

SIZES = (1, 2, 3, 5, 8, 13, 30, 33)
FOLDS = [Fold(i, o, t) for i, o, t in itertools.product(SIZES, SIZES, (4, 5, 7, 8, 16, 31, 64))]


def test_every_weight_has_one_place_in_one_rom() -> None:
    for fold in FOLDS:
        places = Counter(fold.address(o, i) for o in range(fold.outputs) for i in range(fold.inputs))
        assert max(places.values()) == 1 and len(places) == fold.inputs * fold.outputs
        rows, segments, addresses = (range(max(axis) + 1) for axis in zip(*places, strict=True))
        assert len(rows) <= fold.rows and len(segments) == fold.segments
        assert len(addresses) <= fold.turns * fold.steps
        assert fold.lanes == fold.rows * fold.segments


def test_a_segment_reads_its_weights_in_the_order_of_its_inputs() -> None:
    for fold in FOLDS:
        for output, given in itertools.product(range(fold.outputs), range(fold.inputs)):
            _, segment, address = fold.address(output, given)
            assert segment * fold.steps + address % fold.steps == given


def test_a_fold_keeps_up_with_its_interval() -> None:
    for fold in FOLDS:
        assert fold.turns * fold.steps <= fold.interval
        assert fold.segments * fold.steps >= fold.inputs and fold.turns * fold.rows >= fold.outputs
        assert fold.rounders * fold.queue >= fold.rows
        assert fold.queue <= (fold.steps if fold.turns > 1 else fold.interval)
        assert (fold.rounders - 1) * fold.queue < fold.rows, "a requantiser would have nothing to do"


def test_a_fold_spends_no_lane_too_many() -> None:
    for fold in FOLDS:
        assert 0 < fold.utilisation <= 1
        whole = -(-fold.inputs // fold.interval) if fold.inputs > fold.interval else 1
        outputs_a_lane = max(1, fold.interval // fold.inputs)
        assert fold.lanes == whole * -(-fold.outputs // outputs_a_lane)


def test_shapes_of_the_tdnn() -> None:
    shapes = [(30, 32), (32, 16), (16, 2)]
    assert [Fold(i, o, 8).lanes for i, o in shapes] == [128, 64, 4]
    assert [Fold(i, o, 32).lanes for i, o in shapes] == [32, 16, 1]
    # 4 segments of 8 inputs: 3 turnings over of 9 clocks, 8 steps, 8 results through each of 4 requantisers
    first = Fold(30, 32, 8)
    assert (first.segments, first.steps, first.rows, first.turns) == (4, 8, 32, 1)
    assert (first.rounders, first.queue, first.latency) == (4, 8, 3 * 9 + 8 + 8 + PIPELINE)


@pytest.mark.parametrize("elements", [1, 3, 4, 5, 16, 31])
@pytest.mark.parametrize("interval", [4, 7, 16])
def test_elementwise_units_share_all_elements(elements: int, interval: int) -> None:
    plan = Elementwise(elements, interval, clocks=2)
    assert {e for unit in plan.assignment for e in unit} == set(range(elements))
    assert all(len(unit) == plan.queue <= interval for unit in plan.assignment)
    assert len(plan.assignment) == plan.units == -(-elements // interval)
    assert plan.latency == 3 + plan.queue
    assert sum(plan.ports) == plan.units and all(ports == 2 for ports in plan.ports[:-1]) and plan.ports[-1] in (1, 2)


def test_adder_takes_a_clock_for_every_further_operand() -> None:
    assert [add_clocks(k) for k in (2, 3, 5)] == [k - 1 + REQUANTISE for k in (2, 3, 5)]


def test_feature_pipeline() -> None:
    q15 = Format.parse("Q1.15")

    def latency(*words: Word) -> int:
        return Features(q15, q15, words, ((0, 0),)).latency

    # input register, then what is computed, then the rounding
    assert latency(Word("I")) == 1 + REQUANTISE
    assert latency(Word("E", 2)) == SQUARED + REQUANTISE
    assert latency(Word("E", 4)) == SQUARED + POWER + REQUANTISE
    assert latency(Word("E", 1)) == SQUARED + 16 + REQUANTISE
    assert latency(Word("E", 3)) == SQUARED + 16 + POWER + REQUANTISE
    assert latency(Word("I", 2)) == SQUARED + REQUANTISE + 2 + REQUANTISE
    assert latency(Word("I"), Word("Q", 3)) == SQUARED + 16 + POWER + REQUANTISE + 2 + REQUANTISE


@pytest.mark.parametrize("interval", [8, 16, 32, 64])
@pytest.mark.parametrize("profile", ["wide", "compat"])
def test_a_chain_arrives_after_the_sum_of_its_latencies(profile: str, interval: int) -> None:
    steps = schedule(tdnn(profile, seed=0), interval).steps.values()
    total = SKID
    for step in steps:
        total += step.latency
        assert step.arrival == total and step.slack == (0,)


def branching() -> Net:
    """``left`` is one layer, ``right`` two."""
    fmt = Format.parse("Q1.7")

    def dense(inputs: int, outputs: int) -> Dense:
        return Dense(np.ones((outputs, inputs), np.int64), np.zeros(outputs, np.int64), fmt, fmt)

    nodes = (
        Node("left", dense(40, 1), ("input",)),
        Node("wide", dense(40, 3), ("input",)),
        Node("right", dense(3, 1), ("wide",)),
        Node("sum", Add(fmt), ("left", "right")),
    )
    return Net("branching", TensorType((40,), fmt), nodes)


@pytest.mark.parametrize("interval", [*range(4, 30), 64, 200])
def test_a_branch_waits_in_a_queue_where_it_is_early_by_an_interval(interval: int) -> None:
    steps = schedule(branching(), interval).steps
    early = steps["right"].arrival - steps["left"].arrival
    assert early > 0 and steps["sum"].arrival == steps["right"].arrival + steps["sum"].latency
    places = 0 if early <= interval - 2 else -(-early // interval)
    assert steps["sum"].slack == (places, 0)
    assert places or interval >= 16


# ---- what cannot be built -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [-8, 0, MAX_INTERVAL + 1])
def test_an_interval_that_hardware_cannot_have_is_refused(interval: int) -> None:
    with pytest.raises(
        BadInput, match=f"interval of {interval} clocks is not between 1 and {MAX_INTERVAL}; choose one"
    ):
        schedule(tdnn("wide", seed=0), interval)


@pytest.mark.parametrize("interval", [MIN_INTERVAL, MAX_INTERVAL])
def test_the_ends_of_the_interval_are_accepted(interval: int) -> None:
    assert check_interval(interval) == interval
    for layer in LAYERS.values():
        assert schedule(layer.example(), max(interval, least_interval(layer.example())))


def test_a_layer_without_hardware_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_module, "HARDWARE", (Dense,))
    with pytest.raises(BadInput, match=r"node \w+: Table has no RTL leg; run the net on another leg"):
        schedule(LAYERS["Table"].example(), 8)


def test_every_layer_has_hardware() -> None:
    assert {name for name, layer in LAYERS.items() if issubclass(layer, HARDWARE)} == LAYERS.keys()


def pair() -> Net:
    fmt = Format.parse("Q1.7")
    return Net("pair", dict.fromkeys("ab", TensorType((2,), fmt)), (Node("sum", Add(fmt), ("a", "b")),))


def test_several_inputs_and_outputs_have_a_schedule_and_no_overlay() -> None:
    plan = schedule(pair(), 8)
    assert plan.steps["sum"].slack == (0, 0) and set(plan.layouts) == {"a", "b", "sum"}
    with pytest.raises(BadInput, match="inputs a, b"):
        Design.of(pair(), fclk(100))


def test_an_accumulator_beyond_a_dsp_is_refused() -> None:
    fmt = Format(16, 15)

    def net(bias: int) -> Net:
        layer = Dense(np.array([[1]]), np.array([bias]), fmt, fmt)
        return Net("wide", TensorType((1,), fmt), (Node("fc", layer, ("input",)),))

    limit = (1 << 47) - 1 - fmt.hi
    assert schedule(net(limit), 8).steps["fc"].matrix is not None
    with pytest.raises(BadInput, match="needs 49 bits and a DSP48E1 has 48; narrow"):
        schedule(net(limit + 1), 8)


# ---- ports ----------------------------------------------------------------------------------------------------------


def test_containers_and_names() -> None:
    assert [container_bits(Format(bits, 0)) for bits in (1, 8, 9, 16, 17, 32, 33, 63)] == [8, 8, 16, 16, 32, 32, 64, 64]
    assert port_bits(Layout.whole((3,)), Format(9, 0)) == 3 * 16 == port_bits(Layout.whole((3, 2)), Format(9, 0))
    assert port_bits(Layout.spread((3, 2), 2), Format(9, 0)) == 2 * 16
    assert module_name(tdnn("wide", seed=0)) == "tdnn_wide"
