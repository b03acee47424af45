"""The C of all convolutions: any number of axes, strides, dilations, paddings, groups, zeros between the inputs.

With zeros between the inputs there is a block of C for each phase (`bittrue.spec.Axis.phases`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from bittrue.emit.c.activate import activate
from bittrue.emit.c.conv_blocks import AT_ONCE, Convolution, Phase, alone, direct, gathered
from bittrue.emit.c.frames import framed
from bittrue.emit.c.loops import term
from bittrue.emit.c.site import STACK, Fragment, Site, accumulator_types, hull
from bittrue.emit.c.text import element_type, initialiser
from bittrue.num import Interval
from bittrue.spec import Conv
from bittrue.spec import Phase as Chosen


def conv(layer: Conv, site: Site) -> Fragment:
    """A block for each phase, after the copy of the input between its zeros and the results of no phase."""
    (x,) = site.types
    products = Interval(int(layer.weight.min()), int(layer.weight.max())) * hull(site.given[0])
    acc, kind = accumulator_types(site.range, products, (x.format.bits, layer.weight_format.bits))
    choices = [axis.phases(length) for axis, length in zip(layer.axes, x.shape[1:], strict=True)]
    frame = framed(site, [[phase.axis for phase in phases] for phases in choices])
    done = activate(layer.activation, layer.shift(x.format), layer.output, acc)
    one = Convolution(layer, site, frame, acc, kind, done)
    phases = _phases(one, choices)
    blocks = [frame.copy] if frame.copy and phases else [] if phases else ["(void)x;"]
    if sum(math.prod(phase.counts) for phase in phases) < math.prod(site.output.shape[1:]):
        blocks.append(alone(one))
    blocks += [(gathered if one.gathers else direct)(one, phase) for phase in phases]
    return Fragment(_about(one), "\n".join(blocks), {}, _constants(one, phases), _state(one, phases), done.helpers)


def _phases(one: Convolution, choices: Sequence[Sequence[Chosen]]) -> list[Phase]:
    """Every combination of the phases of the axes."""
    found, single = [], all(len(phases) == 1 for phases in choices)
    for k, chosen in enumerate(product(*choices)):
        weight = one.layer.weight[(slice(None), slice(None), *(phase.weights for phase in chosen))]
        lengths = zip(one.site.output.shape[1:], chosen, strict=True)
        outputs = tuple(range(length)[phase.outputs] for length, phase in lengths)
        name = f"weight{'' if single else k}_{one.site.node}"
        found.append(Phase(name, weight, tuple(phase.axis for phase in chosen), outputs))
    return found


def _constants(one: Convolution, phases: Sequence[Phase]) -> str:
    filters, node, kind = len(one.layer.weight), one.site.node, element_type(one.layer.weight_format)
    texts = []
    for phase in phases:
        row = one.row(phase)
        codes = np.zeros((filters, row), np.int64)
        codes[:, : phase.weight[0].size] = phase.weight.reshape(filters, -1)
        texts.append(f"static const {kind} {phase.name}[{filters}][{row}] = {initialiser(codes)};")
    return "\n\n".join([*texts, f"static const {one.acc} bias_{node}[{filters}] = {initialiser(one.layer.bias)};"])


def _state(one: Convolution, phases: Sequence[Phase]) -> tuple[str, ...]:
    if not phases:
        return ()
    node, most = one.site.node, max(phase.counts[-1] for phase in phases)
    if one.gathers:
        size = AT_ONCE * one.layer.groups * max(one.row(phase) for phase in phases)
        return (*one.frame.state, f"int16_t rows_{node}[{size}];")
    return (*one.frame.state, *([f"{one.acc} sums_{node}[{most}];"] if most > STACK else []))


def _about(one: Convolution) -> tuple[str, ...]:
    layer = one.layer
    letters = ("n",) if layer.rank == 1 else ("h", "w")
    places = ("k",) if layer.rank == 1 else ("i", "j")
    at = []
    for axis, n, k in zip(layer.axes, letters, places, strict=True):
        place = f"{term(n, axis.stride)} + {term(k, axis.dilation)}"
        place += f" - {axis.before}" if axis.before > 0 else f" + {-axis.before}" if axis.before else ""
        at.append(f"[{place}]" if axis.upsampling == 1 else f"[({place}) / {axis.upsampling}]")
    outside = any(axis.before or axis.after for axis in layer.axes)
    between = ", and where the quotient is no whole number" if any(a.upsampling > 1 for a in layer.axes) else ""
    return (
        f"acc = bias[o] + sum over c, {', '.join(places)} of weight[o][c]{''.join(f'[{k}]' for k in places)} * "
        f"x[{'group of o + ' if layer.groups > 1 else ''}c]{''.join(at)}"
        f"{f', x being 0 outside the frame{between}' if outside or between else ''};",
        f"y[o]{''.join(f'[{n}]' for n in letters)} = {one.done.about}; weights {layer.weight_format}, acc stays in "
        f"{one.site.range.acc_bits} bits",
    )
