"""Net of a recipe before training: its layers, formats and names, and zeros for weights."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from bittrue.apps.dpd.recipe import Formats, Recipe
from bittrue.num import Format
from bittrue.spec import Add, ComplexFIR, Dense, LeakyReLU, Linear, MemoryTaps, Net, Node, Table, TensorType, Term


def skeleton(recipe: Recipe) -> Net:
    """The net of a recipe before training.

    Nodes: ``features``, ``fc1``, ``fc2``, ... of which the last is the linear output, behind each hidden one ``tanh1``,
    ``tanh2``, ... where the activation is tanh; with ``fir_taps`` also ``fir`` and their sum ``out``; with
    ``echo_taps`` also ``echo`` over the last dense layer. A TDNN of 30-32-16-2 has 1,554 parameters.
    """
    net, formats = recipe.net, recipe.formats
    features = MemoryTaps(net.taps, net.powers, formats.features, net.iq_taps)
    nodes = [Node("features", features, ("input",))]
    widths = [len(features.features), *net.hidden, 2]
    for k, (width, units) in enumerate(pairwise(widths), start=1):
        final, tanh = k == len(widths) - 1, net.activation == "tanh"
        output = formats.output if final else formats.preactivation if tanh else formats.hidden
        activation = Linear() if final or tanh else LeakyReLU(net.leaky_shift)
        weight, bias = np.zeros((units, width), np.int64), np.zeros(units, np.int64)
        layer = Dense(weight, bias, start_format(formats), output, activation)
        nodes.append(Node(f"fc{k}", layer, (nodes[-1].name,)))
        if tanh and not final:
            table = Table.tabulate(math.tanh, formats.preactivation, formats.hidden)
            nodes.append(Node(f"tanh{k}", table, (nodes[-1].name,)))
    if net.fir_taps:
        spans = zip(net.fir_first or [0] * len(net.fir_taps), net.fir_taps, strict=True)
        terms = tuple(Term(power, tuple(range(first, first + taps))) for power, (first, taps) in enumerate(spans))
        weight = np.zeros((sum(net.fir_taps), 2), np.int64)
        fir = ComplexFIR(terms, weight, start_format(formats), formats.features, formats.output)
        last = nodes[-1].name
        summed = [last, "fir"]
        if net.echo_taps:
            start = np.zeros((len(net.echo_taps), 2), np.int64)
            own = ComplexFIR((Term(0, net.echo_taps),), start, start_format(formats), formats.output, formats.output)
            nodes.append(Node("echo", own, (last,)))
            summed.append("echo")
        nodes += [Node("fir", fir, ("input",)), Node("out", Add(formats.output), tuple(summed))]
    return Net(recipe.name, TensorType((2,), formats.input), tuple(nodes), net.delay)


def start_format(formats: Formats) -> Format:
    """Weight format before the weights are known: the fixed one, or ``Q4.n`` which holds what float training makes."""
    if formats.weight != "fit":
        return Format.parse(formats.weight)
    return Format(formats.weight_bits, formats.weight_bits - 4)


def parameter_count(net: Net) -> int:
    """Real trainable numbers of a net; a table is a constant."""
    trained = [node.layer for node in net.nodes if not isinstance(node.layer, Table)]
    return sum(value.size for layer in trained for value in vars(layer).values() if isinstance(value, np.ndarray))


def left(net: Net) -> int:
    """Real numbers that a sparse net still has: weights that are not zero, and all biases."""
    layers = [node.layer for node in net.nodes if isinstance(node.layer, Dense | ComplexFIR)]
    return sum(int(np.count_nonzero(x.weight)) + (x.bias.size if isinstance(x, Dense) else 0) for x in layers)


def products(net: Net) -> int:
    """Multiplications a sample by weights that are not zero: one a dense weight, two a part of a complex tap."""
    layers = [node.layer for node in net.nodes if isinstance(node.layer, Dense | ComplexFIR)]
    return sum(int(np.count_nonzero(x.weight)) * (2 if isinstance(x, ComplexFIR) else 1) for x in layers)
