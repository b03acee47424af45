"""The C of one phase of a convolution (`bittrue.spec.Axis.phases`), in one of two forms that sum the same terms.

The *direct* form adds each weight's products to the sums of a row of windows: where a group has few filters, that is
all there is to do. The *gathered* form copies the samples of a few windows into rows as long as a filter, and weighs
them with one filter after the other: words of 16 bits, whose products and sums fit 32, are what compilers multiply many
at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.emit.c.activate import Activated
from bittrue.emit.c.frames import Frame
from bittrue.emit.c.loops import loops, place, term, variables
from bittrue.emit.c.site import STACK, Site
from bittrue.emit.c.text import element_type, fill
from bittrue.spec import Axis, Conv

FEW = 4
"""Filters of a group below which windows are not gathered."""
LEAST = 17
"""Weights of a filter below which windows are not gathered."""
AT_ONCE = 4
"""Windows that are gathered at a time."""
LANES = 16
"""A gathered row is as long as a multiple of these, filled with weights of 0."""


@dataclass(frozen=True)
class Phase:
    """Windows that meet the same weights ``(O, C / groups, *K)``, which C calls ``name``.

    ``axes`` are without upsampling; ``outputs`` are the places of the results along every axis.
    """

    name: str
    weight: npt.NDArray[np.int64]
    axes: tuple[Axis, ...]
    outputs: tuple[range, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """Windows along every axis."""
        return tuple(map(len, self.outputs))


@dataclass(frozen=True)
class Convolution:
    """A convolution in its place, with the types of its accumulator and of the products that it adds."""

    layer: Conv
    site: Site
    frame: Frame
    acc: str
    product: str
    done: Activated

    @property
    def short(self) -> bool:
        """Whether words of 16 bits hold samples and weights, and 32 bits their products."""
        bits = max(self.site.types[0].format.bits, self.layer.weight_format.bits)
        return self.product == "int32_t" and bits <= 16

    @property
    def gathers(self) -> bool:
        """Whether the form is the gathered one."""
        many = len(self.layer.weight) // self.layer.groups >= FEW and self.layer.weight[0].size >= LEAST
        return many and self.short and self.acc == "int32_t"

    @property
    def windows(self) -> tuple[str, ...]:
        """Variables that count windows along each axis; along the last it is ``n``, or what stands for it."""
        return variables("n", self.layer.rank)

    def row(self, phase: Phase) -> int:
        """Weights of a filter as C has them: all, and zeros behind them where windows are gathered."""
        size = math.prod(phase.weight.shape[1:])
        return -(-size // LANES) * LANES if self.gathers else size

    def behind(self, pointer: str, size: int) -> str:
        """C of what stands ``size`` elements behind ``pointer`` for each group before the one of filter ``o``."""
        each = len(self.layer.weight) // self.layer.groups
        if self.layer.groups == 1:
            return pointer
        return f"{pointer} + {place((f'o / {each}' if each > 1 else 'o', '0'), (1, size))}"

    def first(self, phase: Phase, window: str) -> str:
        """C of the place of the first sample of a window; ``window`` counts along the last axis."""
        steps = zip((*self.windows[:-1], window), phase.axes, self.frame.origin(phase.axes), strict=True)
        at = [str(origin) if name == "0" else term(name, axis.stride, origin) for name, axis, origin in steps]
        return place(("0", *at), self.frame.shape)

    def seen(self, phase: Phase, channel: str) -> str:
        """C of how far a place of a window lies behind the window's first sample."""
        at = [term(name, axis.dilation) for name, axis in zip(self._places, phase.axes, strict=True)]
        return place((channel, *at), self.frame.shape)

    def made(self, phase: Phase, window: str) -> str:
        """C of the place of a result of filter ``o``; ``window`` counts along the last axis."""
        names = (*self.windows[:-1], window)
        at = [term(name, along.step, along.start) for name, along in zip(names, phase.outputs, strict=True)]
        return place(("o", *at), self.site.output.shape)

    def outer(self, phase: Phase) -> dict[str, object]:
        """Loops over the windows of all axes but the last."""
        return dict(zip(self.windows[:-1], phase.counts[:-1], strict=True))

    def inner(self, phase: Phase) -> dict[str, object]:
        """Loops over the weights of a filter, in their order."""
        return dict(zip(("c", *self._places), phase.weight.shape[1:], strict=True))

    @property
    def _places(self) -> tuple[str, ...]:
        return variables("k", self.layer.rank)


def direct(one: Convolution, phase: Phase) -> str:
    """One filter and one row of windows after the other: each weight adds to the sums of the whole row."""
    windows, node, channels = phase.counts[-1], one.site.node, phase.weight.shape[1]
    start = one.behind(one.frame.pointer, channels * math.prod(one.frame.shape[1:]))
    names = {"acc": one.acc, "product": one.product, "windows": windows, "x": element_type(one.site.types[0].format)}
    factor = "int16_t" if one.short else one.product
    step = fill(
        """
        const $factor w = *weight++;
        const $x *row = first + $seen;

        for (size_t n = 0; n < $windows; n++) {
            sums[n] += ($product)w * row[$at];
        }
        """,
        factor=factor,
        seen=one.seen(phase, "c"),
        at=term("n", phase.axes[-1].stride),
        **names,
    )
    body = fill(
        """
        const $w *weight = $weights[o];
        const $x *first = $first;
        $sums

        for (size_t n = 0; n < $windows; n++) {
            sums[n] = bias_$node[o];
        }
        $terms
        for (size_t n = 0; n < $windows; n++) {
            const $acc acc = sums[n];

            y[$made] = $result;
        }
        """,
        w=element_type(one.layer.weight_format),
        weights=phase.name,
        first=_sum(start, one.first(phase, "0")),
        sums=f"{one.acc} *sums = state->sums_{node};" if windows > STACK else f"{one.acc} sums[{windows}];",
        terms=loops(one.inner(phase), step),
        node=node,
        made=one.made(phase, "n"),
        result=one.done.result,
        **names,
    )
    return loops({"o": len(one.layer.weight), **one.outer(phase)}, body)


def gathered(one: Convolution, phase: Phase) -> str:
    """Some windows after the others: their samples in rows, all filters on them."""
    row, node = one.row(phase), one.site.node
    sums = [f"sum{p}" for p in range(AT_ONCE)]
    added = (f"{name} += (int32_t)w * row[{term('j', 1, p * one.layer.groups * row)}];" for p, name in enumerate(sums))
    body = fill(
        """
        for (size_t n = 0; n < $windows; n += $at_once) {
            size_t at[$at_once];

            for (size_t p = 0; p < $at_once; p++) {
                at[p] = n + p < $windows ? $step : 0;
            }
            $copied
            for (size_t o = 0; o < $filters; o++) {
                const $w *weight = $weights[o];
                const int16_t *row = $row;
                $declared

                for (size_t j = 0; j < $length; j++) {
                    const int16_t w = weight[j];

                    $added
                }
                const int32_t sums[$at_once] = {$sums};

                for (size_t p = 0; p < $at_once && n + p < $windows; p++) {
                    const size_t m = n + p;
                    const int32_t acc = sums[p];

                    y[$made] = $result;
                }
            }
        }
        """,
        windows=phase.counts[-1],
        at_once=AT_ONCE,
        step=term("p", phase.axes[-1].stride),
        copied=_copied(one, phase),
        filters=len(one.layer.weight),
        w=element_type(one.layer.weight_format),
        weights=phase.name,
        row=one.behind(f"state->rows_{node}", row),
        declared="\n".join(f"int32_t {name} = bias_{node}[o];" for name in sums),
        length=row,
        added="\n".join(added),
        sums=", ".join(sums),
        made=one.made(phase, "m"),
        result=one.done.result,
    )
    return loops(one.outer(phase), body)


def _copied(one: Convolution, phase: Phase) -> str:
    """C that copies the samples of windows ``n`` to ``n + AT_ONCE - 1`` into rows, those of one group after another."""
    groups, row = one.layer.groups, one.row(phase)
    samples = phase.weight.shape[1] * math.prod(one.frame.shape[1:])
    start, rows = one.frame.pointer, f"state->rows_{one.site.node}"
    if groups > 1:
        start, rows = f"{start} + {place(('g', '0'), (1, samples))}", f"{rows} + {place(('g', '0'), (1, row))}"
    names = {"x": element_type(one.site.types[0].format), "at_once": AT_ONCE}
    step = fill(
        """
        const $x *from = $from;

        for (size_t p = 0; p < $at_once; p++) {
            to[$to] = from[at[p]];
        }
        to++;
        """,
        **{"from": _sum("first", one.seen(phase, "c"))},
        to=place(("p", "0"), (1, groups * row)),
        **names,
    )
    text = fill(
        """
        const $x *first = $first;
        int16_t *to = $rows;

        $steps
        """,
        first=_sum(start, one.first(phase, "n")),
        rows=rows,
        steps=loops(one.inner(phase), step),
        **names,
    )
    return loops({"g": groups}, text)


def alone(one: Convolution) -> str:
    """Every result made of the bias alone, for those whose windows meet no input."""
    count, node = math.prod(one.site.output.shape[1:]), one.site.node
    return fill(
        """
        for (size_t o = 0; o < $filters; o++) {
            const $acc acc = bias_$node[o];

            for (size_t n = 0; n < $count; n++) {
                y[$made] = $result;
            }
        }
        """,
        filters=len(one.layer.weight),
        acc=one.acc,
        node=node,
        count=count,
        made=place(("o", "n"), (1, count)),
        result=one.done.result,
    )


def _sum(pointer: str, offset: str) -> str:
    return pointer if offset == "0" else f"{pointer} + {offset}"
