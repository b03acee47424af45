"""The cost of a net, by formula."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from strategies import interval_for, tdnn

from bittrue.cost import XC7Z020, Resources, cost, macs, resources, rom_bits
from bittrue.errors import BadInput
from bittrue.lower.bram import rom_blocks
from bittrue.lower.features import Features, Word
from bittrue.lower.fold import MAX_INTERVAL
from bittrue.lower.matrix import Matrix
from bittrue.lower.schedule import schedule
from bittrue.lower.stored import memory
from bittrue.num import Format
from bittrue.spec import LAYERS, Add, AvgPool1d, Conv1d, Dense, MemoryTaps, Net, Node, Table, TensorType


@pytest.mark.parametrize("profile", ["wide", "compat"])
@pytest.mark.parametrize("interval, lanes, most_dsps", [(8, 196, 205), (16, 98, 107), (32, 49, 56), (64, 25, 32)])
def test_the_tdnn(profile: str, interval: int, lanes: int, most_dsps: int) -> None:
    found = cost(tdnn(profile, seed=0), interval)
    assert found.macs == 30 * 32 + 32 * 16 + 16 * 2 == 1504
    assert found.lanes == lanes and found.dsps <= most_dsps
    # squares of I and Q, and three partial products of the fourth power
    assert found.dsps == lanes + 2 + 3
    assert found.utilisation == 1504 / (lanes * interval)
    assert interval not in (8, 32) or found.utilisation >= 0.90
    assert found.latency == 1 + sum(node.latency for node in found.nodes.values())


def signed_width(values: npt.NDArray[np.int64]) -> int:
    return next(b for b in range(1, 64) if values.min() >= -(1 << b - 1) and values.max() < 1 << b - 1)


def test_rom_bits_are_words_times_their_width() -> None:
    net = tdnn("wide", seed=0)
    found = cost(net, 8)
    layers = [node.layer for node in net.nodes if isinstance(node.layer, Dense)]
    assert found.rom_bits == sum(d.weight.size * 16 + d.bias.size * signed_width(d.bias) for d in layers)
    assert found.nodes["features"].rom_bits == 0


@pytest.mark.parametrize("bias, bits", [(0, 1), (-1, 1), (1, 2), (-128, 8), (128, 9), (127, 8), (-129, 9)])
def test_rom_bits_of_a_bias_at_the_end_of_a_width(bias: int, bits: int) -> None:
    fmt = Format.parse("Q1.7")
    assert rom_bits(Dense(np.array([[1]]), np.array([bias]), fmt, fmt)) == fmt.bits + bits


def test_a_convolution_counts_every_weight_of_every_window() -> None:
    net = Conv1d.example()
    counts = {node.name: (macs(node.layer, net.types[node.name]), rom_bits(node.layer)) for node in net.nodes}
    # 6 filters of 2 channels and 3 weights at 9 places; 3 of 6 channels and 2 weights of 2 bits at 4 places
    assert counts == {"grouped": (6 * 2 * 3 * 9, 36 * 8 + 6 * 14), "signs": (3 * 6 * 2 * 4, 36 * 2 + 3 * 8)}
    pools = AvgPool1d.example()
    assert [macs(node.layer, pools.types[node.name]) for node in pools.nodes] == [0, 4 * 8, 0]


@pytest.mark.parametrize("interval", [4, 8, 32])
def test_every_layer(interval: int) -> None:
    nets = {name: layer.example() for name, layer in LAYERS.items()}
    found = {name: cost(net, interval_for(net, interval)) for name, net in nets.items()}
    assert found["Dense"].macs == 5 * 3
    assert found["Dense"].rom_bits == 15 * 8 + 3 * 16
    # 10 complex taps: 4 real products each; 3 of its 5 bases have powers, I and Q each; P and both higher powers
    assert found["ComplexFIR"].macs == 4 * 10
    assert found["ComplexFIR"].rom_bits == 2 * 10 * 10
    assert found["ComplexFIR"].dsps == found["ComplexFIR"].lanes + 2 * 4 + 2 + 2 + 3
    assert found["MemoryTaps"].macs == 0 and found["MemoryTaps"].dsps == 2 + 2 + 3
    assert found["MemoryTaps"].utilisation == 0.0
    assert (found["Table"].dsps, found["Table"].rom_bits) == (0, 256 * 12)
    assert found["Add"].nodes["sum"].dsps == 0 and found["Add"].macs == 4 * 1 + 4 * 2
    assert all(0 <= c.utilisation <= 1 and c.lanes * c.interval >= c.macs for c in found.values())
    assert {type(node.layer) for net in nets.values() for node in net.nodes} == set(LAYERS.values())


@pytest.mark.parametrize(
    "weight_bits, given_bits, dsps",
    [
        (16, 16, 1),
        (18, 25, 1),
        (25, 18, 1),
        (26, 16, 2),
        (19, 19, 2),
        (25, 19, 2),
        (26, 19, 4),
        (42, 5, 2),
        (43, 4, 3),
        (5, 4, 1),
        (4, 4, 0),
        (16, 1, 0),
    ],
)
def test_dsps_of_a_wide_multiplier(weight_bits: int, given_bits: int, dsps: int) -> None:
    weight = np.array([[-(1 << weight_bits - 1), 1]])
    matrix = Matrix(weight, np.zeros(1, np.int64), Format(given_bits, 0), Format(16, 0), 48, 0)
    assert matrix.weight_bits == weight_bits
    assert matrix.dsps_per_lane == dsps


@pytest.mark.parametrize(
    "bits, words, dsps",
    [
        (16, [("I", 0), ("Q", 0)], 0),
        (16, [("E", 1)], 2),
        (16, [("E", 3)], 4),
        (16, [("E", 4)], 5),
        (8, [("E", 3), ("E", 4)], 4),
        (9, [("E", 3), ("E", 4)], 6),  # the upper part of P has two bits: its square is no work for a block
        (12, [("E", 3), ("E", 4)], 7),
        (4, [("I", 2), ("E", 4)], 1),
        (16, [("I", 2), ("Q", 2)], 4),
    ],
)
def test_dsps_of_the_feature_pipeline(bits: int, words: list[tuple[str, int]], dsps: int) -> None:
    fmt = Format(bits, bits - 1)
    assert Features(fmt, fmt, tuple(Word(*word) for word in words), ((0, 0),)).dsps == dsps


# ---- memories and parts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, bits, ports, blocks",
    [
        (64, 40, 2, 0),
        (65, 1, 2, 1),
        (512, 36, 1, 1),
        (512, 36, 2, 2),
        (512, 72, 1, 2),
        (512, 73, 1, 3),
        (1024, 18, 2, 1),
        (1025, 18, 2, 2),
        (2048, 9, 2, 1),
        (4096, 12, 2, 3),
        (16_384, 16, 1, 16),
        (16_384, 16, 2, 16),
        (32_768, 1, 2, 2),
        (4608, 8, 1, 3),
        (65_536, 16, 2, 64),
    ],
)
def test_block_rams_of_a_rom(words: int, bits: int, ports: int, blocks: int) -> None:
    assert rom_blocks(words, bits, ports) == blocks


def tables(elements: int, bits: int = 14) -> Net:
    given, output = Format(bits, bits - 3), Format.parse("Q1.15")
    layer = Table(np.arange(1 << bits) % 1000, output)
    return Net("tables", TensorType((elements,), given), (Node("table", layer, ("input",)),))


@pytest.mark.parametrize(
    "elements, interval, copies", [(32, 32, 1), (32, 16, 1), (32, 8, 2), (33, 16, 2), (20, 4, 3), (1, 4, 1)]
)
def test_a_copy_of_a_table_serves_two_look_ups_a_clock(elements: int, interval: int, copies: int) -> None:
    found = cost(tables(elements), interval)
    assert (found.nodes["table"].roms, found.ramb18) == (copies, 16 * copies)
    assert found.rom_bits == 16 << 14, "the net stores the table once"
    used = resources(tables(elements), interval)
    assert (used.dsp, used.ramb36) == (0, 8 * copies)


def test_roms_of_a_matrix() -> None:
    found = cost(tdnn("wide", seed=0), 64)
    # fc1: 16 lanes of 2 turns of 30 weights, and their biases; the others the same way
    assert [found.nodes[name].roms for name in ("features", "hidden1", "hidden2", "output")] == [0, 32, 16, 2]
    assert found.ramb18 == 0, "at most 64 words each"
    assert cost(tdnn("wide", seed=0), 128).ramb18 > 0


def test_whether_a_part_is_large_enough() -> None:
    assert Resources(220, 140, 53_200, 106_400, 17_400) == XC7Z020
    assert resources(tdnn("wide", seed=0), 16).fits(XC7Z020)
    assert not resources(tdnn("wide", seed=0), 4).fits(XC7Z020)
    assert not resources(tables(300), 8).fits(XC7Z020)
    used = Resources(220, 140)
    assert used.fits(XC7Z020) and used.of(XC7Z020) == {"dsp": (220, 220), "ramb36": (140, 140)}
    beyond = [Resources(221, 0), Resources(0, 141), Resources(0, 0, 53_201), Resources(0, 0, ff=106_401)]
    for more in [*beyond, Resources(0, 0, lutram=17_401)]:
        assert not more.fits(XC7Z020)


@pytest.mark.parametrize("interval", [0, MAX_INTERVAL + 1])
def test_an_interval_that_hardware_cannot_have_is_refused(interval: int) -> None:
    with pytest.raises(BadInput, match=f"interval of {interval} clocks"):
        cost(tdnn("wide", seed=0), interval)


def tapped(delay: int) -> Net:
    fmt = Format.parse("Q1.15")
    taps = MemoryTaps((0, delay), (), fmt)
    fc = Dense(np.full((2, 4), 9000), np.zeros(2, int), fmt, fmt)
    return Net("tapped", TensorType((2,), fmt), (Node("t", taps, ("input",)), Node("fc", fc, ("t",))))


def test_delay_lines_count() -> None:
    """A line of 20,000 samples of I and Q, 16 bits each."""
    short, long = resources(tapped(1), 8), resources(tapped(20_000), 8)
    assert short.ff is not None and long.ff is not None
    assert long.ff - short.ff == 19_999 * 32
    assert short.fits(XC7Z020) and not long.fits(XC7Z020)


def test_queues_where_branches_meet_count() -> None:
    """A chain of sums beside a branch that waits for all of them."""
    fmt = Format.parse("Q1.7")

    def besides(length: int) -> int:
        names = ["input", *(f"n{k}" for k in range(length))]
        nodes = [Node(name, Add(fmt), (before, before)) for before, name in pairwise(names)]
        net = Net("beside", TensorType((30,), fmt), (*nodes, Node("sum", Add(fmt), (names[-1], "input"))))
        slack, found = schedule(net, 8).steps["sum"].slack, resources(net, 8).lutram
        assert slack[0] == 0 < slack[1] and found is not None
        return found - memory(slack[1] + 1, 240)

    assert memory(32, 240) == 160 and memory(33, 240) == 320 and memory(65, 240) == 640
    assert besides(30) - besides(20) == besides(20) - besides(10) > 0
