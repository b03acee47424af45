"""What images, branches and nets of several ends refuse: one sentence each, with what is wrong and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.ranges import ranges
from bittrue.spec import (
    Add,
    AvgPool2d,
    BitwiseOr,
    ComplexMul,
    Concat,
    Constant,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Dense,
    Flatten,
    Interleave,
    MaxPool2d,
    Mul,
    Net,
    Node,
    Reshape,
    Sub,
    TensorType,
    Upsample,
    transposed_kernel,
)

Q7 = "Q1.7"


def one(layer, *shapes: tuple[int, ...], formats: tuple[str, ...] = ()) -> Net:
    """A net of one layer on inputs of some shapes."""
    formats = formats or (Q7,) * len(shapes)
    names = ["input"] if len(shapes) == 1 else [f"x{k}" for k in range(len(shapes))]
    types = {name: TensorType(shape, fmt) for name, shape, fmt in zip(names, shapes, formats, strict=True)}
    return Net("n", types, [Node("it", layer, names)])


def conv(kind, *sizes, filters=1, channels=1, **more):
    return kind(np.ones((filters, channels, *sizes), int), [0] * filters, Q7, Q7, **more)


def two(**more) -> Net:
    inputs = more.pop("inputs", {"a": TensorType((2,), Q7), "b": TensorType((2,), Q7)})
    nodes = more.pop("nodes", [Node("one", Add(Q7), ("a", "b")), Node("two", Sub(Q7), ("one", "b"))])
    return Net("n", inputs, nodes, **more)


LAYERS = [
    (lambda: one(conv(Conv2d, 3, 3), (1, 9)), "Conv2d takes images of shape (channels, rows, columns), not (1, 9)"),
    (lambda: one(conv(Conv1d, 3), (1, 9, 9)), "Conv1d takes frames of shape (channels, length), not (1, 9, 9)"),
    (lambda: one(conv(Conv2d, 3, 5), (1, 9, 4)), "a window over 5 samples does not fit a frame of 4; shorten"),
    (lambda: one(conv(Conv2d, 3, 3, channels=2), (3, 9, 9)), "Conv2d weighs 2 channels in each of 1 groups, but"),
    (lambda: conv(Conv2d, 3, 3, filters=3, groups=2), "Conv2d has 3 filters in 2 groups; the groups must divide them"),
    (lambda: conv(Conv2d, 3, 3, stride=(1, 2, 3)), "stride is [1, 2, 3]; give one number, or 2, one for each axis"),
    (lambda: conv(Conv2d, 3, 3, dilation=0), "Conv2d dilation is 0; give a whole number of 1 or more"),
    (lambda: conv(Conv2d, 3, 3, padding=(1, (2, -1))), "Conv2d padding is -1; give a whole number of 0 or more"),
    (lambda: conv(Conv2d, 3, 3, padding=(1, 2, 3)), "Conv2d padding is (1, 2, 3); give one number, or 2, or [before"),
    (lambda: conv(Conv1d, 3, padding=(1, 2, 3)), "Conv1d padding is (1, 2, 3); give one number, or 1, or [before"),
    (lambda: conv(Conv2d, 3), "Conv2d.weight has shape (1, 1, 3); 4 non-empty axes are needed"),
    (
        lambda: conv(ConvTranspose1d, 3, stride=2, output_padding=2),
        "ConvTranspose1d has an output padding of 2 with a stride of 2; it must be smaller than the stride or",
    ),
    (lambda: conv(ConvTranspose2d, 3, 3, stride=(2, 3), output_padding=(1, 3)), "an output padding of 3 with a"),
    (lambda: conv(ConvTranspose2d, 3, 3, padding=-1), "ConvTranspose2d padding is -1; give a whole number of 0"),
    (lambda: one(conv(ConvTranspose1d, 1, padding=3), (1, 2)), "does not fit a frame of 2 padded with -3 on both"),
    (lambda: MaxPool2d((2, 0), 1), "MaxPool2d size is 0; give a whole number of 1 or more, 65,536 at most"),
    (lambda: MaxPool2d(2, (1, 1, 1)), "MaxPool2d stride is [1, 1, 1]; give one number, or 2, one for each axis"),
    (lambda: one(AvgPool2d((2, 3), 1, (1, 2)), (1, 9, 4)), "a window over 5 samples does not fit a frame of 4"),
    (lambda: one(Add(Q7), (2, 3), (3, 2)), "Add takes two or more tensors of one shape, not [(2, 3), (3, 2)]"),
    (lambda: Net("n", TensorType((2,), Q7), [Node("it", Mul(Q7), ["input"] * 3)]), "Mul it takes 2 inputs, not 3"),
    (lambda: one(ComplexMul(Q7), (3,), (3,)), "ComplexMul takes pairs of channels (I, Q), not 3 channels; give"),
    (lambda: one(BitwiseOr(), (3,), (3,), formats=(Q7, "Q2.6")), "takes tensors of one format, not Q1.7, Q2.6; match"),
    (lambda: one(Concat(), (1, 3), (1, 4)), "Concat takes tensors alike but for their channels, not '1x3 Q1.7, 1x4"),
    (lambda: one(Concat(), (1, 3), (1, 3), formats=(Q7, "Q2.6")), "not '1x3 Q1.7, 1x3 Q2.6'; match formats and sizes"),
    (lambda: one(Concat(), (1, 3)), "Concat takes two or more tensors, not 1; leave it away"),
    (lambda: one(Flatten(), (9,)), "Flatten takes frames or images, not (9,), which is flat; leave it away"),
    (lambda: one(Reshape((2, 5)), (3, 3)), "Reshape gives shape (2, 5) (10 elements) to 9 elements of shape (3, 3)"),
    (lambda: one(Reshape(()), (3, 3)), "a tensor has shape (); give one or more axes"),
    (lambda: Reshape("ab"), "Reshape.shape is 'ab'; give a list of whole numbers"),
    (lambda: Reshape(np.array(5)), "Reshape.shape is array(5); give a list of whole numbers"),
    (lambda: MaxPool2d(np.array(2), 1), "MaxPool2d size is array(2); give a list of whole numbers"),
    (lambda: Upsample((1, 2, 3)), "Upsample factors is (1, 2, 3); give one whole number for a frame, two for an image"),
    (lambda: Upsample((0,)), "Upsample factors is 0; give a whole number of 1 or more"),
    (lambda: one(Upsample((2,)), (1, 3, 3)), "Upsample takes frames of shape (channels, length), not (1, 3, 3)"),
    (lambda: one(Interleave((2, 2)), (6, 3, 3)), "Interleave by (2, 2) takes a multiple of 4 channels, not 6"),
    (lambda: transposed_kernel(np.ones((3, 1, 2)), 2), "of 3 inputs has 2 groups; give a number that divides them"),
    (lambda: transposed_kernel(np.ones((2, 1, 2)), 0), "of 2 inputs has 0 groups; give a number that divides them"),
    (lambda: transposed_kernel(np.ones((2, 1, 2)), 2.0), "of 2 inputs has 2.0 groups; give a number that"),
    (lambda: transposed_kernel(np.ones(3)), "kernel has shape (3,); give (inputs, outputs / groups, *sizes)"),
    (lambda: transposed_kernel(np.ones((0, 1, 2))), "kernel has shape (0, 1, 2); give (inputs, outputs / groups"),
    (lambda: Constant([[128]], Q7), "Constant.values[0, 0] is 128, outside -128..127 of Q1.7"),
    (lambda: Constant([[0.5]], Q7), "Constant.values holds float64 numbers"),
    (lambda: Net("n", TensorType((1,), Q7), [Node("it", Constant([1], Q7), ("input",))]), "Constant it takes 0"),
]  # fmt: skip
NETS = [
    (lambda: two(outputs=("two", "one")), "net n has outputs ['two', 'one']; name nodes, each once, in the order of"),
    (lambda: two(outputs=("one", "one", "two")), "net n has outputs ['one', 'one', 'two']; name nodes"),
    (lambda: two(outputs=("b", "two")), "net n has outputs ['b', 'two']; name nodes"),
    (lambda: two(outputs=("one",)), "nothing uses node two; make it an output or remove it"),
    (lambda: two(outputs=5), "net n has outputs 5; give a list of names of nodes"),
    (lambda: two(nodes=[Node("one", Add(Q7), ("a", "a"))]), "net n: nothing uses input b; remove it"),
    (lambda: two(nodes=[Node("b", Add(Q7), ("a", "b"))]), "node name 'b' is taken"),
    (lambda: two(inputs={"A": TensorType((2,), Q7), "b": TensorType((2,), Q7)}), "an input called 'A'; use a"),
    (lambda: two(inputs={"x": TensorType((2,), Q7)}), "has an input called 'x'; use a lower-case identifier"),
    (lambda: two(inputs={}), "has {} for its input; give a TensorType(shape, format)"),
    (lambda: two(outputs=("one", "two")).output, "one"),
    (lambda: two().input, "net n has inputs a, b; here a net with one input is needed"),
]  # fmt: skip
CODES = [
    (lambda: ref.run(two(), [[1, 2]]), "net n takes inputs a, b; give a dictionary of one array each"),
    (lambda: ref.run(one(Flatten(), (1, 3)), [[[0.5, 1, 2]]]), "sample holds float64 numbers; integer codes of Q1.7"),
    (lambda: ref.run(two(), {"a": [[1, 2]]}), "net n takes inputs a, b, not 'a'; give one array for each"),
    (lambda: ref.run(two(), {"a": [[1, 2]], "b": [[1, 2]] * 2}), "samples by input; give as many of each"),
    (lambda: ref.run(two(), {"a": [[1, 200]], "b": [[1, 2]]}), "a sample [0, 1] is 200, outside -128..127"),
    (lambda: ref.run(two(), {"a": [[1, 2, 3]], "b": [[1, 2]]}), "(N, 2) at input a, not (1, 3); reshape the array"),
    (lambda: ref.run(two(outputs=("one", "two")), {"a": [[1, 2]], "b": [[1, 2]]}), "one, two"),
    (
        lambda: ranges(one(Mul(Q7), (1,), (1,), formats=("Q40.0", "Q40.0"))),
        "the accumulator needs 80 bits",
    ),
    (
        lambda: ranges(one(Dense([[1]], [(1 << 62)], Q7, Q7), (1,))),
        "net n, node it: the accumulator needs 64 bits, more than 63; narrow the weights or the inputs",
    ),
]


@pytest.mark.parametrize(("make", "sentence"), [*LAYERS, *NETS, *CODES])
def test_what_does_not_fit_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(BadInput) as caught:
        make()
    said = str(caught.value)
    assert sentence in said and "\n" not in said and not said.endswith(".") and len(said) < 300
