"""The limits of a net: refused where a layer or a net is made, so by every leg alike, and at the limit still taken."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bittrue import limits, ref
from bittrue.cosim.c_model import CModel
from bittrue.emit.c import sources
from bittrue.errors import BadInput
from bittrue.ranges import ranges
from bittrue.spec import Add, AvgPool1d, ComplexFIR, Conv1d, Dense, Flatten, MaxPool1d, MemoryTaps, Net, Node, Term
from bittrue.spec import TensorType as T

Q7 = "Q1.7"
FULL, ONE = limits.ELEMENTS, [[[1]]]


def chain(shape, *layers) -> Net:
    names = ["input", *(f"n{k}" for k in range(len(layers)))]
    return Net("n", T(shape, Q7), [Node(names[k + 1], layer, names[k]) for k, layer in enumerate(layers)])


def conv(padding=0, dilation=1, stride=1, weight=ONE) -> Conv1d:
    return Conv1d(weight, [0] * len(weight), Q7, Q7, "linear", padding, dilation, 1, stride)


REFUSED = [
    (
        lambda: T((10**12,), Q7),
        r"a tensor of shape \(1000000000000,\) has 1000000000000 elements, more than 67,108,864",
    ),
    (lambda: T((FULL + 1,), Q7), "more than 67,108,864; make it smaller"),
    (lambda: T((1 << 14, 1 << 13), Q7), "more than 67,108,864; make it smaller"),
    (lambda: T((10**4000,), Q7), "more than 67,108,864; make it smaller"),
    (lambda: T((1,) * 17, Q7), "a tensor has 17 axes, more than 16"),
    (
        lambda: conv(padding=FULL + 1),
        "Conv1d padding is 67108865; give a whole number of 0 or more, 67,108,864 at most",
    ),
    (
        lambda: conv(stride=1 << 63),
        "Conv1d stride is 9223372036854775808; give a whole number of 1 or more, 67,108,864",
    ),
    (lambda: conv(dilation=1 << 40), "Conv1d dilation is 1099511627776"),
    (lambda: MaxPool1d(1, 1 << 63), "MaxPool1d stride is"),
    (lambda: AvgPool1d(1, 1, 1 << 27), "AvgPool1d dilation is"),
    (lambda: MaxPool1d((1 << 16) + 1, 1), "MaxPool1d size is 65537; give a whole number of 1 or more, 65,536 at most"),
    (
        lambda: chain((1, 4), conv(padding=10**7 * 5)),
        "a frame of 4 samples becomes 100000004 with its zeros, longer than 67,108,864; pad it less",
    ),
    (lambda: chain((2, 4), conv(padding=FULL // 4, weight=[[[1], [1]]])), r"shape \(2, 33554436\) has"),
    (lambda: chain((1, 1 << 24), conv(weight=np.ones((1, 1, 2048), int))), "Conv1d sums .* more than 17,179,869,184"),
    (lambda: chain((1, 1 << 20), AvgPool1d(1 << 15, 1)), "AvgPool1d sums 33286029312 terms a sample"),
    (
        lambda: chain((2,), MemoryTaps((0, (1 << 20) + 1), (1,), Q7)),
        "reaches 1048577 samples back, more than 1,048,576",
    ),
    (lambda: ComplexFIR([Term(0, [10**400])], [[1, 1]], Q7, Q7, Q7), "samples back, more than 1,048,576"),
    (lambda: MemoryTaps(range((1 << 16) + 1), (), Q7), "has 65,537 taps, more than 65,536"),
    (
        lambda: chain((2,), *(ComplexFIR([Term(0, [1 << 19])], [[1, 1]], Q7, Q7, Q7) for _ in range(3))),
        "net n looks 1,572,864 samples back, more than 1,048,576",
    ),
    (lambda: Node("sum", Add(Q7), ["input"] * ((1 << 14) + 1)), "node sum takes 16,385 tensors, more than 16,384"),
    (lambda: chain((1,), *([Add(Q7)] * ((1 << 14) + 1))), "has 16,385 layers, more than 16,384"),
]


@pytest.mark.parametrize(("make", "match"), REFUSED)
def test_what_is_beyond_a_limit_is_refused_where_it_is_made(make, match):
    with pytest.raises(BadInput, match=match) as caught:
        make()
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)


def test_all_tensors_of_a_net_count_together():
    each = FULL // 4
    nodes = [Node(f"n{k}", Add(Q7), ["input" if k == 0 else f"n{k - 1}"] * 2) for k in range(3)]
    assert Net("n", T((each,), Q7), nodes).elements == FULL
    with pytest.raises(BadInput, match="its tensors have 83,886,080 elements together, more than 67,108,864"):
        Net("n", T((each,), Q7), [*nodes, Node("n3", Add(Q7), ("n2", "n2"))])


@pytest.mark.parametrize("layer", [conv(stride=FULL), conv(dilation=FULL), MaxPool1d(1, FULL), AvgPool1d(1, 1, FULL)])
def test_a_layer_at_its_limit_is_the_same_on_every_leg(layer):
    net = chain((1, 5), layer)
    x = np.arange(10).reshape(2, 1, 5)
    expected = ref.run(net, x)
    assert expected.shape == (2, *net.output.shape)
    assert (CModel(net).run(x) == expected).all()
    assert (pytest.importorskip("bittrue.qat").run(net, x) == expected).all()


def test_the_longest_delay_runs_on_every_leg():
    net = chain((2,), MemoryTaps((0, 1 << 20), (), Q7))
    x = np.random.default_rng(0).integers(-128, 128, ((1 << 20) + 50, 2))
    expected = ref.run(net, x)
    assert (expected[-50:, 2:] == x[:50]).all() and not expected[: 1 << 20, 2:].any()
    assert (CModel(net).run(x) == expected).all()


def test_sums_of_a_long_frame_do_not_lie_on_the_stack_of_the_c():
    net = chain((1, 1_100_000), conv(weight=[[[3, -2]]]))  # 8.8 MB of sums of 64 bits, more than a stack has
    wide = Net("n", T((1, 1_100_000), "Q1.31"), [Node("n0", Conv1d([[[3, -2]]], [1 << 40], Q7, Q7), "input")])
    x = np.random.default_rng(0).integers(-128, 128, (1, 1, 1_100_000))
    for long in (net, wide):
        assert "sums[1099999]" not in sources(long)["n.c"] and "sums_n0[1099999]" in sources(long)["n.h"]
        assert (CModel(long).run(x) == ref.run(long, x)).all()


def test_windows_are_multiplied_in_parts_that_do_not_show(monkeypatch):
    rng = np.random.default_rng(2)
    layer = Conv1d(rng.integers(-128, 128, (4, 2, 3)), rng.integers(-99, 99, 4), Q7, "Q4.4", "abs", 2, 2, 2, 3)
    net = chain((4, 60), layer)
    x = rng.integers(-128, 128, (5, 4, 60))
    whole = ref.run(net, x)
    for columns in (1, 12, 100, 700):
        monkeypatch.setattr("bittrue.ref.weighted.COLUMNS", columns)
        assert (ref.run(net, x) == whole).all()


def test_memory_beyond_what_a_command_may_take_is_refused_before_it_is_taken(monkeypatch):
    monkeypatch.setenv(limits.VARIABLE, "0.01")  # 10 MiB
    net = chain((1, 1000), Flatten())
    x = np.zeros((2000, 1, 1000), np.int64)
    legs = [ref.run, ref.taps, CModel(net).run, CModel(net).taps]
    for run in legs:
        with pytest.raises(BadInput, match=r"would take 0.0 GiB of memory, and 0.0 GiB are allowed; give less"):
            run(net, x) if run in legs[:2] else run(x)
    monkeypatch.setenv(limits.VARIABLE, "0.002")
    with pytest.raises(BadInput, match="the state of net n in C would take"):
        CModel(chain((2,), MemoryTaps((0, 1 << 20), (), Q7)))
    with pytest.raises(BadInput, match="the C text of net n would take"):
        sources(chain((300,), Dense(np.ones((200, 300), int), [0] * 200, Q7, Q7)))


def test_ranges_of_wide_and_deep_nets_take_linear_time():
    nodes = [Node(f"n{k}", Add(Q7), (f"n{k - 1}" if k else "input", "input")) for k in range(3000)]
    wide = Net("n", T((100,), Q7), nodes)
    found = ranges(wide)["n2999"]
    assert len(found.acc) == 100 and len(set(map(id, found.acc))) == 1  # one rule for all channels that are alike


def test_the_limits_are_documented_as_they_are():
    table = (
        (Path(__file__).resolve().parents[2] / "docs/net-format.md").read_text().split("## Limits")[1].split("\n## ")[0]
    )
    for name in ("ELEMENTS", "AXES", "NODES", "DELAY", "TAPS", "WINDOW", "PRODUCTS"):
        assert re.search(rf"\b{getattr(limits, name):,} \| `{name}` \|", table), name
