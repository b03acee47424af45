"""The C of every layer without memory; those with delay lines are in `bittrue.emit.c.memory`."""

from __future__ import annotations

from functools import singledispatch

from bittrue.emit.c.activate import activate
from bittrue.emit.c.site import Fragment, Site, accumulator_types, hull, requantise
from bittrue.emit.c.text import element_type, fill, initialiser
from bittrue.errors import BadInput
from bittrue.num import Interval
from bittrue.spec import Add, Dense, Layer, Table


@singledispatch
def fragment(layer: Layer, site: Site) -> Fragment:
    """The C of one layer in its place."""
    raise BadInput(f"{type(layer).__name__}: no C leg; register one in bittrue.emit.c.layers")


@fragment.register
def _(layer: Dense, site: Site) -> Fragment:
    (x,) = site.types
    products = Interval(int(layer.weight.min()), int(layer.weight.max())) * hull(site.given[0])
    acc, product = accumulator_types(site.range, products, (x.format.bits, layer.weight_format.bits))
    done = activate(layer.activation, layer.shift(x.format), layer.output)
    names = {"node": site.node, "y": site.size, "x": site.sizes[0], "acc": acc, "product": product}
    constants = fill(
        """
        static const $w weight_$node[$y][$x] = $weights;

        static const $acc bias_$node[$y] = $biases;
        """,
        w=element_type(layer.weight_format),
        weights=initialiser(layer.weight),
        biases=initialiser(layer.bias),
        **names,
    )
    body = fill(
        """
        size_t o;

        for (o = 0; o < $y; o++) {
            const $w *weight = weight_$node[o];
            $acc acc = bias_$node[o];
            size_t i;

            for (i = 0; i < $x; i++) {
                acc += ($product)weight[i] * x[i];
            }
            y[o] = $result;
        }
        """,
        w=element_type(layer.weight_format),
        result=done.result,
        **names,
    )
    about = (
        "acc[o] = bias[o] + sum_i weight[o][i] * x[i];",
        f"y[o] = {done.about}; weights {layer.weight_format}, acc stays in {site.range.acc_bits} bits",
    )
    return Fragment(about, body, constants=constants, helpers=done.helpers)


@fragment.register
def _(layer: Table, site: Site) -> Fragment:
    (x,) = site.types
    entries = site.macro("ENTRIES")
    constants = (
        f"static const {element_type(layer.output)} values_{site.node}[{entries}] = {initialiser(layer.values)};"
    )
    body = fill(
        """
        size_t i;

        for (i = 0; i < $y; i++) {
            y[i] = values_$node[(int32_t)x[i] + $offset];
        }
        """,
        y=site.size,
        node=site.node,
        offset=-x.format.lo,
    )
    about = (f"y[i] = values[x[i] + {-x.format.lo}]",)
    return Fragment(about, body, macros={entries: len(layer.values)}, constants=constants)


@fragment.register
def _(layer: Add, site: Site) -> Fragment:
    frac = max(t.format.frac for t in site.types)
    terms: list[str] = []
    products = Interval(0, 0)
    for k, (given, x) in enumerate(zip(site.given, site.types, strict=True)):
        factor = 1 << frac - x.format.frac
        if (values := hull(given)) != Interval(0, 0):  # a factor beyond 2^62 is only possible for a constant zero
            products = products.hull(values.scaled(factor)).hull(Interval(factor, factor))
            terms.append(f"x{k}[i]" + (f" * {factor}" if factor > 1 else ""))
    acc, product = accumulator_types(site.range, products, [t.format.bits for t in site.types])
    body = fill(
        """
        size_t i;

        for (i = 0; i < $y; i++) {
            $acc acc = 0;

            $sum
            y[i] = $result;
        }
        """,
        y=site.size,
        acc=acc,
        sum="\n".join(f"acc += ({product}){term};" for term in terms),
        result=requantise("acc", frac - layer.output.frac, layer.output),
    )
    unused = "".join(f"(void)x{k};\n" for k in range(len(site.types)) if not any(f"x{k}[" in t for t in terms))
    sources = " + ".join(f"x{k}[i] * 2^{frac - t.format.frac}" for k, t in enumerate(site.types))
    about = (f"y[i] = requantise({sources}, {frac - layer.output.frac}); acc stays in {site.range.acc_bits} bits",)
    return Fragment(about, _after_declarations(body, unused), helpers=frozenset({"requantise"}))


def _after_declarations(body: str, statements: str) -> str:
    declarations, _, rest = body.partition("\n\n")
    return f"{declarations}\n\n{statements}{rest}"
