"""Nets and layers: what fits together, what is refused, and that every refusal is one sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import (
    LAYERS,
    Add,
    ComplexFIR,
    Dense,
    LeakyReLU,
    MemoryTaps,
    Net,
    Node,
    ReLU,
    Table,
    TensorType,
    Term,
)

Q = Format.parse
IQ = TensorType((2,), Q("Q1.7"))


def dense(inputs: int, outputs: int) -> Dense:
    return Dense(np.ones((outputs, inputs), np.int8), np.zeros(outputs, np.int8), Q("Q1.7"), Q("Q2.6"))


def refused(match: str, make, *arguments) -> None:
    """One sentence: no line break, no trace of Python's own words, and it ends without a full stop like the others."""
    with pytest.raises(BadInput, match=match) as caught:
        make(*arguments)
    message = str(caught.value)
    assert "\n" not in message and not message.endswith(".") and len(message) < 300


def net(*nodes: Node, name: str = "n", source: TensorType = IQ) -> Net:
    return Net(name, source, nodes)


# ---- nets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_examples_hold_their_layer(layer):
    example = LAYERS[layer].example()
    assert any(type(node.layer) is LAYERS[layer] for node in example.nodes)
    assert example.output == example.types[example.nodes[-1].name]
    assert list(example.types) == ["input", *(node.name for node in example.nodes)]


def test_types_memory_and_inputs_of_a_graph():
    taps = MemoryTaps((0, 3), (1,), Q("Q2.6"))
    fir = ComplexFIR((Term(0, (0, 5)), Term(2, (7,))), np.ones((3, 2), np.int64), Q("Q1.7"), Q("Q1.7"), Q("Q3.5"))
    graph = net(
        Node("taps", taps, ("input",)),
        Node("fold", dense(6, 2), ("taps",)),
        Node("fir", fir, ("fold",)),
        Node("side", fir, ("input",)),
        Node("sum", Add(Q("Q4.4")), ("side", "fir")),
    )
    assert graph.memory == 3 + 7
    assert graph.output == TensorType((2,), Q("Q4.4"))
    assert graph.types["taps"] == TensorType((6,), Q("Q2.6"))
    assert graph.input_types(graph.nodes[-1]) == (graph.types["side"], graph.types["fir"])


@pytest.mark.parametrize("name", ["n", "Net-1_x", "a" * 61])
def test_net_names(name):
    assert net(Node("fc", dense(2, 1), ("input",)), name=name).name == name


@pytest.mark.parametrize("name", ["", "1net", "a b", "a.b", "a/b", "_a", "ä", "a" * 62, "net\n"])
def test_other_net_names_are_refused(name):
    refused(
        "use a letter, then up to 60 letters, digits, '-' and '_'",
        lambda: net(Node("fc", dense(2, 1), ("input",)), name=name),
    )


@pytest.mark.parametrize("name", ["", "Fc", "1", "a-b", "a b", "input", "a" * 42, "_x", "é"])
def test_other_node_names_are_refused(name):
    refused("taken or not a lower-case identifier", net, Node(name, dense(2, 1), ("input",)))


def test_a_name_twice_is_refused():
    refused("node name 'a' is taken", net, Node("a", dense(2, 2), ("input",)), Node("a", dense(2, 1), ("a",)))


def test_a_net_without_layers_is_refused():
    refused("net n has no layers", net)


def test_a_node_that_nothing_uses_is_refused():
    refused("nothing uses node a", net, Node("a", dense(2, 2), ("input",)), Node("b", dense(2, 1), ("input",)))


@pytest.mark.parametrize("source", ["b", "a", "nowhere", ""])
def test_only_earlier_nodes_can_be_used(source):
    first = Node("a", dense(2, 2), (source,))
    refused(
        f"node a takes '{source}', which is not an earlier node; choose one of input",
        net,
        first,
        Node("b", dense(2, 1), ("a",)),
    )


@pytest.mark.parametrize("inputs", [(), ("input", "input")])
def test_arity(inputs):
    refused(f"Dense a takes 1 input, not {len(inputs)}", net, Node("a", dense(2, 1), inputs))


@pytest.mark.parametrize("inputs", [(), ("input",)])
def test_add_takes_two_or_more(inputs):
    refused("Add takes two or more tensors of one shape", net, Node("a", Add(Q("Q1.7")), inputs))
    assert net(Node("a", Add(Q("Q1.7")), ("input",) * 3)).output.format == Q("Q1.7")


def test_layers_that_do_not_fit_are_refused_with_their_place():
    match = r"net n, node b: Dense weighs 3 inputs, but is fed shape \(2,\)"
    refused(match, net, Node("a", dense(2, 2), ("input",)), Node("b", dense(3, 1), ("a",)))
    both = Node("a", dense(2, 3), ("input",)), Node("b", Add(Q("Q1.7")), ("a", "input"))
    refused(r"net n, node b: Add takes .* one shape, not \[\(3,\), \(2,\)\]", net, *both)


def test_a_net_is_frozen():
    given = net(Node("fc", dense(2, 1), ("input",)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        given.name = "other"
    with pytest.raises(ValueError, match="read-only"):
        given.nodes[0].layer.weight[0, 0] = 5


def test_a_net_keeps_its_own_weights():
    weight = np.ones((1, 2), np.int64)
    layer = Dense(weight, np.zeros(1, np.int64), Q("Q1.7"), Q("Q1.7"))
    weight[0, 0] = 99
    assert layer.weight.tolist() == [[1, 1]]


# ---- input codes ----------------------------------------------------------------------------------------------------


def test_one_multi_axis_sample_gains_the_leading_axis():
    grid = net(Node("t", Table(np.arange(8) - 4, Q("Q3.0")), ("input",)), source=TensorType((2, 3), Q("Q3.0")))
    assert grid.check_codes(np.zeros((2, 3), np.int8)).shape == (1, 2, 3)
    assert grid.check_codes(np.zeros((7, 2, 3), np.int8)).shape == (7, 2, 3)
    refused(r"takes samples of shape \(N, 2, 3\), not \(3, 2\)", grid.check_codes, np.zeros((3, 2), np.int8))
    refused(r"sample \[0, 1, 2\] is 4, outside -4..3 of Q3.0", grid.check_codes, [[[0, 0, 0], [0, 0, 4]]])


@pytest.mark.parametrize("shape", [(), (2,), (0, 2), (4, 3), (1, 4, 2), (2, 0)])
def test_other_shapes_are_refused(shape):
    fir = net(Node("fc", dense(2, 1), ("input",)))
    refused(r"takes samples of shape \(N, 2\)", fir.check_codes, np.zeros(shape, np.int64))


def test_input_codes_are_copied_as_int64():
    codes = np.array([[1, -2]], np.int8)
    checked = net(Node("fc", dense(2, 1), ("input",))).check_codes(codes)
    assert checked.dtype == np.int64 and not np.shares_memory(checked, codes)


# ---- layers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (-1,), (2.0,), ("2",), 2, None])
def test_tensor_shapes(shape):
    refused("a tensor has shape|a tensor's shape is", TensorType, shape, Q("Q1.7"))


def test_dense_parameters():
    ones, fmt = np.ones((2, 3), np.int64), Q("Q1.7")
    refused("2 rows of weights and 3 biases", Dense, ones, np.ones(3, np.int64), fmt, fmt)
    refused(
        r"weight\[1, 2\] is 128, outside -128\.\.127",
        Dense,
        ones + 127 * (np.arange(6).reshape(2, 3) == 5),
        ones[0],
        fmt,
        fmt,
    )
    refused("weight holds float64 numbers", Dense, ones * 1.0, ones[0, :2], fmt, fmt)
    refused("bias holds float32 numbers", Dense, ones, np.zeros(2, np.float32), fmt, fmt)
    refused(r"bias has shape \(\)", Dense, ones, np.int64(1), fmt, fmt)
    refused(r"weight has shape \(3,\)", Dense, ones[0], ones[0], fmt, fmt)
    refused(r"weight has shape \(0, 3\)", Dense, ones[:0], ones[0, :0], fmt, fmt)
    refused("bias holds 18446744073709551615", Dense, ones[:1], np.array([2**64 - 1], np.uint64), fmt, fmt)


@pytest.mark.parametrize("shift", [0, 16, -1])
def test_leaky_slopes(shift):
    refused("a leaky ReLU has slope 2\\^-1 to 2\\^-15", LeakyReLU, shift)


@pytest.mark.parametrize("taps", [(), (-1,), (1, 1), (2, 1), (0.0, 1), (0, 1.5), ("0",), None])
def test_delays(taps):
    refused("strictly increasing|whole numbers", MemoryTaps, taps, (1,), Q("Q1.7"))
    refused("strictly increasing|whole numbers", Term, 0, taps)


@pytest.mark.parametrize("powers", [(0,), (5,), (1, 1), (-1,), (1.0,)])
def test_envelope_powers(powers):
    refused("envelope powers are 1, 2, 3 and 4|whole numbers", MemoryTaps, (0,), powers, Q("Q1.7"))


@pytest.mark.parametrize("power", [-1, 5, 0.5, 0.0, None])
def test_term_powers(power):
    refused("envelope powers are 1, 2, 3 and 4|whole numbers", Term, power, (0,))


def test_complex_fir_parameters():
    fmt, one = Q("Q1.7"), np.ones((1, 2), np.int64)
    refused(r"has 2 taps and weights of shape \(1, 2\)", ComplexFIR, (Term(0, (0, 1)),), one, fmt, fmt, fmt)
    refused(
        r"has 1 taps and weights of shape \(1, 3\)", ComplexFIR, (Term(0, (0,)),), np.ones((1, 3), int), fmt, fmt, fmt
    )
    refused("two terms of power 0", ComplexFIR, (Term(0, (0,)), Term(0, (1,))), np.ones((2, 2), int), fmt, fmt, fmt)
    refused("each at most once", ComplexFIR, (Term(2, (0,)), Term(2, (1,))), np.ones((2, 2), int), fmt, fmt, fmt)
    refused("basis format of 17 bits", ComplexFIR, (Term(0, (0,)),), one, fmt, Format(17, 0), fmt)
    refused("has 0 taps", ComplexFIR, (), one, fmt, fmt, fmt)


def test_iq_layers_take_one_narrow_sample():
    taps, fir = (
        MemoryTaps((0,), (), Q("Q1.7")),
        ComplexFIR((Term(0, (0,)),), np.ones((1, 2), int), Q("Q1.7"), Q("Q1.7"), Q("Q1.7")),
    )
    for layer in (taps, fir):
        refused(r"takes \(I, Q\) samples of shape \(2,\), not \(3,\)", layer.output_type, TensorType((3,), Q("Q1.7")))
        refused("at most 16 bits, not 17", layer.output_type, TensorType((2,), Format(17, 0)))


def test_the_classic_thirty_features():
    layer = MemoryTaps(tuple(range(6)), (1, 2, 4), Q("Q1.15"))
    expected = [(0, "I"), (0, "Q")]
    for tap in range(6):
        expected += [(tap, 1), (tap, 2), (tap, 4)]
    for tap in range(1, 6):
        expected += [(tap, "I"), (tap, "Q")]
    assert list(layer.features) == expected and len(expected) == 30
    assert layer.memory == 5


def test_features_start_at_the_first_tap():
    assert MemoryTaps((2, 4), (3, 1), Q("Q1.7")).features == (
        (2, "I"), (2, "Q"), (2, 3), (2, 1), (4, 3), (4, 1), (4, "I"), (4, "Q"),
    )  # fmt: skip


def test_features_with_delays_of_their_own_for_i_and_q():
    layer = MemoryTaps((0, 2), (3, 1), Q("Q1.7"), iq_taps=[1, 5])
    assert layer.features == (
        (1, "I"), (1, "Q"), (0, 3), (0, 1), (2, 3), (2, 1), (5, "I"), (5, "Q"),
    )  # fmt: skip
    assert (layer.memory, layer.iq_delays) == (5, (1, 5))
    assert MemoryTaps((0, 9), (1,), Q("Q1.7"), iq_taps=(1,)).memory == 9
    same = MemoryTaps((0, 2), (1,), Q("Q1.7"), iq_taps=(0, 2))
    assert same == MemoryTaps((0, 2), (1,), Q("Q1.7")) and same.iq_taps is None and same.iq_delays == (0, 2)
    refused(r"MemoryTaps\.iq_taps is \[2, 1\]; give strictly", MemoryTaps, (0,), (1,), Q("Q1.7"), (2, 1))
    refused(r"MemoryTaps\.iq_taps is \[\]; give strictly", MemoryTaps, (0,), (1,), Q("Q1.7"), ())
    refused(r"no powers, and iq_taps \[1\] beside taps; give these as taps", MemoryTaps, (0,), (), Q("Q1.7"), (1,))


def test_table_parameters():
    table = Table.tabulate(lambda v: v * v, Q("Q1.2"), Q("Q1.4"))
    assert table.values.tolist() == [15, 9, 4, 1, 0, 1, 4, 9]
    refused("a table for Q1.3 words needs 16 entries, not 8", table.output_type, TensorType((1,), Q("Q1.3")))
    refused("2\\^17 entries; requantise to at most 16 bits", Table.tabulate, abs, Format(17, 0), Q("Q1.4"))
    refused("a table has 131072 entries", Table, np.zeros(2**17, np.int64), Q("Q1.4"))
    refused(r"values\[1\] is 16, outside", Table, np.array([0, 16]), Q("Q1.4"))
    refused(r"values has shape \(2, 2\)", Table, np.zeros((2, 2), int), Q("Q1.4"))
    refused("only finite values", Table.tabulate, lambda v: float("nan"), Q("Q1.2"), Q("Q1.4"))
    assert table.output_type(TensorType((4, 5), Q("Q1.2"))) == TensorType((4, 5), Q("Q1.4"))


def test_add_of_another_format():
    assert Add(Q("Q3.5")).output_type(IQ, TensorType((2,), Q("Q9.1"))) == TensorType((2,), Q("Q3.5"))
    assert ReLU() == ReLU() and LeakyReLU(2) != LeakyReLU(3)
