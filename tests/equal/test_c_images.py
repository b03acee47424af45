"""Corners of the printed convolutions, pools and branches, one by one, and of nets with several inputs and outputs."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from drawn_graphs import codes

from bittrue import ref
from bittrue.cosim.c_model import CModel
from bittrue.emit.c import sources
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import (
    Add,
    AvgPool2d,
    Concat,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Mul,
    Net,
    Node,
    ReLU,
    Sub,
    TensorType,
)

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
INT8 = Format.parse("Q1.7")


@pytest.fixture(autouse=True, scope="module")
def build_folder(tmp_path_factory: pytest.TempPathFactory):
    """Windows are gathered for short filters, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITTRUE_BUILD", str(tmp_path_factory.mktemp("build")))
        patch.setattr("bittrue.emit.c.conv_blocks.LEAST", 1)
        yield


def one(layer, *shape: int, given: Format = INT8) -> Net:
    return Net("image", TensorType(shape, given), (Node("one", layer, ("input",)),))


def same(net: Net, samples: int = 60) -> dict[str, np.ndarray]:
    given = codes(net, samples, seed=1)
    expected, found = ref.taps(net, given), CModel(net).taps(given)
    for name, code in expected.items():
        np.testing.assert_array_equal(found[name], code, err_msg=f"node {name}")
    return found


def weights(*shape: int, fmt: Format = INT8, bias: int = 9000):
    rng = np.random.default_rng(7)
    return rng.integers(fmt.lo, fmt.hi, shape, endpoint=True), rng.integers(-bias, bias, shape[0]), fmt


def gathers(net: Net) -> bool:
    return "rows_one" in next(text for name, text in sources(net).items() if name.endswith(".h"))


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 9, 11])
@pytest.mark.parametrize("groups", [1, 2])
def test_windows_are_gathered_whatever_is_left_of_a_row(columns: int, groups: int) -> None:
    """Four at a time, with a stride and a dilation, of one group of filters and of two."""
    layer = Conv2d(*weights(8, 2, 2, 3), Format(8, 4), ReLU(), (1, (2, 3)), (1, 2), groups, (1, 2))
    net = one(layer, 2 * groups, 3, columns)
    assert gathers(net)
    same(net)


def test_frames_are_gathered_too() -> None:
    net = one(Conv1d(*weights(6, 3, 5), Format(8, 4), LeakyReLU(2), 2, 3, 1, 2), 3, 31)
    assert gathers(net)
    same(net)


@pytest.mark.parametrize(("bits", "gathered"), [(16, True), (17, False)])
def test_words_of_more_than_16_bits_are_not_gathered(bits: int, gathered: bool) -> None:
    net = one(Conv2d(*weights(4, 2, 2, 2, fmt=Format(4, 3)), Format(12, 3), Linear()), 2, 4, 6, given=Format(bits, 4))
    assert gathers(net) == gathered
    same(net)


@pytest.mark.parametrize(("bias", "gathered"), [(0, True), (1, False)])
def test_gathered_sums_fill_32_bits(bias: int, gathered: bool) -> None:
    """Up to ``2^31 - 1`` and down to ``-2^31``; one more, and they are sums of 64 bits."""
    given, w = Format(16, 0), Format(16, 0)
    half = np.array([[[[-32768, 32767]]], [[[32767, -32768]]]])  # sums of -32768 * 65535 to 32767 * 65535, 65535 apart
    top = (1 << 31) - 1 - (32768 * 32768 + 32767 * 32767)
    low = -(1 << 31) + 32767 * 32768 + 32768 * 32767
    layer = Conv2d(np.tile(half, (2, 1, 1, 1)), np.array([top + bias, low, 0, 1]), w, Format(34, 0))
    net = one(layer, 1, 3, 3, given=given)
    assert ranges(net)["one"].acc[0].hi == (1 << 31) - 1 + bias and ranges(net)["one"].acc[1].lo == -(1 << 31)
    assert gathers(net) == gathered
    x = np.array([[[[-32768, 32767, -32768]] * 3]])
    found = CModel(net).run(x)
    np.testing.assert_array_equal(found, ref.run(net, x))
    assert found[0, 0].max() == (1 << 31) - 1 + bias and found[0, 1].min() == -(1 << 31)
    same(net)


@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(1), LeakyReLU(15)])
@pytest.mark.parametrize("shift", [-3, 0, 1, 2, 16, 17, 30, 31, 32, 33, 40, 63, 64])
def test_every_shift_of_sums_of_32_bits(shift: int, activation) -> None:
    """Both roundings: that of 32 bits takes shifts from 1 to 31 only."""
    weight, bias, _ = weights(4, 1, 2, 2, fmt=Format(14, 20), bias=1 << 29)
    bias[:2] = -(1 << (min(max(shift, 1), 30) - 1)), 1 << (min(max(shift, 1), 30) - 1)  # ties
    layer = Conv2d(weight, bias, Format(14, 20), Format(9, 40 - shift), activation)
    net = one(layer, 1, 3, 5, given=Format(14, 20))
    assert ranges(net)["one"].acc_bits <= 32
    same(net)


@pytest.mark.parametrize("filters", [1, 4])
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_transposed_convolutions_with_more_cut_off_than_the_kernel_has(stride: int, filters: int) -> None:
    """A phase whose windows begin inside the frame, and results that meet no input."""
    same(one(ConvTranspose1d(*weights(filters, 2, 2), Format(8, 4), ReLU(), stride, 3), 2, 9))
    layer = ConvTranspose2d(*weights(filters, 2, 1, 3), Format(8, 4), Linear(), (stride, 2), (2, 4), (0, 1), (1, 2))
    same(one(layer, 2, 7, 8))


def test_phases_share_the_gathered_rows() -> None:
    """Rows of 12, 6 and 3 samples one after the other: what the longer ones leave behind weighs nothing."""
    net = one(ConvTranspose2d(*weights(4, 3, 3, 3), Format(8, 3), Linear(), 2, 1, 1), 3, 4, 5)
    assert gathers(net)
    same(net)


def test_convolutions_that_meet_no_input_at_all() -> None:
    """One sample, cut off: every result is the bias."""
    net = one(ConvTranspose1d(*weights(3, 2, 1), Format(16, 8), Linear(), 5, 2, 4), 2, 1)
    made = same(net)["one"]
    assert (made == made[:1]).all() and made.any()


def test_means_of_large_windows_are_summed_in_64_bits() -> None:
    net = one(AvgPool2d(5, 2, 1), 2, 9, 8, given=Format(31, 30))
    assert ranges(net)["one"].acc_bits > 32
    same(net)


def test_sums_and_products_of_images_of_wide_words() -> None:
    """Formats of 20 bits and more: differences are taken and products formed in 64 bits."""
    given = Format(20, 10)
    pool = MaxPool2d(1, 1)
    nodes = [Node("a", pool, "left"), Node("b", pool, "right")]
    nodes += [Node("less", Sub(Format(20, 12)), ("a", "b", "a")), Node("times", Mul(Format(38, 20)), ("a", "less"))]
    net = Net("wide", {name: TensorType((2, 3, 5), given) for name in ("left", "right")}, nodes)
    assert ranges(net)["times"].acc_bits > 32
    same(net)


def forked() -> Net:
    """Two inputs and three outputs, two of one type."""
    kind = TensorType((2, 3, 4), Format(7, 6))
    nodes = [
        Node("sum", Add(Format(8, 6)), ("left", "right")),
        Node("less", Sub(Format(8, 6)), ("left", "right")),
        Node("small", MaxPool2d(2, 1), "less"),
        Node("both", Concat(), ("sum", "less")),
    ]
    return Net("forked", {"left": kind, "right": kind}, nodes, outputs=("sum", "less", "small", "both"))


def test_several_inputs_and_outputs() -> None:
    net, model = forked(), CModel(forked())
    given = codes(net, 50, seed=3)
    found, expected = model.outputs(given), ref.outputs(net, given)
    assert list(found) == ["sum", "less", "small", "both"]
    for name, code in expected.items():
        np.testing.assert_array_equal(found[name], code, err_msg=name)
        assert found[name].dtype == np.int64
    same(net)


def test_several_outputs_are_not_one() -> None:
    model = CModel(forked())
    given = codes(forked(), 5, seed=3)
    with pytest.raises(BadInput, match="a net with one output is needed"):
        model.run(given)
    with pytest.raises(BadInput, match="takes inputs left, right"):
        model.outputs({"left": given["left"]})
    with pytest.raises(BadInput, match="takes inputs left, right; give a dictionary"):
        model.outputs(given["left"])
