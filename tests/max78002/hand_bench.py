"""A net and its hardware layers, built together by hand: nodes of bittrue.spec on one side, steps on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hand_steps import Step, split
from hand_written import HandSteps

from bittrue.num import Format
from bittrue.spec import Abs, Conv1d, Conv2d, Dense, Linear, Net, Node, ReLU, TensorType
from bittrue.spec.arranging import Concat, Flatten
from bittrue.spec.conv_transpose import ConvTranspose2d
from bittrue.spec.eltwise import Add, BitwiseOr, BitwiseXor, Sub
from bittrue.spec.pool import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d

DATA = Format(8, 7)
MEETING = {"add": Add(DATA), "sub": Sub(DATA), "or": BitwiseOr(), "xor": BitwiseXor()}
POOLS = {("max", 1): MaxPool1d, ("avg", 1): AvgPool1d, ("max", 2): MaxPool2d, ("avg", 2): AvgPool2d}
ACTIVATIONS = {"relu": ReLU(), "abs": Abs(), "none": Linear()}


@dataclass
class Tensor:
    """A tensor in data memory: its node, shape ``(channels, *axes)``, processors, and first word."""

    node: str
    shape: tuple[int, ...]
    processors: int
    word: int
    gap: int = 0

    @property
    def frame(self):
        return (*self.shape, 1, 1)[:3]


@dataclass
class Window:
    """A pooling window."""

    kind: str
    size: tuple[int, int]
    stride: int
    dilation: tuple[int, int] = (1, 1)

    def layer(self, rank):
        numbers = self.size[:rank], (self.stride,) * rank, self.dilation[:rank]
        return POOLS[self.kind, rank](*((n[0] if rank == 1 else n) for n in numbers))


class Bench:
    """Adds one hardware layer after the other; `net` and `hand` are what came of it.

    Every layer's result gets words of its own, from 0 on; ``spot`` of a layer is ``(first word, number, count)`` where
    its result stands interleaved with others, `room` gives the first word of such a place.
    """

    def __init__(self, chip, shape, seed=0, big=False):
        self.chip, self.rng, self.big = chip, np.random.default_rng(seed), big
        self.nodes, self.steps, self.ends, self.free, self.outputs = [], [], [], 0, []
        mask = sum(1 << (4 * c if big else c) for c in range(split(shape[0])[0]))
        self.input = Tensor("input", shape, mask, self.room(shape))

    def room(self, shape, count=1, wide=False):
        """Free words for ``count`` results of a shape."""
        first = self.free
        self.free += split(shape[0])[1] * int(np.prod(shape[1:])) * count * (4 if wide else 1)
        assert self.free <= self.chip.data_words, "the test takes too much data memory"
        return first

    def sum(self, name, source, outputs, size=3, pad=0, bits=8, shift=-5, activation="none", pool=None, **more):
        """A convolution 1-D or 2-D (by the shape of what is read), transposed, depthwise or wide as said."""
        operands = source if isinstance(source, list) else [source]
        meets, first, spot = more.get("meets"), more.get("pool_first", True), more.get("spot")
        node, shape = self._given(name, operands, meets, pool, first)
        groups = outputs if more.get("groups") else 1
        weight = self._weight((outputs, shape[0] // groups, *[size] * (len(shape) - 1)), bits)
        layer = self._layer(weight, bits, shift, activation, pad, groups, more)
        result = layer.output_type(TensorType(shape, DATA)).shape
        self.nodes.append(Node(name, layer, (node,)))
        step = self._step(name, operands, result, spot, pool, meets, first, more)
        step.weight, step.bits = (weight if weight.ndim == 4 else weight[..., None]), bits
        step.bias, step.shift = layer.bias // 128, 0 if step.wide else shift + 8 - abs(bits)
        step.activation, step.groups, step.transposed = activation, groups, bool(more.get("transposed"))
        step.operation = "conv1d" if len(shape) == 2 else "conv2d"
        own = 2 - pad if step.transposed else pad
        step.pad = (own, own if len(shape) == 3 else 0)
        return self._placed(name, step, result)

    def flat(self, name, source, outputs, bits=8, shift=-5, wide=False, activation="none"):
        """All of a tensor as one vector, and a matrix."""
        elements = int(np.prod(source.shape))
        weight = self._weight((outputs, elements), bits)
        layer = self._dense(weight, bits, shift, activation, wide)
        self.nodes += [Node(f"{name}_flat", Flatten(), (source.node,)), Node(name, layer, (f"{name}_flat",))]
        step = self._step(name, [source], (outputs,), None, None, None, True, {"wide": wide})
        step.weight, step.bits, step.flatten, step.operation = weight[:, :, None, None], bits, True, "conv2d"
        step.bias, step.shift, step.activation = layer.bias // 128, 0 if wide else shift + 8 - bits, activation
        return self._placed(name, step, (outputs,))

    def move(self, name, source, pool=None, meets=None, pool_first=True, **more):
        """Data or operands without a sum."""
        operands = source if isinstance(source, list) else [source]
        node, shape = self._given(name, operands, meets, pool, pool_first)
        if node in {tensor.node for tensor in operands}:
            node, same = name, Window("max", (1, 1), 1).layer(len(shape) - 1)
            self.nodes.append(Node(name, same, (operands[0].node,)))
        step = self._step(name, operands, shape, more.get("spot"), pool, meets, pool_first, more)
        return self._placed(node, step, shape)

    def joined(self, name, tensors, interleaved=False):
        """Channels of tensors that stand side by side, one map of processors behind the other, or word by word."""
        self.nodes.append(Node(name, Concat(), tuple(tensor.node for tensor in tensors)))
        shape = (sum(tensor.shape[0] for tensor in tensors), *tensors[0].shape[1:])
        mask = tensors[0].processors if interleaved else sum(tensor.processors for tensor in tensors)
        return Tensor(name, shape, mask, tensors[0].word)

    @property
    def net(self):
        return Net("by-hand", TensorType(self.input.shape, DATA), tuple(self.nodes), outputs=tuple(self.outputs))

    @property
    def hand(self):
        return HandSteps(self.steps, self.chip)

    def codes(self, seed=0):
        return np.random.default_rng(seed).integers(-128, 128, self.input.shape)

    def _given(self, name, operands, meets, pool, first):
        """The node that a sum takes, and its shape; nodes of poolings and of what meets are added."""
        rank, names, shape = len(operands[0].shape) - 1, [tensor.node for tensor in operands], operands[0].shape
        if pool and first:
            names = [self._node(f"{name}_pool{i}", pool.layer(rank), given) for i, given in enumerate(names)]
        if meets:
            names = [self._node(f"{name}_{meets}", MEETING[meets], *names)]
        if pool and not first:
            names = [self._node(f"{name}_pool", pool.layer(rank), *names)]
        if pool:
            shape = pool.layer(rank).output_type(TensorType(shape, DATA)).shape
        return names[0], shape

    def _node(self, name, layer, *given):
        self.nodes.append(Node(name, layer, given))
        return name

    def _weight(self, shape, bits):
        if bits < 0:
            return 2 * self.rng.integers(0, 2, shape) - 1
        return self.rng.integers(-(1 << bits - 1), 1 << bits - 1, shape)

    def _formats(self, bits, shift, wide):
        weights = Format(2 if bits < 0 else bits, 7 - (8 - abs(bits)) - (0 if wide else shift))
        return weights, Format(32, 7 + weights.frac) if wide else DATA

    def _layer(self, weight, bits, shift, activation, pad, groups, more):
        formats = self._formats(bits, shift, more.get("wide"))
        bias, does = self.rng.integers(-128, 128, len(weight)) * 128, ACTIVATIONS[activation]
        if more.get("transposed"):
            return ConvTranspose2d(weight, bias, *formats, does, (2, 2), (pad, pad), (1, 1))
        if weight.ndim == 3:
            return Conv1d(weight, bias, *formats, does, pad, groups=groups)
        return Conv2d(weight, bias, *formats, does, (pad, pad), groups=groups)

    def _dense(self, weight, bits, shift, activation, wide):
        bias = self.rng.integers(-128, 128, len(weight)) * 128
        return Dense(weight, bias, *self._formats(bits, shift, wide), ACTIVATIONS[activation])

    def _step(self, name, operands, result, spot, pool, meets, first, more):
        wide = bool(more.get("wide"))
        word, number, count = spot or (self.room(result, wide=wide), 0, 1)
        source, window = operands[0], pool or Window("max", (1, 1), 1)
        step = Step(
            name, "none", source.frame, (*result, 1, 1)[:3], source.processors,
            more.get("targets", (1 << split(result[0])[0]) - 1), min(tensor.word for tensor in operands), word + number,
            kind=window.kind, pool=window.size, stride=window.stride, dilation=window.dilation, wide=wide,
            operands=len(operands), function=meets or "add", pool_first=first, gap=count - 1,
            read_gap=source.gap if len(operands) == 1 else 0, big=self.big and source is self.input,
        )  # fmt: skip
        return step

    def _placed(self, node, step, result):
        self.steps.append(step)
        self.ends.append(node)
        return Tensor(node, result, step.targets, step.write, step.gap)
