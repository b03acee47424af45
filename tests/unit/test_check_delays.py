"""A check reaches every delay, or names one that no vector was long enough for; its directed vectors are bounded."""

from __future__ import annotations

import numpy as np
import pytest

from bittrue import check, ref
from bittrue.check import directed, report, vectors
from bittrue.check.legs import Leg
from bittrue.cli import check as command
from bittrue.num import Format
from bittrue.spec import Add, ComplexFIR, Dense, MemoryTaps, Net, Node, TensorType, Term

Q = Format.parse


def delayed(delay, width=2) -> Net:
    """A net with one tap so far back, beside one of now."""
    taps = MemoryTaps((0, delay), (), Q("Q1.7"))
    copies = [Node(f"copy{k}", Add(Q("Q1.7")), ("taps", "taps")) for k in range(width - 1)]
    total = Node("sum", Add(Q("Q1.7")), ("taps", *(node.name for node in copies), "taps"))
    return Net("deep", TensorType((2,), Q("Q1.7")), (Node("taps", taps, ("input",)), *copies, total))


def short_memory(delay):
    """A leg that forgets what is ``delay`` samples old."""

    def taps(codes):
        found = ref.taps(delayed(delay), codes)
        found["taps"][delay:, 2:] = 0
        return found

    return {"c": Leg("c", lambda codes: taps(codes)["taps"], taps)}


@pytest.mark.parametrize(("delay", "samples"), [(70_000, None), (70_000, 150_000), (3000, 9000), (40, 2200)])
def test_every_delay_is_reached_or_named(delay, samples):
    net = delayed(delay)
    enough = vectors.needed(net) if samples is None else samples
    verdict = check.check(net, short_memory(delay), enough, 0)
    assert not verdict.equal and not verdict.unreached
    assert max(len(codes) for _, codes in check.blocks(net, enough, 0)) > delay
    missed = check.check(net, short_memory(delay), max(2, delay // 40), 0)
    assert missed.equal and missed.unreached == {"taps": delay}
    advice = f"taps looks {delay:,} samples back, further than any vector is long; give --samples {vectors.needed(net)}"
    assert report.summary(missed).startswith("equal BUT FOR A DELAY (" + advice)


def test_the_block_that_reaches_a_delay_is_the_only_long_one():
    found = list(check.blocks(delayed(100_000), 300_000, 0))
    assert [len(codes) for kind, codes in found if kind == "delays"] == [100_000 + vectors.BEYOND]
    assert sum(len(codes) for _, codes in found) == 300_000
    assert not any(kind == "delays" for kind, _ in check.blocks(delayed(100), 300_000, 0))
    assert command.usual_samples(delayed(100_000)) == 2 * (100_000 + vectors.BEYOND)
    assert command.usual_samples(delayed(100)) == command.SAMPLES


def test_a_delay_behind_which_no_block_fits_is_named(monkeypatch):
    monkeypatch.setattr(vectors, "LONGEST", 1000)
    verdict = check.check(delayed(5000), short_memory(5000), 4000, 0)
    assert verdict.unreached == {"taps": 5000} and "the net is too wide for so long a vector" in report.summary(verdict)


def test_directed_vectors_of_wide_and_deep_nets_are_bounded():
    wide = Net("wide", TensorType((1 << 20,), Q("Q1.7")), (Node("sum", Add(Q("Q1.7")), ("input", "input")),))
    assert vectors.single_channels(wide).size <= 2 * vectors.DIRECTED * 5
    rng = np.random.default_rng(0)
    dense = Dense(rng.integers(-128, 128, (200, 30_000)), np.zeros(200, int), Q("Q1.7"), Q("Q1.7"))
    net = Net("wide", TensorType((30_000,), Q("Q1.7")), (Node("fc", dense, ("input",)),))
    assert directed.worst_cases(net).size <= 2 * vectors.DIRECTED
    assert directed.ties(net, rng).size <= vectors.DIRECTED
    deep = ComplexFIR(
        (Term(0, (0, 1 << 18)), Term(2, (1 << 17,))), [[1, 2], [3, 4], [5, 6]], Q("Q1.7"), Q("Q1.7"), Q("Q1.7")
    )
    net = Net("deep", TensorType((2,), Q("Q1.7")), (Node("fir", deep, ("input",)),))
    assert directed.worst_cases(net).size <= 4 * vectors.DIRECTED
    assert directed.ties(net, rng).size <= 4 * vectors.DIRECTED
