"""Graphs as other tools export them, put together by hand: Brevitas, QKeras and HGQ2 are not installed here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="no onnx: pip install -e '.[qonnx]'")

from onnx import ModelProto, TensorProto, helper, numpy_helper

QONNX, BREVITAS = "qonnx.custom_op.general", "onnx.brevitas"


class Sketch:
    """Operators in a row; names of tensors go in and out."""

    def __init__(self, *shapes: tuple[int, ...], domain: str = QONNX) -> None:
        self.nodes: list[Any] = []
        self.constants: list[TensorProto] = []
        self.domain, self.shapes = domain, {f"x{k}": shape for k, shape in enumerate(shapes)}

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def op(self, operator: str, *inputs: Any, domain: str = "", **attributes: Any) -> str:
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        name = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, names, [name], name=name, domain=domain, **attributes))
        return name

    def quant(
        self, x: Any, scale: Any, bits: int, *, signed: bool = True, narrow: bool = False, rounding: str = "ROUND"
    ) -> str:
        how = {"signed": int(signed), "narrow": int(narrow), "rounding_mode": rounding}
        return self.op("Quant", x, np.float32(scale), np.float32(0), np.float32(bits), domain=self.domain, **how)

    def model(self, *outputs: str, opset: int = 13, shapes: dict[str, tuple[int, ...]] | None = None) -> ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "sketch",
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, shape in self.shapes.items()],
            [helper.make_tensor_value_info(each, TensorProto.FLOAT, None) for each in outputs],
            self.constants,
        )
        versions = [helper.make_opsetid("", opset), helper.make_opsetid(self.domain, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=8)


def drawn(seed: int, *shape: int, bits: int = 4, frac: int = 3) -> np.ndarray:
    """Weights of a few bits, all codes but the smallest."""
    top = (1 << (bits - 1)) - 1
    return np.random.default_rng(seed).integers(-top, top, shape, endpoint=True) * 2.0**-frac


def brevitas_mlp(rounding: str, *, scale: float = 2.0**-4, bits: int = 4) -> ModelProto:
    """QuantIdentity, QuantLinear with a bias, QuantReLU, QuantLinear: Gemm with the weight transposed."""
    net = Sketch((1, 6), domain=BREVITAS)
    x = net.quant("x0", 2.0**-5, 6, rounding=rounding)
    first = net.quant(drawn(1, 5, 6) + 0.01, 2.0**-3, 4, narrow=True)
    bias = net.quant(drawn(2, 5, bits=6, frac=8), 2.0**-8, 8)
    x = net.op("Relu", net.op("Gemm", x, first, bias, transB=1))
    x = net.quant(x, scale, bits, signed=False, rounding=rounding)
    last = net.quant(drawn(3, 3, 5), 2.0**-3, 4, narrow=True)
    return net.model(net.op("Gemm", x, last, transB=1))


def brevitas_cnn(rounding: str) -> ModelProto:
    """Scales a channel, batch norm with factors of powers of two, MaxPool, and a view as a vector."""
    net = Sketch((1, 2, 8, 6))
    x = net.quant("x0", 2.0**-7, 8)
    scales = np.float32([[[[0.25]]], [[[0.125]]], [[[0.5]]], [[[0.125]]]])
    weight = net.quant(drawn(4, 4, 2, 3, 3, bits=5, frac=4), scales, 4, narrow=True)
    x = net.op("Conv", x, weight, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1], group=1)
    gamma, variance = np.float32([0.5, 1, 2, 0.25]), np.float32([1, 4, 1, 0.25])
    beta, mean = np.float32([0.5, -0.25, 0, 1]), np.float32([0.125, 0, 0.5, -1])
    x = net.op("BatchNormalization", x, gamma, beta, mean, variance, epsilon=0.0)
    x = net.quant(net.op("Relu", x), 2.0**-2, 4, signed=False, rounding=rounding)
    x = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = net.op("Reshape", x, net.constant([1, -1], np.int64))
    weight = net.quant(drawn(5, 48, 3), 2.0**-3, 4)
    return net.model(net.op("Add", net.op("MatMul", x, weight), np.float32([0.5, -0.25, 1])))


def qkeras_mlp() -> ModelProto:
    """Dense as MatMul and Add, ``quantized_relu``, and an output that is quantised with a sign and cut off."""
    net = Sketch((1, 4))
    x = net.quant("x0", 2.0**-3, 8, rounding="FLOOR")
    for seed, sizes in ((6, (4, 7)), (7, (7, 2))):
        weight = net.quant(drawn(seed, *sizes), 2.0**-3, 4, narrow=True)
        bias = net.quant(drawn(seed + 10, sizes[1]), 2.0**-3, 4)
        x = net.op("Add", net.op("MatMul", x, weight), bias)
        x = net.quant(x, 2.0**-3, 8, rounding="FLOOR") if seed == 7 else net.op("Relu", x)
        x = x if seed == 7 else net.quant(x, 2.0**-2, 6, signed=False, rounding="HALF_UP")
    return net.model(x)


def hgq_mlp() -> ModelProto:
    """Weights of as many bits as each needs, as plain numbers; half a step added before a Quant node that cuts off."""
    net, rng = Sketch((1, 5)), np.random.default_rng(8)
    x = net.quant("x0", 2.0**-6, 8, rounding="FLOOR")
    weight = rng.integers(-7, 8, (5, 4)) * 2.0 ** -rng.integers(0, 7, (5, 4))
    x = net.op("Add", net.op("MatMul", x, net.constant(weight)), net.constant(rng.integers(-9, 9, 4) * 2.0**-5))
    x = net.quant(net.op("Add", x, np.float32(2.0**-4)), 2.0**-3, 9, rounding="FLOOR")
    return net.model(net.quant(net.op("MatMul", x, net.constant(drawn(9, 4, 2))), 2.0**-2, 8, rounding="CEIL"))


def residual() -> ModelProto:
    """Two branches, their sum behind a ReLU, the mean of all places, and a layer behind it."""
    net = Sketch((1, 2, 8))
    x = net.quant("x0", 2.0**-5, 6)
    branch = []
    for seed in (10, 11):
        weight = net.quant(drawn(seed, 2, 2, 3), 2.0**-3, 4)
        y = net.op("Conv", x, weight, kernel_shape=[3], pads=[1, 1])
        branch.append(net.quant(net.op("Add", y, np.float32(2.0**-5)), 2.0**-4, 8, rounding="FLOOR"))
    total = net.op("Relu", net.op("Add", net.op("Add", *branch), x))
    x = net.quant(total, 2.0**-3, 6, signed=False, rounding="HALF_UP")
    x = net.quant(net.op("GlobalAveragePool", x), 2.0**-3, 6, signed=False, rounding="FLOOR")
    x = net.op("Flatten", x, axis=1)
    return net.model(net.op("MatMul", x, net.constant(drawn(12, 2, 3))))


def words() -> ModelProto:
    """Functions of one word that end in a Quant node of any rounding, a narrow one among them; signs as weights."""
    net = Sketch((1, 4))
    x = net.quant("x0", 2.0**-3, 6)
    y = net.op("Clip", net.op("Mul", x, np.float32(0.7)), np.float32(-1.5), np.float32(2))
    y = net.quant(net.op("Sub", np.float32(0.3), y), 2.0**-4, 7, rounding="ROUND", narrow=True)
    signs = net.op("BipolarQuant", net.constant(drawn(13, 4, 4)), np.float32(0.5), domain=net.domain)
    z = net.quant(net.op("MatMul", y, signs), 2.0**-2, 4, narrow=True, rounding="FLOOR")
    both = net.op("Concat", z, net.quant(x, 2.0**-2, 4, rounding="HALF_DOWN"), axis=1)
    wide = net.op("Cast", net.op("Mul", net.op("Cast", x, to=11), net.constant(0.7, np.float64)), to=1)
    both = net.op("Concat", both, net.quant(net.op("Neg", wide), 2.0**-2, 4), axis=1)
    leaky = net.op("LeakyRelu", net.op("MatMul", both, net.constant(drawn(14, 12, 3))), alpha=0.125)
    return net.model(net.quant(net.op("Add", leaky, np.float32(0.125)), 0.25, 6, rounding="FLOOR"))


def upsampled() -> ModelProto:
    """A transposed convolution, the nearest sample repeated, products of two branches."""
    net = Sketch((1, 2, 5))
    x = net.quant("x0", 2.0**-5, 6)
    y = net.op("ConvTranspose", x, net.constant(drawn(15, 2, 3, 4)), kernel_shape=[4], strides=[2], pads=[1, 1])
    y = net.quant(y, 2.0**-3, 6, rounding="FLOOR")
    how = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    up = net.op("Resize", x, net.constant([]), net.constant([1, 1, 2]), **how)
    z = net.op("Conv", up, net.constant(drawn(16, 3, 2, 1)), kernel_shape=[1])
    z = net.quant(z, 2.0**-3, 6, rounding="FLOOR")
    product = net.op("Add", net.op("Mul", y, z), np.float32(2.0**-5))
    return net.model(net.quant(product, 2.0**-4, 8, rounding="FLOOR"), net.op("Sub", z, y))


def keras_cnn() -> ModelProto:
    """Channels last between the convolutions, as converters of Keras leave them, and a vector in that order."""
    net = Sketch((1, 6, 5, 2))
    x = net.quant("x0", 2.0**-4, 5)
    for seed, channels, more in ((17, 2, 3), (18, 3, 4)):
        weight = net.quant(drawn(seed, more, channels, 3, 2), 2.0**-3, 4)
        x = net.op("Conv", net.op("Transpose", x, perm=[0, 3, 1, 2]), weight, kernel_shape=[3, 2])
        x = net.op("Add", net.op("Transpose", x, perm=[0, 2, 3, 1]), net.constant(drawn(seed + 9, more)))
        x = net.quant(net.op("Relu", x), 2.0**-2, 4, signed=False, rounding="HALF_UP")
    x = net.op("Reshape", x, net.constant([1, -1], np.int64))
    return net.model(net.op("Gemm", x, net.quant(drawn(19, 2, 24), 2.0**-3, 4), transB=1))


def means() -> ModelProto:
    """Means that are cut off toward zero, cut off downwards, and rounded into another format."""
    net = Sketch((1, 2, 9))
    x = net.quant("x0", 2.0**-5, 6)
    outputs = []
    for size, scale, rounding in (
        (3, 2.0**-5, "DOWN"),
        (4, 2.0**-5, "FLOOR"),
        (2, 2.0**-4, "CEIL"),
        (8, 2.0**-5, "DOWN"),
    ):
        y = net.op("AveragePool", x, kernel_shape=[size], strides=[1 + size % 2])
        outputs.append(net.quant(y, scale, 6, rounding=rounding))
    return net.model(*outputs)


def branching() -> ModelProto:
    """A word behind a ReLU and an absolute value, and as it was."""
    net = Sketch((1, 3))
    x = net.quant("x0", 2.0**-3, 6)
    y = net.quant(net.op("MatMul", x, net.constant(drawn(20, 3, 4))), 2.0**-2, 6, rounding="FLOOR")
    z = net.quant(net.op("MatMul", x, net.constant(drawn(21, 3, 4))), 2.0**-2, 6, rounding="FLOOR")
    z = net.op("Relu", z)
    both = net.op("Concat", net.op("Relu", y), y, net.quant(net.op("Abs", y), 2.0**-2, 6), z, axis=1)
    return net.model(net.op("MatMul", both, net.constant(drawn(22, 16, 3))))


FITS = {
    "brevitas mlp, cut off": lambda: brevitas_mlp("FLOOR"),
    "brevitas mlp, half up": lambda: brevitas_mlp("HALF_UP"),
    "brevitas mlp, exact": lambda: brevitas_mlp("ROUND", scale=2.0**-8, bits=14),
    "brevitas cnn, half up": lambda: brevitas_cnn("HALF_UP"),
    "brevitas cnn, up": lambda: brevitas_cnn("CEIL"),
    "brevitas cnn, half down": lambda: brevitas_cnn("HALF_DOWN"),
    "qkeras mlp": qkeras_mlp,
    "hgq mlp": hgq_mlp,
    "residual": residual,
    "words": words,
    "upsampled": upsampled,
    "keras cnn": keras_cnn,
    "means": means,
    "branching": branching,
}
"""Graphs whose integers a net has exactly."""
