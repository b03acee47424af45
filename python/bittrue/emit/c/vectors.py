"""The C of layers on vectors and of tables."""

from __future__ import annotations

from bittrue.emit.c.activate import activate
from bittrue.emit.c.site import Fragment, Site, accumulator_types, hull
from bittrue.emit.c.text import element_type, fill, initialiser
from bittrue.num import Interval
from bittrue.spec import Dense, Table


def dense(layer: Dense, site: Site) -> Fragment:
    """One neuron after the other."""
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


def table(layer: Table, site: Site) -> Fragment:
    """An array of constants, and a look into it for every element."""
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
