"""What people pass for a parameter or for samples: text as net.json has it is taken, other kinds are named in words."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format, isqrt, requantise
from bittrue.spec import (
    LAYERS,
    Activation,
    ComplexFIR,
    Conv1d,
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
from bittrue.spec.activation import to_json

Q = Format.parse
RUBBISH = [None, 3.5, "nonsense", b"x", object(), {}, {1, 2}, [None], [[1], [2, 3]], 1 << 70, np.bool_(True), -1.0]
EXAMPLES = [node.layer for layer in LAYERS.values() for node in layer.example().nodes]
CASES = [(layer, field.name) for layer in EXAMPLES for field in fields(layer)]


def text(value: object) -> object:
    """A format or an activation as net.json has it."""
    return str(value) if isinstance(value, Format) else to_json(value) if isinstance(value, Activation) else value


@pytest.mark.parametrize("layer", EXAMPLES, ids=lambda layer: type(layer).__name__)
def test_formats_and_activations_may_be_text(layer):
    parts = {field.name: getattr(layer, field.name) for field in fields(layer)}
    found = type(layer)(**{name: text(value) for name, value in parts.items()})
    for name, value in parts.items():
        own = getattr(found, name)
        assert np.array_equal(own, value) if isinstance(value, np.ndarray) else own == value
    assert not any(isinstance(getattr(found, name), str) for name in parts)


@pytest.mark.parametrize(
    ("layer", "field"), CASES, ids=lambda case: case if isinstance(case, str) else type(case).__name__
)
def test_other_kinds_are_refused_naming_layer_and_field(layer, field):
    for value in RUBBISH:
        if field == "iq_taps" and value is None:
            continue
        with pytest.raises(BadInput) as caught:
            replace(layer, **{field: value})
        assert type(layer).__name__ in str(caught.value) and field in str(caught.value), (value, str(caught.value))


@pytest.mark.parametrize("value", RUBBISH)
def test_parts_of_a_net_refuse_other_kinds(value):
    net = LAYERS["Dense"].example()
    node = net.nodes[0]
    makers = [
        lambda: Format(value, 7), lambda: Format(8, value), lambda: Format.parse(value),
        lambda: LeakyReLU(value), lambda: Term(value, (0,)), lambda: Term(0, value),
        lambda: TensorType(value, Q("Q1.7")), lambda: TensorType((2,), value),
        lambda: Node(value, node.layer, ("input",)), lambda: Node("fc", value, ("input",)),
        lambda: Node("fc", node.layer, value),
        lambda: replace(net, name=value), lambda: replace(net, inputs=value), lambda: replace(net, nodes=value),
        lambda: replace(net, delay=value),
    ]  # fmt: skip
    for number, make in enumerate(makers):
        if (number, value) in ((8, "nonsense"), (10, "nonsense"), (11, "nonsense")):
            make()  # a name is text, whether or not the net has it
            continue
        with pytest.raises(BadInput):
            make()


def test_a_net_is_made_of_text_and_lists():
    layer = Dense([[3, -4]], [20], "Q1.3", "Q1.3", "leaky_relu/2")
    written = Net("tiny", TensorType([2], "Q1.3"), [Node("fc", layer, "input")])
    formal = Dense(np.array([[3, -4]]), np.array([20]), Q("Q1.3"), Q("Q1.3"), LeakyReLU(2))
    same = Net("tiny", TensorType((2,), Q("Q1.3")), (Node("fc", formal, ("input",)),))
    x = [[7, -8], [-8, 7], [-4, 3]]
    assert ref.run(written, x).tolist() == ref.run(same, x).tolist() == [[7], [-1], [0]]
    assert Dense([[1]], [0], "Q1.7", "Q1.7", "relu").activation == ReLU()
    assert Table.tabulate(lambda v: v, "Q1.2", "Q1.3").values.tolist() == [-8, -6, -4, -2, 0, 2, 4, 6]
    with pytest.raises(BadInput, match=r"Dense.output: unknown format 'int8'; write Qm.n"):
        Dense([[1]], [0], "Q1.7", "int8")
    with pytest.raises(BadInput, match=r"Conv1d.activation: unknown activation 'tanh'"):
        Conv1d([[[1]]], [0], "Q1.7", "Q1.7", "tanh")
    with pytest.raises(BadInput, match=r"ComplexFIR.terms is \({'power': 0, 'taps': \[0\]},\); give a list of"):
        ComplexFIR(({"power": 0, "taps": [0]},), [[1, 1]], "Q1.7", "Q1.7", "Q1.7")


ARRAYS = [
    (np.ma.masked_array([[1, 2]], [[True, False]]), "has 1 masked elements"),
    (np.array([[1, 2]], dtype=object), "holds object numbers"),
    ([[1, 1 << 70]], "holds object numbers"),
    ([[1.0, 2.0]], "holds float64 numbers"),
    ([[True, False]], "holds bool numbers"),
    ([[1 + 0j, 2]], "holds complex128 numbers"),
    ([["1", "2"]], "holds <U1 numbers"),
    ([[1, 2], [3]], "is no array of numbers"),
    (np.array([[1 << 63, 2]], np.uint64), "outside -128..127"),
]


@pytest.mark.parametrize(("samples", "match"), ARRAYS)
def test_samples_that_are_no_codes_are_refused_by_every_leg(samples, match):
    net = Net("tiny", TensorType((2,), "Q1.7"), [Node("fc", Dense([[3, -4]], [20], "Q1.3", "Q1.3"), "input")])
    runs = [ref.run, ref.taps]
    if (qat := pytest.importorskip("bittrue.qat")) is not None:
        runs += [qat.run, qat.taps]
    for run in runs:
        with pytest.raises(BadInput, match=match):
            run(net, samples)
    with pytest.raises(BadInput, match=match.replace("outside -128..127", "outside -8..7")):
        Dense(samples, [0], "Q1.3", "Q1.3")


@pytest.mark.parametrize("kind", [np.int8, np.uint8, ">i4", "<u2", np.uint64])
def test_integers_of_every_width_are_taken(kind):
    net = Net("tiny", TensorType((2,), "Q1.7"), [Node("fc", Dense([[3, -4]], [20], "Q1.3", "Q1.7"), "input")])
    assert ref.run(net, np.array([[100, 7]], kind)).tolist() == [[(20 + 300 - 28 + 4) >> 3]]
    plain = np.ma.masked_array([[100, 7]], [[False, False]])
    assert ref.run(net, plain).tolist() == [[37]]


def test_values_that_float64_does_not_hold_are_not_encoded():
    for values, match in [
        ([0.5 + 1j], "complex128"), (["0.5"], "<U3"), ([True], "bool"), ([(1 << 53) + 1], "integers beyond 2\\^53"),
        (np.ma.masked_array([0.5], [True]), "masked"), (np.array([0.5], np.longdouble), "numbers; give real values"),
        ([None], "object"),
    ]:  # fmt: skip
        with pytest.raises(BadInput, match=match):
            Q("Q1.7").encode(values)
    assert Q("Q4.4").encode([1, -8]).tolist() == [16, -128]


def test_arithmetic_takes_integers_alone():
    for given in ([1.5], [True], np.array([1 << 63], np.uint64), [1 << 70], np.ma.masked_array([1], [True])):
        with pytest.raises(BadInput):
            requantise(given, 1, Q("Q1.7"))
        with pytest.raises(BadInput):
            isqrt(given)


def test_taps_stand_in_an_order():
    for taps in ({0, 1}, {0: 1}, "01", b"\0\1"):
        with pytest.raises(BadInput, match=r"MemoryTaps.taps is .*; give a list of whole numbers"):
            MemoryTaps(taps, (1,), "Q1.7")
