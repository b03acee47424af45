"""The C of element-by-element operations."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bittrue.emit.c.site import Fragment, Rounding, Site, accumulator_types, hull
from bittrue.emit.c.text import element_type, fill
from bittrue.num import Interval
from bittrue.spec import Bitwise, BitwiseOr, ComplexMul, Eltwise, Mul, Sub


def add(layer: Eltwise, site: Site) -> Fragment:
    """Of `bittrue.spec.Add` and `Sub`."""
    formats, signs = [t.format for t in site.types], _signs(layer, len(site.types))
    frac, shift = layer.acc_frac(formats), layer.shift(formats)
    terms: list[str] = []
    products = Interval(0, 0)
    for k, (given, fmt) in enumerate(zip(site.given, formats, strict=True)):
        factor = 1 << frac - fmt.frac
        if (values := hull(given)) != Interval(0, 0):  # a factor beyond 2^62 is only possible for a constant zero
            products = products.hull(values.scaled(factor)).hull(Interval(factor, factor))
            terms.append(f"{signs[k]}= ($product)x{k}[i]" + (f" * {factor}" if factor > 1 else ""))
    acc, product = accumulator_types(site.range, products, [fmt.bits for fmt in formats])
    rounding = Rounding.of(acc, (shift,), layer.output)
    sums = "\n".join(f"acc {part};" for part in terms).replace("$product", product)
    unused = "".join(f"(void)x{k};\n" for k in range(len(formats)) if f"x{k}[" not in sums)
    body = fill(
        """
        $unused
        for (size_t i = 0; i < $y; i++) {
            $acc acc = 0;

            $sums
            y[i] = $result;
        }
        """,
        unused=unused,
        y=site.size,
        acc=acc,
        sums=sums,
        result=rounding.word("acc", shift),
    )
    sources = [f"x{k}[i] * 2^{frac - fmt.frac}" for k, fmt in enumerate(formats)]
    about = f"y[i] = requantise({f' {signs[-1]} '.join(sources)}, {shift}); acc stays in {site.range.acc_bits} bits"
    return Fragment((about,), body, helpers=frozenset({rounding.helper}))


def _signs(layer: Eltwise, count: int) -> Sequence[str]:
    return ["+", *("-" if isinstance(layer, Sub) else "+" for _ in range(count - 1))]


def mul(layer: Mul, site: Site) -> Fragment:
    """Products of two tensors."""
    acc, product, rounding, shift = _multiplied(layer, site)
    body = fill(
        """
        for (size_t i = 0; i < $y; i++) {
            const $acc acc = ($product)x0[i] * x1[i];

            y[i] = $result;
        }
        """,
        y=site.size,
        acc=acc,
        product=product,
        result=rounding.word("acc", shift),
    )
    about = (f"y[i] = requantise(x0[i] * x1[i], {shift}); acc stays in {site.range.acc_bits} bits",)
    return Fragment(about, body, helpers=frozenset({rounding.helper}))


def complex_mul(layer: ComplexMul, site: Site) -> Fragment:
    """Products of pairs of channels (I, Q)."""
    acc, product, rounding, shift = _multiplied(layer, site)
    each = math.prod(site.output.shape[1:])
    body = fill(
        """
        for (size_t c = 0; c < $pairs; c++) {
            for (size_t n = 0; n < $each; n++) {
                const size_t i = c * $both + n; /* I; Q stands one channel behind */
                const size_t q = i + $each;
                $acc re = ($product)x0[i] * x1[i];
                $acc im = ($product)x0[i] * x1[q];

                re -= ($product)x0[q] * x1[q];
                im += ($product)x0[q] * x1[i];
                y[i] = $re;
                y[q] = $im;
            }
        }
        """,
        pairs=site.output.shape[0] // 2,
        each=each,
        both=2 * each,
        acc=acc,
        product=product,
        re=rounding.word("re", shift),
        im=rounding.word("im", shift),
    )
    about = f"y = requantise(x0 * x1, {shift}) in complex arithmetic; acc stays in {site.range.acc_bits} bits"
    return Fragment((about,), body, helpers=frozenset({rounding.helper}))


def _multiplied(layer: Mul, site: Site) -> tuple[str, str, Rounding, int]:
    """Types of accumulator and products, the rounding and its shift."""
    formats = [t.format for t in site.types]
    products = hull(site.given[0]) * hull(site.given[1])
    acc, product = accumulator_types(site.range, products, [fmt.bits for fmt in formats])
    shift = layer.shift(formats)
    return acc, product, Rounding.of(acc, (shift,), layer.output), shift


def bitwise(layer: Bitwise, site: Site) -> Fragment:
    """Or, or exclusive or, of words in two's complement, as ``intN_t`` are."""
    sign = " | " if isinstance(layer, BitwiseOr) else " ^ "
    words = [f"x{k}[i]" for k in range(len(site.types))]
    body = fill(
        """
        for (size_t i = 0; i < $y; i++) {
            y[i] = ($t)($words);
        }
        """,
        y=site.size,
        t=element_type(site.output.format),
        words=sign.join(words),
    )
    return Fragment((f"y[i] = {sign.join(words)}",), body)
