"""The one quantile, the shift it gives and the codes: judged by torch, by fractions, and at powers of two."""

import math
from fractions import Fraction

import numpy as np
import pytest

from bittrue.errors import BadInput
from bittrue.num.batch_norm import fold_batch_norm
from bittrue.num.quantile import output_shift, quantile, weight_codes

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize("seed", range(8))
def test_the_quantile_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    for _ in range(100):
        values = np.abs(rng.standard_normal(rng.integers(1, 400))).astype(np.float32)
        for q in (float(np.float32(rng.random())), 0.985, 0.97, 0.0, 1.0):
            assert quantile(values, q) == torch.quantile(torch.from_numpy(values), torch.tensor(q)).numpy()


def test_the_shift_is_the_power_of_two_above_the_quantile():
    for exponent in range(-9, 9):
        edge = np.float32(2.0**exponent)
        assert output_shift([edge], None, 1.0, 8) == exponent
        assert output_shift([edge * np.float32(0.75)], None, 1.0, 8) == exponent
        assert output_shift([edge * np.float32(1.25)], None, 1.0, 8) == exponent + 1


@pytest.mark.parametrize("exponent", range(-8, 8))
def test_the_shift_beside_a_power_of_two_is_that_of_float32(exponent):
    for edge in (np.float32(2.0**exponent), *np.nextafter(np.float32(2.0**exponent), np.float32([0, 1e9]))):
        bit = torch.floor(torch.log2(1.0 / torch.tensor(edge)))
        assert output_shift([edge], None, 1.0, 8) == -int(bit)


@pytest.mark.parametrize(("bits", "lowest", "highest"), [(8, -15, 15), (4, -19, 11), (2, -21, 9), (1, -22, 8)])
def test_the_shift_stays_within_the_hardware(bits, lowest, highest):
    assert output_shift([1e-30], None, 1.0, bits) == lowest
    assert output_shift([0.0, 0.0], None, 1.0, bits) == lowest
    assert output_shift([1e30], None, 1.0, bits) == highest


def test_the_bias_counts_for_the_shift_and_the_quantile_leaves_outliers_out():
    weight = np.full(99, 0.2, np.float32)
    assert output_shift(weight, np.float32([0.9]), 1.0, 8) == 0
    assert output_shift(weight, np.float32([0.9]), 0.97, 8) == -2
    assert output_shift(-weight, None, 1.0, 8) == -2


@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_codes_are_rounded_half_up_and_saturate(bits):
    half = 1 << (bits - 1)
    for shift in (-3, 0, 2):
        values = (np.arange(-3 * half * 4, 3 * half * 4) / 4 / half * 2.0**shift).astype(np.float32)
        exact = [math.floor(Fraction(float(v)) / Fraction(2) ** shift * half + Fraction(1, 2)) for v in values]
        assert weight_codes(values, shift, bits).tolist() == [min(max(e, -half), half - 1) for e in exact]


def test_a_code_just_below_one_half_is_that_of_float32():
    below = np.nextafter(np.float32(0.5), np.float32(0)) / np.float32(128)
    assert weight_codes([below], 0, 8).tolist() == [1]  # the sum with 1/2 is 1 in float32, as in the vendor's tools


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: quantile([], 0.5), "one or more finite numbers"),
        (lambda: quantile([np.nan], 0.5), "finite"),
        (lambda: quantile([1.0], 1.5), "1.5 does not exist"),
        (lambda: output_shift([1.0], None, 1.0, 3), "3 bits"),
        (lambda: weight_codes([1.0], 0, 16), "16 bits"),
        (lambda: fold_batch_norm(np.ones((2, 1, 1)), None, [0, 0], [1, -1]), "negative"),
        (lambda: fold_batch_norm(np.ones((2, 1, 1)), None, [0], [1, 1]), r"mean of batch norm has shape \(1,\)"),
    ],
)
def test_bad_input_is_refused(call, sentence):
    with pytest.raises(BadInput, match=sentence):
        call()


def test_folding_is_batch_norm_divided_by_four():
    torch.manual_seed(3)
    conv, norm = torch.nn.Conv1d(3, 5, 3).double(), torch.nn.BatchNorm1d(5).double().eval()
    norm.running_mean.uniform_(-1, 1), norm.running_var.uniform_(0.2, 3)
    torch.nn.init.uniform_(norm.weight, 0.5, 2), torch.nn.init.uniform_(norm.bias, -1, 1)
    x = torch.randn(4, 3, 20).double()
    rows = (conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.weight, norm.bias)
    weight, bias = fold_batch_norm(*(row.detach().numpy() for row in rows), eps=norm.eps)
    folded = torch.nn.functional.conv1d(x, torch.from_numpy(weight).double(), torch.from_numpy(bias).double())
    difference = (folded - norm(conv(x)) / 4).abs().max()
    assert difference < 1e-6  # float32 against float64: not an integer leg
