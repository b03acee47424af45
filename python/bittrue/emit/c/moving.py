"""The C of layers that only move codes."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bittrue.emit.c.loops import loops, place, variables
from bittrue.emit.c.site import Fragment, Site
from bittrue.emit.c.text import element_type, initialiser
from bittrue.spec import Concat, Constant, Flatten, Interleave, Reshape, Upsample


def reshape(layer: Flatten | Reshape, site: Site) -> Fragment:
    """A copy."""
    body = f"memcpy(y, x, {site.size} * sizeof *y);"
    return Fragment(("y has the words of x, in the order in which they stand anyway",), body)


def concat(layer: Concat, site: Site) -> Fragment:
    """A copy of one tensor behind the other."""
    lines = []
    for k, size in enumerate(site.sizes):
        to = " + ".join(("y", *site.sizes[:k]))
        lines.append(f"memcpy({to}, x{k}, {size} * sizeof *y);")
    return Fragment((f"y has the channels of {', '.join(f'x{k}' for k in range(len(lines)))}",), "\n".join(lines))


def upsample(layer: Upsample, site: Site) -> Fragment:
    """Result after result, from the sample that it repeats."""
    (x,), outer = site.types, variables("n", len(layer.factors))
    at = [_divided(n, factor) for n, factor in zip(outer, layer.factors, strict=True)]
    bounds = dict(zip(("c", *outer), site.output.shape, strict=True))
    body = f"y[{place(tuple(bounds), site.output.shape)}] = x[{place(('c', *at), x.shape)}];"
    return Fragment((f"y[c]{_each(outer)} = x[c]{_each(at)}",), loops(bounds, body))


def interleave(layer: Interleave, site: Site) -> Fragment:
    """Result after result, from the channel whose turn it is."""
    (x,), outer = site.types, variables("n", len(layer.factors))
    at = [_divided(n, factor) for n, factor in zip(outer, layer.factors, strict=True)]
    rests = [f"{n} % {factor}" if factor > 1 else "0" for n, factor in zip(outer, layer.factors, strict=True)]
    channel = place(("c", *rests), (1, *layer.factors))
    bounds = dict(zip(("c", *outer), site.output.shape, strict=True))
    body = f"y[{place(tuple(bounds), site.output.shape)}] = x[{place((channel, *at), x.shape)}];"
    return Fragment((f"y[c]{_each(outer)} = x[{channel}]{_each(at)}",), loops(bounds, body))


def constant(layer: Constant, site: Site) -> Fragment:
    """A copy of the values; the function takes no tensor."""
    kind, name = element_type(layer.format), f"values_{site.node}"
    values = f"static const {kind} {name}[{math.prod(layer.values.shape)}] = {initialiser(layer.values.reshape(-1))};"
    return Fragment(("y has always the same words",), f"memcpy(y, {name}, sizeof {name});", constants=values)


def _divided(name: str, factor: int) -> str:
    return f"{name} / {factor}" if factor > 1 else name


def _each(names: Iterable[str]) -> str:
    return "".join(f"[{name}]" for name in names)
