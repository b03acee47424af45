"""The C of the layers that slide along frames: ``x[c * length + n]`` is sample ``n`` of channel ``c``.

A convolution with padding keeps a copy of its frame between zeros in the state: the inner loop asks nothing. Its sums
are on the stack, or in the state where they are many.
"""

from __future__ import annotations

from bittrue.emit.c.activate import activate
from bittrue.emit.c.layers import fragment
from bittrue.emit.c.site import Fragment, Site, accumulator_types, hull
from bittrue.emit.c.text import element_type, fill, initialiser
from bittrue.num import Interval
from bittrue.spec import AvgPool1d, Conv1d, Flatten, MaxPool1d
from bittrue.spec.pool import Pool1d

STACK = 4096
"""Most sums of a filter that lie on the stack, which may be small."""

_PADDED = """
/* the frame between zeros: only its samples are ever written */
for (c = 0; c < $given; c++) {
    memcpy(state->padded_$node + c * $width + $padding, x + c * $given_length, $given_length * sizeof *x);
}
"""


@fragment.register
def _(layer: Conv1d, site: Site) -> Fragment:
    """One filter after the other: each weight adds to the sums of all windows along a row."""
    (x,), (filters, channels, size) = site.types, layer.weight.shape
    products = Interval(int(layer.weight.min()), int(layer.weight.max())) * hull(site.given[0])
    acc, product = accumulator_types(site.range, products, (x.format.bits, layer.weight_format.bits))
    done = activate(layer.activation, layer.shift(x.format), layer.output)
    kinds = ("FILTERS", "CHANNELS", "TAPS", "WEIGHTS", "WIDTH", "LENGTH")
    sizes = (filters, channels, size, channels * size, x.shape[1] + 2 * layer.padding, site.output.shape[1])
    names = {kind.lower(): site.macro(kind) for kind in kinds} | {"node": site.node, "acc": acc, "product": product}
    names |= {"w": element_type(layer.weight_format), "x": element_type(x.format)}
    body = fill(
        """
        $sums
        size_t o, c, k, n;

        $padded
        for (o = 0; o < $filters; o++) {
            const $w *weight = weight_$node[o];
            const $x *row = $rows;

            for (n = 0; n < $length; n++) {
                sums[n] = bias_$node[o];
            }
            for (c = 0; c < $channels; c++) {
                for (k = 0; k < $taps; k++) {
                    const $product w = weight[c * $taps + k];

                    for (n = 0; n < $length; n++) {
                        sums[n] += w * row[c * $width + $at];
                    }
                }
            }
            for (n = 0; n < $length; n++) {
                const $acc acc = sums[n];

                y[o * $length + n] = $result;
            }
        }
        """,
        sums=f"{acc} *sums = state->sums_{site.node};" if _many(site) else f"{acc} sums[{names['length']}];",
        padded=_padding(layer, site) if layer.padding else "",
        rows=_rows(layer, names),
        at=_at(layer.stride, layer.dilation),
        result=done.result,
        **names,
    )
    place = _at(layer.stride, layer.dilation) + (f" - {layer.padding}" if layer.padding else "")
    about = (
        f"acc = bias[o] + sum over c, k of weight[o][c][k] * x[{'group of o + ' if layer.groups > 1 else ''}c][{place}]"
        f"{', x being 0 outside the frame' if layer.padding else ''};",
        f"y[o][n] = {done.about}; weights {layer.weight_format}, acc stays in {site.range.acc_bits} bits",
    )
    macros = {site.macro(kind): size for kind, size in zip(kinds, sizes, strict=True)}
    return Fragment(about, body, macros, _constants(layer, names), _state(layer, site, acc), done.helpers)


def _constants(layer: Conv1d, names: dict[str, str]) -> str:
    return fill(
        """
        static const $w weight_$node[$filters][$weights] = $codes;

        static const $acc bias_$node[$filters] = $biases;
        """,
        codes=initialiser(layer.weight.reshape(len(layer.weight), -1)),
        biases=initialiser(layer.bias),
        **names,
    )


def _at(stride: int, dilation: int) -> str:
    """C of the place of weight ``k`` of window ``n``."""
    return f"n{f' * {stride}' if stride > 1 else ''} + k{f' * {dilation}' if dilation > 1 else ''}"


def _rows(layer: Conv1d, names: dict[str, str]) -> str:
    """C of the first row that filter ``o`` sees."""
    start = f"state->padded_{names['node']}" if layer.padding else "x"
    if layer.groups == 1:
        return start
    each = len(layer.weight) // layer.groups
    return f"{start} + {f'o / {each}' if each > 1 else 'o'} * {names['channels']} * {names['width']}"


def _padding(layer: Conv1d, site: Site) -> str:
    channels, length = site.types[0].shape
    return fill(
        _PADDED,
        given=channels,
        given_length=length,
        width=site.macro("WIDTH"),
        padding=layer.padding,
        node=site.node,
    )


def _many(site: Site) -> bool:
    return site.output.shape[1] > STACK


def _state(layer: Conv1d, site: Site, acc: str) -> tuple[str, ...]:
    (x,) = site.types
    size = f"{x.shape[0]} * {site.macro('WIDTH')}"
    padded = [f"{element_type(x.format)} padded_{site.node}[{size}];"] if layer.padding else []
    return (*padded, *([f"{acc} sums_{site.node}[{site.macro('LENGTH')}];"] if _many(site) else []))


def _windows(layer: Pool1d, site: Site) -> tuple[dict[str, int], dict[str, str]]:
    """Size macros of a pooling layer, and the names with which its C is filled."""
    kinds = ("CHANNELS", "WIDTH", "LENGTH", "WINDOW")
    sizes = (*site.types[0].shape, site.output.shape[1], layer.size)
    names = {kind.lower(): site.macro(kind) for kind in kinds} | {"node": site.node}
    names |= {"x": element_type(site.types[0].format), "at": _at(layer.stride, layer.dilation)}
    return {site.macro(kind): size for kind, size in zip(kinds, sizes, strict=True)}, names


@fragment.register
def _(layer: MaxPool1d, site: Site) -> Fragment:
    macros, names = _windows(layer, site)
    body = fill(
        """
        size_t c, n, k;

        for (c = 0; c < $channels; c++) {
            for (n = 0; n < $length; n++) {
                const $x *row = x + c * $width;
                $x largest = $t_lo;

                for (k = 0; k < $window; k++) {
                    largest = row[$at] > largest ? row[$at] : largest;
                }
                y[c * $length + n] = largest;
            }
        }
        """,
        t_lo=site.output.format.lo,
        **names,
    )
    return Fragment((f"y[c][n] = largest of x[c][{names['at']}], k < {layer.size}",), body, macros)


@fragment.register
def _(layer: AvgPool1d, site: Site) -> Fragment:
    macros, names = _windows(layer, site)
    total, _ = accumulator_types(site.range, hull(site.given[0]), (site.types[0].format.bits, 32))
    body = fill(
        """
        size_t c, n, k;

        for (c = 0; c < $channels; c++) {
            for (n = 0; n < $length; n++) {
                const $x *row = x + c * $width;
                $total sum = 0;

                for (k = 0; k < $window; k++) {
                    sum += row[$at];
                }
                y[c * $length + n] = ($x)(sum / $window); /* toward zero */
            }
        }
        """,
        total=total,
        **names,
    )
    about = f"y[c][n] = sum over k < {layer.size} of x[c][{names['at']}], divided by {layer.size} toward zero"
    return Fragment((f"{about}; the sum stays in {site.range.acc_bits} bits",), body, macros)


@fragment.register
def _(layer: Flatten, site: Site) -> Fragment:
    body = f"memcpy(y, x, {site.size} * sizeof *y);"
    return Fragment((f"y[c * {site.types[0].shape[1]} + n] = x[c][n]: the order in which words stand anyway",), body)
