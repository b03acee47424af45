"""Sums behind a Quant node as layers: the rounding it asks for, in terms of the one that layers have.

A layer gives ``floor(acc * 2^-s + 1/2)``. Other roundings are that of ``acc + d``: for ``FLOOR`` ``d = -2^(s - 1)``,
for ``CEIL`` ``d = 2^(s - 1) - 1``. Where nothing is negative, ``HALF_UP`` has ``d = 0`` and ``HALF_DOWN`` ``d = -1``,
``DOWN`` is ``FLOOR``, and ``UP`` is ``CEIL``. Halves to even have no ``d``, and those four have none otherwise.
"""

from __future__ import annotations

import numpy as np

from bittrue.errors import BadInput
from bittrue.num import Format, fit_format
from bittrue.spec import Layer, Linear, ReLU, Table
from bittrue.targets.qonnx.importing.dyadic import codes_of, frac_of, tight_format
from bittrue.targets.qonnx.importing.net import Building
from bittrue.targets.qonnx.importing.quantiser import Quantiser
from bittrue.targets.qonnx.importing.values import MAPPED, Array, Coded, Sums

BITS = 8
"""Bits of weights that are requantised."""
FINER = 8
"""By how many bits, at most, weights are made finer so that a bias is a whole number beside them."""
WEIGHT = 16
"""Most bits of weights to which no Quant node gave a format: more are floats that were not quantised."""


def quantised(net: Building, sums: Sums, wanted: Quantiser) -> Coded:
    """The layer that computes ``sums`` and rounds them as a Quant node wants."""
    fmt = output_format(net, wanted)
    if not wanted.signed and not isinstance(sums.activation, ReLU):
        sums = _clamped(sums, wanted.name)
    layer = _joined if sums.weight is None else _weighted
    return narrowed(net, layer(net, sums, fmt, wanted), wanted)


def raw(net: Building, sums: Sums, name: str) -> Coded:
    """The layer that computes ``sums`` and does not round them: all bits of the accumulator."""
    if sums.after:
        raise BadInput(f"{name} adds a number behind an activation and is not quantised; put a Quant node behind it")
    slope = getattr(sums.activation, "shift", 0)
    weight, bias, fmt = _codes(net, sums, name) if sums.weight is not None else (None, None, None)
    frac = sums.frac + (fmt.frac if fmt else 0) + slope

    def layer(bits: int) -> Layer:
        output = Format(bits, frac)
        return sums.build(weight, bias, fmt, output, sums.activation) if fmt else sums.build(output)

    bits = max(2, *(interval.bits for interval in net.reach(layer(63), sums.sources)))
    if bits > 62:
        raise BadInput(f"{name} sums to {bits} bits, more than 62; put a Quant node behind it")
    return net.add(layer(bits), sums.sources, name)


def output_format(net: Building, wanted: Quantiser) -> Format:
    """The format of a Quant node; of a scale that is no power of two, the next larger one (a reported change)."""
    fmt = wanted.format
    if fmt is None:
        if wanted.scale.size != 1:
            raise BadInput(f"{wanted.name} has {wanted.scale.size} scales; a tensor of a net has one format")
        exponent = int(np.ceil(np.log2(float(wanted.scale.reshape(-1)[0]))))
        fmt = Format(wanted.bits + (not wanted.signed), -exponent)
        net.change(
            f"{wanted.name} has the scale {float(wanted.scale.reshape(-1)[0]):.6g}, taken as 2^{exponent}",
            "train with scales that are powers of two",
        )
    if wanted.bits == 1 and wanted.signed:
        raise BadInput(f"{wanted.name} makes -1 and 1 of one bit, which no layer rounds to; use 2 bits")
    return fmt


def narrowed(net: Building, done: Coded, wanted: Quantiser) -> Coded:
    """``done``, through a table where the Quant node has fewer codes than the format and the others can come up."""
    fmt = done.type.format
    seen = net.spread[done.name]
    if all(wanted.lo <= interval.lo and interval.hi <= wanted.hi for interval in seen):
        return done
    if fmt.bits > MAPPED:
        raise BadInput(
            f"{wanted.name} has a narrow range of {fmt.bits} bits, and a table takes {MAPPED}; use the full one"
        )
    codes = np.clip(np.arange(fmt.lo, fmt.hi + 1), wanted.lo, wanted.hi)
    net.remarks.append(f"{wanted.name}: its narrow range became a table of {len(codes)} entries")
    return net.add(Table(codes, fmt), (done,), f"{done.name}_narrow")


def _clamped(sums: Sums, name: str) -> Sums:
    """No sign: what is negative becomes 0, as behind a ReLU."""
    if sums.weight is None:
        return sums
    if isinstance(sums.activation, Linear):
        return sums.but(activation=ReLU(), bias=sums.bias + sums.after, after=0.0)
    if sums.after:
        raise BadInput(f"{name} is unsigned behind a leaky ReLU with an offset; quantise it with a sign")
    return sums.but(activation=ReLU())


def _weighted(net: Building, sums: Sums, fmt: Format, wanted: Quantiser) -> Coded:
    """Sums of weights, with their activation."""
    if isinstance(sums.activation, Linear):
        sums = sums.but(bias=sums.bias + sums.after, after=0.0)
    weight, bias, weights = _codes(net, sums, wanted.name)
    if not _half_added(sums.after, fmt, wanted):
        bias = bias + offset(net, wanted, sums, sums.frac + weights.frac - fmt.frac)
    return net.add(sums.build(weight, bias, weights, fmt, sums.activation), sums.sources, wanted.result)


def offset(net: Building, wanted: Quantiser, sums: Sums, shift: int) -> int:
    """``d``; 0 with a reported change where the rounding is not the one of layers for any ``d``."""
    slope = getattr(sums.activation, "shift", 0)
    if shift + slope <= 0:
        return 0
    half = 1 << max(shift - 1, 0)
    found = {} if slope else {"FLOOR": -half, "CEIL": half - 1}
    if isinstance(sums.activation, ReLU):
        found |= {"HALF_UP": 0, "DOWN": -half, "UP": half - 1, "HALF_DOWN": -1}
    if wanted.rounding not in found:
        _change(net, wanted)
    return found.get(wanted.rounding, 0)


def _joined(net: Building, sums: Sums, fmt: Format, wanted: Quantiser) -> Coded:
    """Sums and products of tensors, and the ReLU behind them as a table."""
    if not isinstance(sums.activation, Linear | ReLU):
        raise BadInput(f"{wanted.name} follows a leaky ReLU of a sum of tensors; quantise the sum first")
    positive = not wanted.signed or isinstance(sums.activation, ReLU)
    up = _half_added(float(sums.bias) + sums.after, fmt, wanted) or (positive and wanted.rounding == "HALF_UP")
    if sums.frac > fmt.frac and not up:
        _change(net, wanted)
    done = net.add(sums.build(fmt), sums.sources, wanted.result)
    if isinstance(sums.activation, Linear) or all(interval.lo >= 0 for interval in net.spread[done.name]):
        return done
    if fmt.bits > MAPPED:
        raise BadInput(f"{wanted.name} follows a ReLU of {fmt.bits} bits, and a table takes {MAPPED}; use fewer")
    codes = np.maximum(np.arange(fmt.lo, fmt.hi + 1), 0)
    return net.add(Table(codes, fmt), (done,), f"{done.name}_relu")


def _half_added(number: float, fmt: Format, wanted: Quantiser) -> bool:
    """Whether half a step was added that ``FLOOR`` cuts off. Raises `BadInput` for another number that was added."""
    if number and (number != 2.0 ** -(fmt.frac + 1) or wanted.rounding != "FLOOR"):
        raise BadInput(
            f"{wanted.name} follows an offset of {number:g}, which is no half step that FLOOR cuts off; add it before"
        )
    return bool(number)


def _change(net: Building, wanted: Quantiser) -> None:
    net.change(
        f"{wanted.name} rounds {wanted.rounding}, and layers round halves up",
        "export it with FLOOR and half a step added before, or HALF_UP behind a ReLU",
    )


def _codes(net: Building, sums: Sums, name: str) -> tuple[Array, Array, Format]:
    """Weights and biases as codes, and the weights' format.

    Weights that a Quant node gave a format keep it; others get the shortest that is exact. Where a bias has more
    fractional bits than the accumulator, weights get zeros below their last bit.
    """
    assert sums.weight is not None
    weight, hint = sums.weight, sums.format
    if hint is not None and frac_of(weight) <= hint.frac:
        codes, fmt = codes_of(weight, hint.frac, f"the weights of {name}"), hint
    else:
        frac = frac_of(weight)
        if np.abs(np.ldexp(weight, frac)).max() >= 1 << (WEIGHT - 1):
            weight, frac = _requantised(net, weight, name)
        codes = codes_of(weight, frac, f"the weights of {name}")
        fmt = tight_format(codes, frac)
    if codes.min() < fmt.lo or codes.max() > fmt.hi:
        fmt = tight_format(codes, fmt.frac)
    acc, bias = sums.frac + fmt.frac, np.broadcast_to(sums.bias, weight.shape[:1]).astype(np.float64)
    more = frac_of(bias) - acc
    if 0 < more <= FINER:
        net.remarks.append(
            f"{name}: its weights have {more} zeros below their last bit, as its biases are that much finer"
        )
        return (
            codes << more,
            codes_of(bias, acc + more, f"the biases of {name}"),
            Format(fmt.bits + more, fmt.frac + more),
        )
    if more > 0:
        net.change(
            f"{name}: its biases are no multiples of 2^{-acc}, the scale of its sums; they are rounded to it",
            "quantise the biases at that scale",
        )
        bias = np.ldexp(np.floor(np.ldexp(bias, acc) + 0.5), -acc)
    return codes, codes_of(bias, acc, f"the biases of {name}"), fmt


def _requantised(net: Building, weight: Array, name: str) -> tuple[Array, int]:
    """Weights in the finest format of `BITS` bits that holds them, and its ``frac``."""
    fmt = fit_format(weight, BITS)
    rounded = fmt.decode(fmt.encode(weight))
    net.change(
        f"the weights of {name} are no integers times a power of two; they became {fmt}, at most "
        f"{float(np.abs(rounded - weight).max()):.3g} away",
        "quantise them with scales that are powers of two",
    )
    return rounded, fmt.frac
