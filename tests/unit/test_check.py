"""The comparison of legs: its vectors reach what they promise, and a broken leg is found where it is broken."""

import operator
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

import bittrue
from bittrue import check, num, ref
from bittrue.check import directed, report, vectors
from bittrue.check.compare import LegVerdict
from bittrue.check.explain import explain
from bittrue.check.legs import LEGS, Leg, Options
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import (
    LAYERS,
    Abs,
    Bitwise,
    BitwiseOr,
    Concat,
    Constant,
    Dense,
    Flatten,
    Interleave,
    LeakyReLU,
    Linear,
    MemoryTaps,
    Net,
    Node,
    Pool,
    ReLU,
    Reshape,
    Table,
    TensorType,
    Upsample,
)

Q = Format.parse
EXAMPLES = {name: layer.example() for name, layer in LAYERS.items()}


def tdnn(hidden=LeakyReLU(2), iq_taps=None) -> Net:  # noqa: B008 (frozen)
    rng = np.random.default_rng(5)
    features = MemoryTaps((0, 1, 3), (1, 2, 4), Q("Q1.11"), iq_taps)

    def dense(rows, columns, given, output, activation):
        w = rng.integers(-(1 << 13), 1 << 13, (rows, columns))
        return Dense(w, rng.integers(-(1 << 26), 1 << 26, rows), Q("Q1.15"), output, activation)

    nodes = (
        Node("features", features, ("input",)),
        Node("hidden", dense(6, len(features.features), Q("Q1.11"), Q("Q4.12"), hidden), ("features",)),
        Node("output", dense(2, 6, Q("Q4.12"), Q("Q1.15"), Linear()), ("hidden",)),
    )
    return Net("small-tdnn", TensorType((2,), Q("Q1.15")), nodes)


def wide_shape() -> Net:
    table = Table.tabulate(lambda x: -x, Q("Q2.6"), Q("Q2.6"))
    return Net("image", TensorType((3, 40, 5), Q("Q2.6")), (Node("t", table, ("input",)),))


NETS = {**EXAMPLES, "tdnn": tdnn(), "image": wide_shape()}


# ---- vectors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
@pytest.mark.parametrize("samples", [1, 2, 37, 3000])
def test_blocks_have_as_many_samples_as_asked_for_and_are_codes(net, samples):
    found = list(check.blocks(net, samples, seed=3))
    assert sum(len(codes) for _, codes in found) == samples
    assert found[-1][0] == "uniform"
    for _, codes in found:
        assert codes.dtype == np.int64 and len(codes)
        net.check_codes(codes)


def test_blocks_are_at_most_65536_samples_and_bounded_in_memory():
    assert max(len(codes) for _, codes in check.blocks(EXAMPLES["Dense"], 200_000, 0)) == 1 << 16
    assert max(codes.size for _, codes in check.blocks(NETS["image"], 12_000, 0)) <= vectors.ELEMENTS


def test_blocks_repeat_by_seed():
    def drawn(seed):
        return np.concatenate([codes for _, codes in check.blocks(tdnn(), 2000, seed)])

    assert (drawn(1) == drawn(1)).all()
    assert (drawn(1) != drawn(2)).any()


def test_real_data_gets_a_share():
    net = tdnn()
    real = np.arange(600).reshape(300, 2)
    found = dict(check.blocks(net, 5000, 0, real))
    assert (found["real"] == real).all()
    assert len(dict(check.blocks(net, 100, 0, real))["real"]) == 26  # half of what 48 directed ones leave
    with pytest.raises(BadInput, match="outside"):
        list(check.blocks(net, 5000, 0, real * 1000))


@pytest.mark.parametrize(("samples", "seed"), [(0, 0), (-5, 0), (10, -1)])
def test_no_samples_or_a_negative_seed_are_refused(samples, seed):
    with pytest.raises(BadInput, match="give 1 sample or more"):
        list(check.blocks(tdnn(), samples, seed))


def test_uniform_vectors_reach_both_ends():
    codes = dict(check.blocks(EXAMPLES["Table"], 20_000, 0))["uniform"]
    assert set(np.unique(codes)) == set(range(-128, 128))


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_corners_hold_the_extremes_and_their_alternation(net):
    fmt, shape = net.input.format, net.input.shape
    codes = vectors.corners(net).reshape(-1, np.prod(shape, dtype=int))
    for word in (fmt.lo, fmt.hi, 0, 1, -1):
        assert (codes == word).all(axis=1).any()
    first = np.where(np.arange(codes.shape[1]) % 2, fmt.lo, fmt.hi)
    assert (codes == first).all(axis=1).any()
    swaps = (codes[1:, 0] == fmt.hi) & (codes[:-1, 0] == fmt.lo)
    assert swaps.sum() > 1


def test_single_channels_walk_a_one_through_every_channel():
    net = EXAMPLES["Dense"]
    codes = vectors.single_channels(net)
    for channel in range(5):
        alone = codes[(np.delete(codes, channel, axis=1) == 0).all(axis=1)][:, channel]
        assert set(alone) >= {1, 2, 4, 8, 16, 32, 64, 127, -128, -1}


def test_small_vectors_have_every_amplitude():
    codes = vectors.small(tdnn(), 10_000, np.random.default_rng(0))
    amplitude = np.abs(codes[: 10_000 // 64 * 64].reshape(-1, 128)).max(axis=1)
    assert amplitude.min() <= 1 and amplitude.max() > 1 << 12


def accumulators(net: Net, codes) -> np.ndarray:
    """Exact accumulators of the first matrix of a net."""
    node = next(n for n in net.nodes if isinstance(n.layer, Dense))
    x = {"input": codes, **ref.taps(net, codes)}[node.inputs[0]]
    return x @ node.layer.weight.T + node.layer.bias


def test_worst_cases_reach_the_proved_range_of_a_dense_layer():
    net = EXAMPLES["Dense"]
    acc, proved = accumulators(net, directed.worst_cases(net)), ranges(net)["fc"].acc
    best = [(min(b, p.lo), max(b, p.hi)) for b, p in zip(net.nodes[0].layer.bias, proved, strict=True)]
    assert [(lo, hi) for lo, hi in zip(acc.min(0), acc.max(0), strict=True)] == best


def seeded():
    return np.random.default_rng(8)


@pytest.mark.parametrize("iq_taps", [None, (1, 4)])
def test_worst_cases_go_beyond_random_vectors_behind_delays(iq_taps):
    net = tdnn(iq_taps=iq_taps)
    worst = accumulators(net, directed.worst_cases(net))
    drawn = accumulators(net, vectors.uniform(net, 30_000, seeded()))
    assert (worst.max(0) >= drawn.max(0)).all() and (worst.min(0) <= drawn.min(0)).all()
    assert (worst.max(0) > drawn.max(0)).any()


def test_worst_cases_are_searched_on_a_grid_of_32_steps():
    """``5 * 128 * I - 8 * I^2`` is largest at 40, the fifth step of 8; a grid of 16 steps would miss it."""
    taps = MemoryTaps((0,), (2,), Q("Q4.14"))
    dense = Dense(np.array([[5, 0, -8]]), np.array([0]), Q("Q8.0"), Q("Q8.8"))
    nodes = (Node("taps", taps, ("input",)), Node("fc", dense, ("taps",)))
    found = directed.worst_cases(Net("n", TensorType((2,), Q("Q1.7")), nodes))
    assert [40, 0] in found.tolist()


def test_worst_cases_of_a_filter_reach_further_than_random_ones():
    net = EXAMPLES["ComplexFIR"]
    wide = Net("fir", net.input, (Node("fir", replace(net.nodes[0].layer, output=Format(60, 20)), ("input",)),))
    worst, drawn = ref.run(wide, directed.worst_cases(wide)), ref.run(wide, vectors.uniform(wide, 30_000, seeded()))
    assert (worst.max(0) >= drawn.max(0)).all() and (worst.min(0) <= drawn.min(0)).all()


def test_ties_of_a_dense_layer_are_ties():
    net = EXAMPLES["Dense"]
    codes = directed.ties(net, seeded())
    shift = net.nodes[0].layer.shift(net.input.format)
    tied = accumulators(net, codes) % (1 << shift) == 1 << (shift - 1)
    assert tied.any(axis=0).all() and tied.any(axis=1).all()


def test_ties_of_features_are_found_in_every_power():
    net = tdnn()
    codes = directed.ties(net, seeded())
    squared = [int(i) ** 2 + int(q) ** 2 for i, q in codes]
    assert any(s % (1 << 19) == 1 << 18 for s in squared)  # |x|^2 into Q1.11
    assert any(s * s % (1 << 49) == 1 << 48 for s in squared)  # |x|^4
    assert (codes % 16 == 8).any(axis=0).all()  # I and Q


def test_ties_of_a_filter_are_isolated():
    net = EXAMPLES["ComplexFIR"]
    codes = directed.ties(net, seeded())
    pulses = np.flatnonzero(codes.any(axis=1))
    assert len(pulses) > 32 and np.diff(pulses).min() > net.memory


# ---- a broken leg ---------------------------------------------------------------------------------------------------


def broken_leg(net, node, sample, channel, delta=1, name="torch", after=0) -> Leg:
    """A leg that gets one word of every block wrong, and all words of the nodes behind it."""
    calls = []

    def taps(codes):
        calls.append(len(codes))
        found = ref.taps(net, codes)
        if len(calls) > after and len(codes) > sample:
            names = [n.name for n in net.nodes]
            found[node][(sample, *channel)] += delta
            for behind in names[names.index(node) + 1 :]:
                found[behind] = found[behind] ^ 1
        return found

    return Leg(name, lambda codes: taps(codes)[net.nodes[-1].name], taps)


def printed(verdict) -> str:
    console = Console(width=160, record=True, file=StringIO())
    report.show(console, report.sheets(verdict))
    return console.export_text()


def test_equal_legs_are_equal():
    net = tdnn()
    verdict = check.check(net, {"x": Leg("x", lambda c: ref.run(net, c), lambda c: ref.taps(net, c))}, 3000, 0)
    assert verdict.equal and verdict.legs[0].divergence is None
    assert verdict.legs[0].samples == 3000 and verdict.legs[0].words == 3000 * (15 + 6 + 2)
    assert sum(verdict.kinds.values()) == 3000
    assert report.summary(verdict).startswith("equal: x gave the bits of ref in all 69,000 words")


def test_a_leg_of_which_nothing_was_compared_is_not_equal():
    verdict = LegVerdict("c", {"hidden": 0})
    assert not verdict.equal
    verdict.words = 1
    assert verdict.equal


def test_the_first_divergence_is_named_with_node_sample_channel_and_words():
    net = tdnn()
    verdict = check.check(net, {"torch": broken_leg(net, "hidden", 17, (3,))}, 3000, 0)
    assert not verdict.equal
    (leg,) = verdict.legs
    found = leg.divergence
    kind, codes = next(iter(check.blocks(net, 3000, 0)))
    expected = int(ref.taps(net, codes)["hidden"][17, 3])
    assert (found.node, found.layer, found.sample, found.channel) == ("hidden", "Dense", 17, (3,))
    assert (found.kind, found.block, found.expected, found.found) == (kind, 0, expected, expected + 1)
    blocks = [len(codes) for _, codes in check.blocks(net, 3000, 0) if len(codes) > 17]
    assert leg.mismatches == {"features": 0, "hidden": len(blocks), "output": 2 * sum(blocks)}
    text = printed(verdict)
    assert "torch: first divergence, hidden[17, 3]" in text
    assert f"{expected & 0xFFFF:016b}" in text and f"{(expected + 1) & 0xFFFF:016b}" in text
    assert "+1 LSB" in text and "accumulator" in text and "w[3, " in text and "NOT EQUAL" in report.summary(verdict)


def test_of_several_wrong_words_the_first_sample_counts_then_the_first_channel():
    net = tdnn()

    def taps(codes):
        found = ref.taps(net, codes)
        for where in ((7, 0), (3, 4), (3, 2), (5, 1)):
            found["hidden"][where] -= 3
        return found

    verdict = check.check(net, {"c": Leg("c", taps, taps)}, 1000, 0)
    divergence = verdict.legs[0].divergence
    assert (divergence.sample, divergence.channel) == (3, (2,)) and divergence.found == divergence.expected - 3


def test_the_divergence_is_that_of_the_first_block_that_has_one():
    net = tdnn()
    verdict = check.check(net, {"c": broken_leg(net, "output", 5, (1,), after=2)}, 3000, 0)
    kinds = [kind for kind, _ in check.blocks(net, 3000, 0)]
    assert (verdict.legs[0].divergence.block, verdict.legs[0].divergence.kind) == (2, kinds[2])


def test_a_good_leg_beside_a_broken_one_stays_good():
    net = tdnn()
    good = Leg("c", lambda c: ref.run(net, c), lambda c: ref.taps(net, c))
    verdict = check.check(net, {"c": good, "rtl": broken_leg(net, "features", 0, (0,), name="rtl")}, 500, 0)
    assert [leg.equal for leg in verdict.legs] == [True, False]
    assert report.summary(verdict) == "NOT EQUAL: rtl differs from ref (compared: c, rtl)"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda t: t.pop("hidden"), "no tensor for node hidden"),
        (lambda t: t.update(hidden=t["hidden"][1:]), "for node hidden, not"),
        (lambda t: t.update(hidden=t["hidden"].astype(float)), "of float64"),
        (lambda t: t.update(hidden=t["hidden"][:, :1]), "for node hidden, not"),
    ],
)
def test_a_leg_that_gives_no_comparable_tensor_is_at_fault(spoil, complaint):
    net = tdnn()

    def taps(codes):
        found = ref.taps(net, codes)
        spoil(found)
        return found

    verdict = check.check(net, {"c": Leg("c", taps, taps)}, 300, 0)
    assert not verdict.equal and complaint in verdict.legs[0].fault
    assert complaint in printed(verdict)


def test_a_hardware_fault_is_a_verdict():
    net = tdnn()

    def taps(codes):
        raise HardwareFault("clock 7: nothing moved")

    verdict = check.check(net, {"rtl": Leg("rtl", taps, taps)}, 300, 0)
    assert not verdict.equal and verdict.legs[0].fault == "corners vectors: clock 7: nothing moved"


def test_a_word_outside_its_format_is_shown_in_full():
    assert report.word(-1, Q("Q1.3")) == "1111"
    assert report.word(7, Q("Q1.3")) == "0111"
    assert report.word(8, Q("Q1.3")) == "01000 (outside Q1.3)"
    net = tdnn()
    verdict = check.check(net, {"c": broken_leg(net, "hidden", 0, (0,), delta=1 << 20)}, 300, 0)
    assert "(outside Q4.12)" in printed(verdict)


@pytest.mark.parametrize("hidden", [Linear(), ReLU(), LeakyReLU(3), Abs()])
@pytest.mark.parametrize("name", [*EXAMPLES, "tdnn"])
def test_the_operands_make_up_the_word(name, hidden):
    net = tdnn(hidden) if name == "tdnn" else EXAMPLES[name]
    codes = vectors.uniform(net, 200, seeded())
    taps = ref.taps(net, codes)
    for node in net.nodes:
        words = taps[node.name]
        for flat in seeded().permutation(words.size)[:40]:
            where = tuple(int(k) for k in np.unravel_index(flat, words.shape))
            operands = explain(net, codes, taps, node.name, where)
            rows = dict(operands.rows)
            assert int(words[where]) == _recomputed(node.layer, rows), (where, operands)


def _recomputed(layer, rows) -> int:
    """The word that the rows of a report lead to."""
    if isinstance(layer, Table):
        return int(rows["values[index]"])
    if isinstance(layer, Constant):
        return int(next(value for name, value in rows.items() if name.startswith("values[")))
    if isinstance(layer, Bitwise):
        words = [int(value.split(",")[0]) for value in rows.values()]
        return reduce(operator.or_ if isinstance(layer, BitwiseOr) else operator.xor, words)
    if isinstance(layer, Pool) and layer.kind == "avg":
        return int(Fraction(int(rows["sum"]), int(rows["divided by"])))
    if isinstance(layer, Pool | Flatten | Reshape | Concat | Upsample | Interleave):
        return max(int(value) for name, value in rows.items() if name.startswith("x"))
    names = ("accumulator", "sum", "exact |x|^1", "exact |x|^2", "exact |x|^3", "exact |x|^4")
    acc = next((int(rows[name]) for name in names if name in rows), None)
    if acc is None:
        (iq,) = (value.split(" (")[0] for name, value in rows.items() if name.startswith("I, Q at sample"))
        acc = int(iq.split(", ")[rows["feature"][0] == "Q"])
    if "clears" in rows.get("activation", ""):
        acc = 0
    terms = [
        value.rpartition("= ")[2] for name, value in rows.items() if "*" in value or "terms" in name or "<<" in name
    ]
    if "accumulator" in rows:
        assert sum(map(int, terms)) + int(rows["bias"]) == int(rows["accumulator"])
    word = int(num.requantise(acc, int(rows["shift"]), layer.output))
    return min(-word, layer.output.hi) if "turns the sign" in rows.get("activation", "") else word


# ---- legs that cannot run -------------------------------------------------------------------------------------------


def test_unknown_and_doubled_legs_are_refused():
    with pytest.raises(BadInput, match="unknown leg 'vhdl'; known are ref, torch, c, rtl"):
        check.make("vhdl", tdnn())
    with pytest.raises(BadInput, match="name one twice"):
        check.runnable(tdnn(), ["c", "c"])


def test_nothing_to_compare_is_refused():
    with pytest.raises(BadInput, match="no leg besides ref"):
        check.check(tdnn(), {"ref": check.make("ref", tdnn())}, 100, 0)


def _forget(monkeypatch, package, blocked):
    """Make ``import blocked`` fail, and ``package``, which imports it, be imported anew."""
    for name in [name for name in sys.modules if f"{name}.".startswith((f"{package}.", f"{blocked}."))]:
        monkeypatch.delitem(sys.modules, name)
    parent, _, child = package.rpartition(".")
    if parent:
        monkeypatch.delattr(bittrue, child, raising=False)
    monkeypatch.setitem(sys.modules, blocked, None)


def test_the_torch_leg_says_what_to_install():
    """In a process of its own: PyTorch cannot be imported twice, and another test may have done so."""
    program = (
        "import sys\nsys.modules['torch'] = None\nfrom bittrue import check\nfrom bittrue.spec import LAYERS\n"
        "check.make('torch', LAYERS['Dense'].example())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"BadInput: .*needs PyTorch.*install bittrue's extra train", done.stderr.splitlines()[-1])


def test_the_rtl_leg_says_what_to_install(monkeypatch):
    _forget(monkeypatch, "bittrue_rtl", "amaranth")
    with pytest.raises(BadInput, match=r"needs Amaranth.*install bittrue's extra sim"):
        check.make("rtl", tdnn())


def test_the_c_and_rtl_legs_say_which_compiler_to_install(monkeypatch, tmp_path):
    pytest.importorskip("amaranth")
    monkeypatch.setenv("PATH", str(tmp_path))
    for variable in ("CC", "CXX"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(BadInput, match="no C compiler found"):
        check.make("c", tdnn())
    with pytest.raises(BadInput, match=r"C\+\+ compiler|Verilator is not installed"):
        check.make("rtl", tdnn())


def test_legs_that_cannot_run_are_skipped_unless_they_are_asked_for(monkeypatch):
    net = tdnn()

    def missing(net, options):
        raise BadInput("no compiler here; install one")

    monkeypatch.setattr("bittrue.check.legs.LEGS", {"ref": LEGS["ref"], "c": missing})
    legs, skipped = check.runnable(net)
    assert list(legs) == ["ref"] and skipped == {"c": "no compiler here; install one"}
    with pytest.raises(BadInput, match="no compiler here"):
        check.runnable(net, ["ref", "c"])


def test_a_leg_that_runs_wrongly_is_not_skipped(monkeypatch):
    def stuck(codes):
        raise HardwareFault("stuck")

    monkeypatch.setattr("bittrue.check.legs.LEGS", {"rtl": lambda net, options: Leg("rtl", stuck, stuck)})
    legs, skipped = check.runnable(tdnn())
    assert list(legs) == ["rtl"] and not skipped


def test_a_net_that_hardware_cannot_have_is_refused_by_the_rtl_leg():
    pytest.importorskip("amaranth")
    with pytest.raises(BadInput, match=r"an initiation interval of 8 clocks is too short, .* give at least 200"):
        check.make("rtl", wide_shape(), Options(8))


def test_c_leg_agrees_here():
    net = tdnn()
    try:
        leg = check.make("c", net)
    except BadInput as error:
        pytest.skip(str(error))
    assert check.check(net, {"c": leg}, 3000, 1).equal


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_html_page_stands_alone_and_tells_the_divergence():
    net = tdnn()
    verdict = check.check(net, {"c": broken_leg(net, "hidden", 17, (3,), name="c")}, 3000, 0)
    verdict.skipped = {"rtl": "needs <b>Verilator</b> & a compiler"}
    page = report.html(verdict)
    assert "first divergence, hidden[17, 3]" in page and "NOT EQUAL" in page
    assert "&lt;b&gt;Verilator&lt;/b&gt; &amp; a compiler" in page
    for external in ("http:", "https:", "src=", "href=", "<script", "@import", "url("):
        assert external not in page
