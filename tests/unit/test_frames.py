"""Frames: convolutions, pools and absolute values over every input, at the ends of their numbers, as commands."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from big_evaluator import BigNet
from strategies import corners, full_range

from bittrue import check, ref
from bittrue.check import directed
from bittrue.cli import main
from bittrue.cli.check import usual_samples
from bittrue.cost import cost, default_interval, macs
from bittrue.errors import BadInput
from bittrue.num import Format, Interval
from bittrue.ranges import ranges
from bittrue.ref import products
from bittrue.spec import (
    Abs,
    AvgPool1d,
    Conv1d,
    Dense,
    Flatten,
    Linear,
    MaxPool1d,
    Net,
    Node,
    ReLU,
    TensorType,
    load,
    save,
)

Q = Format.parse
INT8 = Q("Q1.7")


def chain(given: TensorType, *layers, name: str = "chain") -> Net:
    names = ["input", *(f"n{k}" for k in range(len(layers)))]
    return Net(name, given, tuple(Node(names[k + 1], layer, (names[k],)) for k, layer in enumerate(layers)))


def conv(shape, seed, *, bits=8, frac=9, bias_frac=7, **more) -> Conv1d:
    """Random weights of ``bits`` bits over their full range, bytes of bias at the scale of an int8 accumulator."""
    rng, fmt = np.random.default_rng(seed), Format(bits, frac)
    weight = rng.integers(fmt.lo, fmt.hi, shape, endpoint=True)
    bias = rng.integers(-128, 127, shape[0], endpoint=True) << bias_frac
    return Conv1d(weight, bias, fmt, more.pop("output", INT8), **more)


def ecg() -> Net:
    """The kinds of layers of a small ECG net, with pools, groups, few weight bits and a wide output."""
    rng = np.random.default_rng(3)
    return chain(
        TensorType((1, 128), INT8),
        conv((8, 1, 5), 1, activation=ReLU(), padding=2),
        MaxPool1d(2, 2),
        conv((16, 8, 5), 2, bits=4, frac=7, activation=ReLU(), padding=2),
        AvgPool1d(3, 2),
        conv((16, 1, 3), 4, bits=2, frac=4, activation=Abs(), dilation=2, groups=16),
        conv((8, 16, 3), 5, bits=1, frac=3, activation=Linear()),
        Flatten(),
        Dense(rng.integers(-128, 128, (5, 8 * 25)), rng.integers(-9, 9, 5) << 7, INT8, Format(32, 14)),
        name="ecg",
    )


def judged(net: Net, codes, folder) -> dict[str, np.ndarray]:
    """What the reference gives, after the big integers gave the same."""
    save(net, folder)
    judge, found = BigNet(folder), ref.taps(net, codes)
    expected = [judge.feed(sample.ravel().tolist()) for sample in codes]
    for name, tensor in found.items():
        assert tensor.reshape(len(codes), -1).tolist() == [sample[name] for sample in expected], name
    return found


# ---- arithmetic -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["Q4.4", "Q1.7", "Q30.30", "Q14.-8", "Q-6.7"])
def test_absolute_values_over_every_input(output, tmp_path):
    """Clamped first: of -128 comes 127, and of a word of one bit nothing but 0."""
    fmt = Q("Q1.3")
    layer = Dense(np.array([[7, -8], [1, 0], [-8, -8]]), np.array([0, -4, 37]), fmt, Q(output), Abs())
    net = chain(TensorType((2,), fmt), layer)
    codes = np.stack(np.meshgrid(np.arange(-8, 8), np.arange(-8, 8)), axis=-1).reshape(-1, 2)
    found, bound = judged(net, codes, tmp_path)["n0"], ranges(net)["n0"].output
    assert found.min() >= 0 and found.max() <= Q(output).hi
    for channel, interval in zip(found.T, bound, strict=True):  # no wider than need be, where zero is reached
        assert interval.lo <= channel.min() and interval.hi == channel.max()


def test_the_lowest_code_becomes_the_highest():
    layer = Dense(np.array([[1]]), np.array([0]), Q("Q8.0"), Q("Q8.0"), Abs())
    net = chain(TensorType((1,), Q("Q8.0")), layer)
    assert ref.run(net, [[-128], [-127], [-1], [0], [127]])[:, 0].tolist() == [127, 127, 1, 0, 127]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 16])
def test_means_are_cut_off_toward_zero(size, tmp_path):
    """All sums around zero and at the ends; a window whose sum is negative is not rounded down."""
    net = chain(TensorType((1, size), INT8), AvgPool1d(size, 1))
    pairs = [(-1, 0), (1, 0), (-128, -127), (127, 126), (-128, 127)]
    rows = [[a] * k + [b] * (size - k) for a, b in pairs for k in range(size + 1)]
    found = judged(net, np.array(rows)[:, np.newaxis], tmp_path)["n0"].ravel().tolist()
    assert found == [int(sum(row) / size) for row in rows]  # int() cuts off, too; the sums are small


@pytest.mark.parametrize("total", range(-15, 16))
@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_every_shift_and_width_of_the_chip(total, bits, tmp_path):
    """``y = clip(floor(acc * 2^total / 128 + 1/2))`` for a total shift of -15 to 15: a weight format says it all."""
    fmt = Format(bits, 7 - total)
    rng = np.random.default_rng(bits)
    weight = rng.integers(fmt.lo, fmt.hi, (3, 2, 3), endpoint=True)
    bias = np.array([128 * 100, -128 * 128, 0])
    net = chain(TensorType((2, 6), INT8), Conv1d(weight, bias, fmt, INT8, ReLU(), padding=1))
    save(net, tmp_path)
    again = load(tmp_path)
    assert again.nodes[0].layer.weight_format == fmt
    codes = np.concatenate([corners(net), full_range(net, 40, total + 15), full_range(net, 40, 1) >> 4])
    found = judged(again, codes, tmp_path)["n0"]
    window = np.lib.stride_tricks.sliding_window_view(np.pad(codes, ((0, 0), (0, 0), (1, 1))), 3, axis=-1)
    acc = np.einsum("nclk,ock->nol", window, weight) + bias[:, np.newaxis]
    scaled = np.floor(acc * 2.0**total / 128 + 0.5)  # exact: few bits
    np.testing.assert_array_equal(found, np.maximum(np.clip(scaled, -128, 127), 0))


def test_a_wide_output_is_the_accumulator():
    layer = conv((2, 3, 4), 6, frac=7, output=Format(32, 14))
    net = chain(TensorType((3, 9), INT8), layer)
    codes = full_range(net, 50, seed=1)
    window = np.lib.stride_tricks.sliding_window_view(codes, 4, axis=-1)
    acc = np.einsum("nclk,ock->nol", window, layer.weight) + layer.bias[:, np.newaxis]
    np.testing.assert_array_equal(ref.run(net, codes), acc)
    assert layer.shift(INT8) == 0


WIDE = [(8, 8, np.float32), (16, 11, np.float64), (31, 24, np.int64), (2, 8, np.float32)]


@pytest.mark.parametrize(("bits", "given", "kind"), WIDE)
def test_every_carrier_is_exact_at_its_end(bits, given, kind, tmp_path):
    """Sums as large as their format allows, in the number type that the reference takes for them."""
    fmt, weights = Format(given, 0), Format(bits, 0)
    rng = np.random.default_rng(bits)
    weight = rng.integers(weights.lo, weights.hi, (2, 3, 5), endpoint=True)
    weight[0] = weights.lo
    assert products.carrier(products.bound(weight.reshape(2, -1), fmt)) is kind
    net = chain(TensorType((3, 7), fmt), Conv1d(weight, np.array([1, -1]), weights, Format(63, 0), padding=4))
    judged(net, np.concatenate([corners(net), full_range(net, 20, 2)]), tmp_path)


@pytest.mark.parametrize(("limit", "inside", "outside"), [(24, np.float32, np.float64), (53, np.float64, np.int64)])
def test_carriers_change_at_their_limit(limit, inside, outside):
    assert products.carrier(products.bound(np.array([[(1 << limit - 7) - 1, 0]]), INT8)) is inside
    assert products.carrier(products.bound(np.array([[(1 << limit - 7) - 1, 1]]), INT8)) is outside
    assert products.carrier(products.bound(np.array([[1 - (1 << limit - 7), 1]]), INT8)) is outside


def test_floating_point_would_not_do_beyond_its_limit():
    """One more than 2^24 and 2^53: a carrier that is too small loses the last bit."""
    for bits in (24, 53):
        layer = Dense(np.array([[1 << bits - 7, -1]]), np.array([0]), Format(50, 0), Format(60, 7))
        found = ref.run(chain(TensorType((2,), INT8), layer), np.array([[-128, 127], [-128, -1]]))
        assert found[:, 0].tolist() == [-(1 << bits) - 127, 1 - (1 << bits)]


def test_many_frames_at_once_are_as_many_single_ones(monkeypatch):
    net = ecg()
    codes = full_range(net, 40, seed=5)
    whole = ref.run(net, codes)
    assert np.array_equal(np.concatenate([ref.run(net, frame) for frame in codes]), whole)
    monkeypatch.setattr("bittrue.ref.weighted.COLUMNS", 1)
    assert np.array_equal(ref.run(net, codes), whole)


def test_blocks_are_bounded_by_elements(monkeypatch):
    import importlib

    module = importlib.import_module("bittrue.ref.run")
    net, seen = ecg(), []
    codes = full_range(net, 9, seed=5)
    whole, tensors = ref.run(net, codes), module._tensors
    elements = [tensor.elements for tensor in net.types.values()]
    together = max(a + b for a, b in itertools.pairwise(elements))  # a layer's input and output, in a chain
    monkeypatch.setattr(module, "ELEMENTS", 4 * together + 1)

    def counted(net, given, **more):
        seen.append(len(given["input"]))
        return tensors(net, given, **more)

    monkeypatch.setattr(module, "_tensors", counted)
    assert np.array_equal(ref.run(net, codes), whole) and seen == [4, 4, 1]


def test_ranges_of_a_convolution_are_tight():
    """Both ends of every accumulator are reached, by frames of the ends of the input."""
    layer = conv((4, 2, 3), 8, groups=2, output=Format(40, 16), padding=1)
    net = chain(TensorType((4, 3), INT8), layer)
    found = ranges(net)["n0"].acc
    for o, interval in enumerate(found):
        first = o // 2 * 2
        ends = []
        for hi, lo in ((127, -128), (-128, 127)):
            frame = np.zeros((1, 4, 3), np.int64)
            frame[0, first : first + 2] = np.where(layer.weight[o] > 0, hi, lo)
            ends.append(int(ref.run(net, frame)[0, o, 1]))
        assert interval == Interval(ends[1], ends[0])


# ---- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "complaint"),
    [
        (lambda: conv((4, 3, 3), 1), (2, 9), "weighs 3 channels in each of 1 groups, but is fed 2 channels"),
        (lambda: conv((4, 1, 3), 1, groups=2), (4, 9), "weighs 1 channels in each of 2 groups, but is fed 4"),
        (lambda: conv((3, 1, 3), 1, groups=2), (2, 9), "3 filters in 2 groups; the groups must divide them"),
        (lambda: conv((4, 2, 5), 1, dilation=3), (2, 12), "a window over 13 samples does not fit a frame of 12;"),
        (lambda: conv((4, 2, 9), 1, padding=2), (2, 4), "window over 9 samples does not fit a frame of 4 padded"),
        (lambda: conv((4, 2, 3), 1, padding=-1), (2, 9), "Conv1d padding is -1; give a whole number of 0 or more"),
        (lambda: conv((4, 2, 3), 1, stride=0), (2, 9), "Conv1d stride is 0; give a whole number of 1 or more"),
        (lambda: conv((4, 2, 3), 1, dilation=True), (2, 9), "Conv1d dilation is True; give a whole number"),
        (lambda: conv((4, 2, 3), 1, groups=1.0), (2, 9), "Conv1d groups is 1.0; give a whole number"),
        (lambda: conv((4, 2, 3), 1), (18,), r"Conv1d takes frames of shape \(channels, length\), not \(18,\)"),
        (lambda: MaxPool1d(0, 1), (2, 9), "MaxPool1d size is 0; give a whole number of 1 or more"),
        (lambda: AvgPool1d(4, 1, 3), (2, 9), "a window over 10 samples does not fit a frame of 9; shorten"),
        (lambda: Flatten(), (9,), "Flatten takes frames"),
        (lambda: Conv1d(np.zeros((2, 1, 1), int), np.zeros(3, int), INT8, INT8), (1, 9), "2 filters and 3 biases"),
        (lambda: Conv1d(np.ones((2, 1, 1), int), np.zeros(2, int), Format(1, 0), INT8), (1, 9), "is 1, outside -1..0"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layer, shape, complaint):
    with pytest.raises(BadInput, match=complaint):
        chain(TensorType(shape, INT8), layer())


@pytest.mark.parametrize("value", [1.0, "1", True, None, [1]])
def test_a_number_in_the_description_is_a_whole_number(value, tmp_path):
    """The hash is right, the number is not: a file that another program wrote."""
    from bittrue.spec import store

    net = MaxPool1d.example()
    document, tensors = store._describe(net)
    document["nodes"][0]["stride"] = value
    (tmp_path / "weights.safetensors").write_bytes(store.contents(net)["weights.safetensors"])
    (tmp_path / "net.json").write_text(json.dumps(document | {"hash": store._digest(document, tensors)}))
    with pytest.raises(BadInput, match="no whole number"):
        load(tmp_path)


# ---- vectors and reports --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"padding": 2}, {"dilation": 3, "stride": 2}, {"groups": 2}])
def test_worst_cases_and_ties_of_a_convolution(more):
    shift = 5
    layer = conv((6, 4 // more.get("groups", 1), 3), 9, frac=7, output=Format(40, 14), **more)
    net = chain(TensorType((4, 12), INT8), layer)
    acc, proved = ref.run(net, directed.worst_cases(net)), ranges(net)["n0"].acc
    assert [(a.min(), a.max()) for a in acc.transpose(1, 0, 2)] == [(p.lo, p.hi) for p in proved]
    rough = Conv1d(layer.weight, layer.bias, layer.weight_format, Format(8, 14 - shift), **more)
    codes = directed.ties(chain(TensorType((4, 12), INT8), rough), np.random.default_rng(1))
    tied = directed.is_tie(ref.run(net, codes), shift)
    assert tied.any(axis=(1, 2)).all() and tied.any(axis=(0, 2)).all()


def test_windows_that_all_reach_into_the_padding_are_cut_off():
    net = chain(TensorType((2, 1), INT8), conv((3, 2, 3), 10, padding=1))
    assert directed.worst_cases(net).shape == (6, 2, 1)
    net.check_codes(directed.ties(net, np.random.default_rng(0)))


def test_nets_of_many_multiplications_get_fewer_samples():
    assert usual_samples(MaxPool1d.example()) == 100_000
    layer = Conv1d(np.ones((100, 10, 10), int), np.zeros(100, int), INT8, INT8)
    net = chain(TensorType((10, 109), INT8), layer)
    assert macs(layer, net.output) == 1_000_000 and usual_samples(net) == 10_000
    assert usual_samples(net, hardware=True) == 200


def test_all_legs_agree_on_a_net_of_frames():
    net = ecg()
    legs, skipped = check.runnable(net, options=check.Options(2048))  # fewer lanes are compiled sooner
    assert "rtl" in legs or "rtl" in skipped
    if set(legs) == {"ref"}:
        pytest.skip("no leg besides the reference can run here")
    verdict = check.check(net, legs, 400, 1)
    assert {leg.leg: (leg.fault, leg.mismatches) for leg in verdict.legs if not leg.equal} == {}


def test_the_commands_on_frames(tmp_path, capsys):
    net, folder = ecg(), str(tmp_path / "net")
    save(net, folder)
    x, y = tmp_path / "x.npy", tmp_path / "y.npy"
    codes = full_range(net, 7, seed=11)
    expected = ref.run(net, codes)

    def run(given, *more) -> np.ndarray:
        np.save(x, given)
        assert main(["run", folder, "-i", str(x), "-o", str(y), *more]) == 0
        return np.load(y)

    np.testing.assert_array_equal(run(codes, "--codes"), expected)
    np.testing.assert_array_equal(run(codes[0], "--codes"), expected[0])  # (1, 128): one frame
    np.testing.assert_array_equal(run(codes / 128), expected / 2**14)
    np.save(x, codes[:, :, :100])
    assert main(["run", folder, "-i", str(x), "-o", str(y), "--codes"]) == 2
    assert "takes samples of shape (N, 1, 128), not (7, 1, 100)" in capsys.readouterr().err

    assert main(["info", folder]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Conv1d, relu" in out and "Conv1d, abs" in out and "Q-2.4" in out and "Q-2.3" in out
    assert f"{sum(macs(node.layer, net.types[node.name]) for node in net.nodes):,}" in out
    price = cost(net, default_interval(net))
    assert (
        f"interval {price.interval} clocks a sample, latency {price.latency} clocks" in out
        and "xc7z020: fits as far as" in out
    )
    assert main(["info", folder, "--interval", "100"]) == 0
    assert "no hardware costs: net ecg: an initiation interval of 100 clocks is too short" in " ".join(
        capsys.readouterr().out.split()
    )

    assert main(["c", folder, "-o", str(tmp_path / "c")]) == 0
    assert main(["rom", folder, "-o", str(tmp_path / "rom")]) == 0
    assert main(["verilog", folder, "-o", str(tmp_path / "v"), "--interval", "100"]) == 2
    assert "of 100 clocks is too short, because every" in (error := capsys.readouterr().err)
    assert "give at least 128" in error
    assert not (tmp_path / "v").exists()
    if len(check.runnable(net, options=check.Options(2048))[0]) > 1:
        assert main(["check", folder, "--samples", "60", "--interval", "2048"]) == 0
        assert "gave the bits of ref in all" in " ".join(capsys.readouterr().out.split())
