"""The C of pools along any number of axes."""

from __future__ import annotations

from bittrue.emit.c.loops import loops, place, term, variables
from bittrue.emit.c.site import STACK, Fragment, Site, accumulator_types, hull
from bittrue.emit.c.text import element_type, fill
from bittrue.spec import Pool


def pool(layer: Pool, site: Site) -> Fragment:
    """One row of windows after the other: every place of a window adds to, or is compared with, the whole row."""
    (x,), rank = site.types, layer.rank
    total, _ = accumulator_types(site.range, hull(site.given[0]), (x.format.bits, 32))
    outer, places, windows = ("c", *variables("n", rank)[:-1]), variables("k", rank), site.output.shape[-1]
    starts = ["c", *(term(n, axis.stride) for n, axis in zip(outer[1:], layer.axes[:-1], strict=True)), "0"]
    seen = place(("0", *(term(k, axis.dilation) for k, axis in zip(places, layer.axes, strict=True))), x.shape)
    kind = total if layer.kind == "avg" else element_type(x.format)
    many = layer.kind == "avg" and windows > STACK
    step = fill(
        _LARGEST if layer.kind == "max" else _SUM,
        x=element_type(x.format),
        seen=f" + {seen}" if seen != "0" else "",
        windows=windows,
        at=term("n", layer.axes[-1].stride),
    )
    body = fill(
        _ROW,
        x=element_type(x.format),
        first=place(starts, x.shape),
        row=_row(kind, site, many, windows, layer.kind == "max", place((*outer, "0"), site.output.shape)),
        kept="largest" if layer.kind == "max" else "sums",
        start=x.format.lo if layer.kind == "max" else 0,
        windows=windows,
        places=loops(dict(zip(places, (axis.size for axis in layer.axes), strict=True)), step),
        done="" if layer.kind == "max" else _mean(site, layer, windows, outer),
    )
    bounds = dict(zip(outer, site.output.shape[:-1], strict=True))
    state = (f"{total} sums_{site.node}[{windows}];",) if many else ()
    return Fragment(_about(layer, site), loops(bounds, body), state=state)


_ROW = """
const $x *first = x + $first;
$row

for (size_t n = 0; n < $windows; n++) {
    $kept[n] = $start;
}
$places
$done
"""

_LARGEST = """
const $x *row = first$seen;

for (size_t n = 0; n < $windows; n++) {
    largest[n] = row[$at] > largest[n] ? row[$at] : largest[n];
}
"""

_SUM = """
const $x *row = first$seen;

for (size_t n = 0; n < $windows; n++) {
    sums[n] += row[$at];
}
"""


def _row(kind: str, site: Site, many: bool, windows: int, largest: bool, made: str) -> str:
    """C that declares what is kept of each window of a row: the result itself where that is the largest."""
    if largest:
        return f"{kind} *largest = y + {made};"
    return f"{kind} *sums = state->sums_{site.node};" if many else f"{kind} sums[{windows}];"


def _mean(site: Site, layer: Pool, windows: int, outer: tuple[str, ...]) -> str:
    made, kind = place((*outer, "n"), site.output.shape), element_type(site.output.format)
    return fill(
        """
        for (size_t n = 0; n < $windows; n++) {
            y[$made] = ($kind)(sums[n] / $count); /* toward zero */
        }
        """,
        windows=windows,
        made=made,
        kind=kind,
        count=layer.places,
    )


def _about(layer: Pool, site: Site) -> tuple[str, ...]:
    windows, places = variables("n", layer.rank), variables("k", layer.rank)
    seen = "".join(
        f"[{term(n, axis.stride)} + {term(k, axis.dilation)}]"
        for n, k, axis in zip(windows, places, layer.axes, strict=True)
    )
    below = ", ".join(f"{k} < {axis.size}" for k, axis in zip(places, layer.axes, strict=True))
    made = f"y[c]{''.join(f'[{n}]' for n in windows)}"
    if layer.kind == "max":
        return (f"{made} = largest of x[c]{seen}, {below}",)
    about = f"{made} = sum over {below} of x[c]{seen}, divided by {layer.places} toward zero"
    return (f"{about}; the sum stays in {site.range.acc_bits} bits",)
