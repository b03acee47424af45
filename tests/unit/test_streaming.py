"""The plan of streamed weights: which layers, which bytes in which order, what the port carries; its gearbox."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

import bittrue
from bittrue.cli import main
from bittrue.cost import resources
from bittrue.errors import BadInput
from bittrue.lower.fold import MAX_INTERVAL
from bittrue.lower.registers import BY_NAME
from bittrue.lower.schedule import schedule
from bittrue.lower.stream_shell import built_words
from bittrue.lower.streaming import BURST, MOST_SHARE, candidates, chosen, pace_of, stream_plan, streamed_as
from bittrue.num import Format
from bittrue.spec import Conv1d, Dense, Flatten, Linear, Net, Node, TensorType
from bittrue.targets.pynq_z1.intervals import overlay_interval

IO = Format.parse("Q1.7")


def tall(channels: int = 40) -> Net:
    """A frame of four positions into two convolutions and a Dense layer, whose weights are 8 bits wide."""
    rng = np.random.default_rng(4)

    def weights(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        found = rng.integers(-128, 128, shape)
        found[(0,) * len(shape)] = -128
        return found, rng.integers(-99, 99, shape[0])

    out = Format.parse("Q5.3")
    nodes = (
        Node("first", Conv1d(*weights(channels, 3, 3), IO, out, Linear(), padding=1), ("input",)),
        Node("second", Conv1d(*weights(channels, channels, 3), IO, out, Linear()), ("first",)),
        Node("flat", Flatten(), ("second",)),
        Node("last", Dense(*weights(5, 2 * channels), IO, out), ("flat",)),
    )
    return Net("tall", TensorType((3, 4), IO), nodes)


@pytest.mark.parametrize(("interval", "name"), [(16384, "second"), (4096, "second"), (512, "second"), (4096, "last")])
def test_the_image_holds_the_words_of_every_clock_in_the_order_of_the_lanes(interval, name):
    """Against the definition: lane by lane and clock by clock, which weight of the net it is."""
    net = tall()
    layer = candidates(schedule(net, interval))[name]
    plan, fold, bits = layer.plan, layer.plan.fold, layer.plan.matrix.weight_bits
    weight = net.nodes[[node.name for node in net.nodes].index(name)].layer.weight
    matrix = weight.reshape(len(weight), -1)
    word = int.from_bytes(layer.block(), "little")
    assert len(layer.block()) == 8 * layer.beats and plan.engines == 1
    (steps,) = fold.steps
    for clock in range(0, fold.turns * steps, 7):
        turn, step = divmod(clock, steps)
        for segment in range(fold.segments):
            for row in range(fold.rows):
                output, column = plan.outputs[0, turn, row], segment * steps + step
                due = matrix[output, column] if output >= 0 and column < matrix.shape[1] else 0
                at = clock * layer.word_bits + (segment * fold.rows + row) * bits
                found = word >> at & ((1 << bits) - 1)
                assert (found ^ 1 << (bits - 1)) - (1 << (bits - 1)) == due, (clock, segment, row)


def test_bytes_and_shares_are_those_of_the_formula():
    net = tall()
    plan = streamed_as(net, 16384, ["second", "last"])
    second, last = plan.layers
    assert (second.reads, last.reads) == (2, 1)  # windows of a frame
    for layer in plan.layers:
        width = 4 * math.ceil(layer.plan.lanes * layer.plan.matrix.weight_bits / 4)
        assert (layer.word_bits, layer.words) == (width, layer.plan.fold.words)
        assert layer.beats == math.ceil(layer.words * width / 64)
    assert second.offset == 0 and last.offset == math.ceil(8 * second.beats / 128) * 128
    assert plan.bytes_a_frame == 8 * (2 * second.beats + last.beats)
    assert plan.share == plan.bytes_a_frame / (8 * plan.clocks)
    assert replace(plan, pace=0.25).share == 4 * plan.share
    assert plan.image_bytes == len(plan.image) == last.offset + 8 * last.beats
    assert plan.image[last.offset :] == last.block() and plan.image[: 8 * second.beats] == second.block()
    assert all(layer.offset % (8 * BURST) == 0 for layer in plan.layers)
    assert pace_of(200.0, 100.0) == 0.5 and pace_of(50.0, 100.0) == 1.0


def test_what_fits_does_not_stream():
    net = tall()
    plan = stream_plan(net, 16384)
    assert not plan.layers and plan.image == b"" and plan.bytes_a_frame == 0
    assert -(-plan.ramb18 // 2) == resources(net, 16384).ramb36


@dataclass(frozen=True)
class Weighed:
    """What the choice looks at of a layer."""

    name: str
    saved: int
    bytes_a_frame: int


@pytest.mark.parametrize("seed", range(30))
def test_among_the_ways_that_fit_the_choice_has_the_fewest_bytes(seed):
    """Against all subsets."""
    rng = np.random.default_rng(seed)
    layers = [Weighed(str(k), int(rng.integers(-2, 12)), int(rng.integers(1, 99))) for k in range(7)]
    ways = [[layer for k, layer in enumerate(layers) if choice >> k & 1] for choice in range(1 << len(layers))]
    for wanted in range(60):
        fits = [sum(layer.bytes_a_frame for layer in way) for way in ways if sum(w.saved for w in way) >= wanted]
        names = chosen(layers, wanted)
        if not fits:
            assert names is None
            continue
        taken = [layer for layer in layers if layer.name in names]
        assert sum(layer.saved for layer in taken) >= wanted
        assert sum(layer.bytes_a_frame for layer in taken) == min(fits)


def test_a_net_that_never_fits_is_refused():
    with pytest.raises(BadInput, match=r"takes \d+ RAMB36E1 at an interval of 16384 even where all weights that can"):
        stream_plan(tall(64), 16384, 1)


def test_a_port_that_cannot_carry_it_is_refused_in_words():
    net = tall(64)
    with pytest.raises(
        BadInput, match=r"the weights of .*second.* would stream \d+ bytes a frame of 256 clocks, \d+ %"
    ):
        streamed_as(net, 256, ["first", "second", "last"])
    longer = streamed_as(net, 65536, ["second"])
    assert longer.share < MOST_SHARE
    with pytest.raises(BadInput, match="layer flat cannot stream its weights at an interval of 65536; those that can"):
        streamed_as(net, 65536, ["flat"])
    with pytest.raises(BadInput, match="the block RAM is 0 RAMB36E1; give a number from 1"):
        stream_plan(net, 65536, 0)


def test_the_large_classifier_fits_with_its_two_largest_layers_in_memory():
    net = bittrue.load("ecg-9layer")
    plan = stream_plan(net, 262144)
    assert plan.names == ("conv_6", "conv_7") and plan.ramb18 <= 2 * 140 < 2 * resources(net, 262144).ramb36
    assert 0.5 < plan.share < MOST_SHARE
    with pytest.raises(
        BadInput, match="253 % of a port of 64 bits that carries 1 words a clock, and 80 % are the limit"
    ):
        stream_plan(net, 131072)


def test_the_longest_interval_has_a_register():
    words = built_words(bittrue.load("ecg-9layer"), MAX_INTERVAL, ())
    assert words["INTERVAL"] == (MAX_INTERVAL,) and words["WEIGHTS_BYTES"] == (0,)
    assert BY_NAME["SHAPE"].decode(words["SHAPE"][0]) == {"interval": MAX_INTERVAL - 1, "banks": 1}


@pytest.mark.parametrize(
    ("word_bits", "words"), [(4, 21), (8, 8), (12, 17), (36, 50), (60, 31), (64, 9), (68, 40), (100, 13), (200, 7)]
)
def test_the_gearbox_gives_the_words_of_block_after_block(word_bits, words):
    """Words from beats, with idle clocks on either side; what is left of a block's last beat is dropped."""
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    from amaranth.sim import Simulator

    from bittrue_rtl.gearbox import Gearbox

    rng = np.random.default_rng(word_bits)
    blocks = [[int.from_bytes(rng.bytes(25), "little") % (1 << word_bits) for _ in range(words)] for _ in range(3)]
    beats = []
    for block in blocks:
        packed = sum(word << (k * word_bits) for k, word in enumerate(block))
        count = -(-words * word_bits // 64)
        packed |= int(rng.integers(1 << 60)) << (words * word_bits)  # what is left of the last beat is anything
        beats += [packed >> (64 * k) & ((1 << 64) - 1) for k in range(count)]
    box, given, found = Gearbox(word_bits, words), list(beats), []

    async def bench(context) -> None:
        offered = False
        for _ in range(4 * (len(beats) + 3 * words) + 50):
            if not offered and given and rng.random() < 0.8:
                offered = True
                context.set(box.i.payload, given[0])
            context.set(box.i.valid, offered)
            context.set(box.o.ready, bool(rng.random() < 0.8))
            if context.get(box.o.valid) and context.get(box.o.ready):
                found.append(context.get(box.o.payload))
            if offered and context.get(box.i.ready):
                given.pop(0)
                offered = False
            await context.tick()

    simulator = Simulator(box)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert found == [word for block in blocks for word in block]


def test_info_prints_the_plan_and_says_why_there_is_none(capsys):
    asked = ["info", "ecg-9layer", "--interval", "262144"]
    assert main([*asked, "--clock", "100"]) == 0
    printed = capsys.readouterr().out
    assert (
        "from memory: weights of conv_6, conv_7: 1,362,816 bytes a frame, 65.0 % of a port of 64 bits at 100 MHz"
        in (printed)
    )
    assert "xc7z020 with these: fits as far as known: 52 DSP48E1, 121 of 140 RAMB36E1" in printed
    assert main([*asked, "--json"]) == 0  # at 200 MHz the port has half a beat a clock
    assert "130 % of a port" in json.loads(capsys.readouterr().out)["streaming"]["refused"]
    assert main(["info", "ecg-tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["streaming"] is None


@pytest.mark.heavy
def test_an_overlay_takes_the_shortest_interval_that_port_and_part_allow():
    net = bittrue.load("ecg-9layer")
    assert (overlay_interval(net, 200.0), overlay_interval(net, 100.0)) == (524288, 262144)
    assert overlay_interval(bittrue.load("ecg-tiny"), 200.0) == 2048
