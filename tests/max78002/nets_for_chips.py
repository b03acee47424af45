"""Small nets that use everything the chips have, by name: what is generated, decoded and executed in the tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bittrue.spec import Abs, Linear, ReLU
from bittrue.spec.stages import Pool, Stage, stage_net
from bittrue.targets.max78002.devices import MAX78000, MAX78002

ACTIVATIONS = (ReLU(), Linear(), Abs())


def _weights(rng, shape, bits):
    if bits < 0:
        return rng.choice(np.array([-1, 1]), shape)
    half = 1 << (bits - 1)
    return rng.integers(-half, half, shape)


def conv(rng, name, outputs, inputs, size, bits=8, bias=True, groups=1, **more):
    """A convolution with full-range weights, and a shift that keeps most results off the rails."""
    weight = _weights(rng, (outputs, inputs // groups, size), bits)
    spread = (inputs // groups * size) ** 0.5 * (1 << abs(bits) - 1) * 40
    shift = int(np.floor(np.log2(128 * 50 / spread))) - (8 - abs(bits))
    values = rng.integers(-128, 128, outputs) if bias else None
    more.setdefault("output_shift", max(-15 - (8 - abs(bits)), min(15 - (8 - abs(bits)), shift)))
    return Stage(name, "conv1d", weight, values, bits, groups=groups, **more)


def conv2d(rng, name, outputs, inputs, side=3, bits=8, operation="conv2d", **more):
    """A convolution of images, or with ``operation`` a transposed one."""
    made = conv(rng, name, outputs, inputs, side * side, bits, **more)
    more = {"stride": 2, "output_padding": 1} if operation == "convtranspose2d" else {}
    return replace(made, operation=operation, weight=made.weight.reshape(outputs, -1, side, side), **more)


def joining(name, join, *sources, **more):
    """Sources taken together and passed through."""
    return Stage(name, "none", join=join, sources=sources, **more)


def linear(rng, name, outputs, inputs, bits=8, wide=False, **more):
    """A linear layer, wide or not."""
    made = conv(rng, name, outputs, inputs, 1, bits, **more)
    return Stage(name, "linear", made.weight[:, :, 0], made.bias, bits, 0 if wide else made.output_shift, wide)


def passing(name, kind, size, stride, dilation=1):
    """Pooling without a convolution."""
    return Stage(name, "none", pool=Pool(kind, size, stride, dilation))


def _plain(rng):
    return (3, 40), [
        conv(rng, "a", 20, 3, 5, padding=2, activation=ReLU()),
        conv(rng, "b", 64, 20, 3, padding=1, pool=Pool("max", 2, 2), activation=Abs()),
        conv(rng, "c", 33, 64, 9, pool=Pool("avg", 3, 1)),
        linear(rng, "d", 10, 33 * 10, wide=True),
    ]


def _passes(rng):
    return (70, 20), [
        conv(rng, "a", 130, 70, 3, activation=ReLU()),
        conv(rng, "b", 100, 130, 2, 4, pool=Pool("max", 3, 2)),
        conv(rng, "c", 65, 100, 1, 2, activation=Abs()),
        conv(rng, "d", 200, 65, 4, 1, activation=ReLU()),
        linear(rng, "e", 90, 200 * 4, 4),
        linear(rng, "f", 7, 90, 8, wide=True),
    ]


def _binary(rng):
    return (16, 24), [
        conv(rng, "a", 24, 16, 3, -1, padding=2, activation=ReLU()),
        conv(rng, "b", 20, 24, 3, 2, activation=Linear()),
        linear(rng, "c", 5, 20 * 24, 4),
    ]


def _zeros(rng):
    """-1/+1 weights where some kernels must be zero: dilated, or channels that the last pass lacks."""
    return (16, 30), [
        conv(rng, "a", 20, 16, 3, -1, activation=ReLU()),
        conv(rng, "b", 24, 20, 3, -1, padding=2, dilation=3, activation=ReLU()),
        conv(rng, "c", 100, 24, 2, -1, dilation=9),
        conv(rng, "d", 8, 100, 3, -1, activation=Abs()),
        linear(rng, "e", 70, 8 * 15, 4),
        linear(rng, "f", 3, 70, -1, wide=True),
    ]


def _depthwise(rng):
    return (22, 30), [
        conv(rng, "a", 22, 22, 3, padding=1, groups=22, activation=ReLU()),
        conv(rng, "b", 22, 22, 5, 4, groups=22, pool=Pool("avg", 2, 2)),
        conv(rng, "c", 100, 22, 1, activation=Abs()),
        conv(rng, "d", 100, 100, 3, groups=100, activation=ReLU()),
        conv(rng, "e", 100, 100, 2, 2, groups=100, bias=False),
        linear(rng, "f", 6, 100 * 8, wide=True),
    ]


def _pooling(rng):
    return (24, 60), [
        passing("a", "max", 3, 2),
        conv(rng, "b", 72, 24, 3, padding=1, activation=Abs()),
        passing("c", "avg", 4, 3),
        conv(rng, "d", 18, 72, 2, pool=Pool("max", 2, 1, 3)),
        passing("e", "max", 2, 2, 2),
        linear(rng, "f", 4, 18 * 2, wide=True),
    ]


def _dilated(rng):
    return (8, 61), [
        conv(rng, "a", 12, 8, 3, padding=2, dilation=4, activation=ReLU()),
        conv(rng, "b", 12, 12, 3, dilation=7, activation=Linear()),
        conv(rng, "c", 70, 12, 2, 4, dilation=9, activation=ReLU()),
        conv(rng, "d", 6, 70, 1, dilation=3, wide=True, output_shift=0),
    ]


def _flat(rng):
    return (5, 37), [
        linear(rng, "a", 67, 5 * 37, 4),
        linear(rng, "b", 100, 67, 2),
        linear(rng, "c", 3, 100, 1),
    ]


def _wide(rng):
    return (4, 21), [
        conv(rng, "a", 90, 4, 7, activation=ReLU(), pool=Pool("max", 2, 2)),
        conv(rng, "b", 66, 90, 2, 4, wide=True, output_shift=0),
    ]


def _small(rng):
    return (1, 64), [
        conv(rng, "a", 32, 1, 5, padding=2, activation=ReLU()),
        conv(rng, "b", 80, 32, 3, 4, padding=1, pool=Pool("max", 2, 2), activation=Abs()),
        conv(rng, "c", 40, 80, 3, 8, padding=2, pool=Pool("avg", 2, 2), activation=ReLU()),
        conv(rng, "d", 40, 40, 3, 2, dilation=5),
        linear(rng, "e", 6, 40 * 8, wide=True),
    ]


def _spread(rng):
    """Four thin layers with kernels for more than the processors that they would all begin at."""
    layers = [conv(rng, f"l{k}", 4, 4, 9, padding=2) for k in range(3)]
    wide = [conv(rng, "up", 512, 4, 9), conv(rng, "down", 4, 512, 3, 1)]
    again = [conv(rng, "up2", 512, 4, 9, 8), conv(rng, "down2", 4, 512, 1, 1)]
    return (4, 40), [*layers, *wide, *again]


def _images(rng):
    return (3, 18, 20), [
        conv2d(rng, "a", 20, 3, padding=1, activation=ReLU()),
        conv2d(rng, "b", 12, 20, padding=2, pool=Pool("max", 2, 2), activation=Abs()),
        conv2d(rng, "c", 18, 12, 1, 4, pool=Pool("avg", (2, 3), 1)),
        passing("d", "max", (3, 2), 2),
        conv2d(rng, "e", 10, 18, activation=ReLU()),
        linear(rng, "f", 24, 10 * 2 * 3, activation=ReLU()),
        linear(rng, "g", 7, 24, wide=True),
    ]


def _wide_images(rng):
    return (70, 9, 8), [
        conv2d(rng, "a", 100, 70, padding=1, activation=ReLU()),
        conv2d(rng, "b", 130, 100, 1, 4, pool=Pool("max", 2, 2)),
        conv2d(rng, "c", 12, 130, 3, 2, padding=2, wide=True, output_shift=0),
    ]


def _deep_images(rng):
    return (3, 10, 12), [
        conv2d(rng, "a", 20, 3, padding=1, activation=ReLU()),
        conv2d(rng, "b", 20, 20, padding=1, groups=20, activation=ReLU()),
        conv2d(rng, "c", 72, 20, 1, 2, activation=Abs()),
        conv2d(rng, "d", 72, 72, 3, 4, groups=72, pool=Pool("avg", 2, 2)),
        conv2d(rng, "e", 12, 72, 1, -1),
    ]


def _transposed(rng):
    return (5, 4, 3), [
        conv2d(rng, "a", 16, 5, padding=1, activation=ReLU()),
        conv2d(rng, "b", 12, 16, operation="convtranspose2d", padding=1, activation=ReLU()),
        conv2d(rng, "c", 8, 12, 3, 4, operation="convtranspose2d", padding=0),
        conv2d(rng, "d", 6, 8, operation="convtranspose2d", padding=2, pool=Pool("max", 2, 2)),
    ]


def _elements(rng):
    """Branches that are kept, added to, and combined element by element; several results."""
    return (3, 10, 12), [
        conv2d(rng, "a", 8, 3, padding=1),
        conv2d(rng, "b", 8, 8, padding=1, sources=("a",)),
        conv2d(rng, "c", 8, 8, padding=1, sources=("a",), activation=Abs()),
        joining("d", "sub", "b", "c"),
        joining("e", "xor", "b", "c"),
        joining("f", "or", "d", "e"),
        conv2d(rng, "g", 8, 8, 1, sources=("a",)),
        joining("h", "add", "f", "a", "g"),
        joining("i", "add", "h", "d", pool=Pool("avg", 2, 2), pool_first=False),
        conv2d(rng, "j", 12, 8, padding=1, sources=("h", "e"), join="add", pool=Pool("avg", 2, 2)),
        conv2d(rng, "k", 5, 12, 1, sources=("j",)),
    ]


def _joined(rng):
    """A network with a long branch: halved, made large again, and joined by channels."""
    return (4, 12, 8), [
        conv2d(rng, "a", 64, 4, padding=1, activation=ReLU()),
        conv2d(rng, "b", 72, 64, padding=1, pool=Pool("max", 2, 2), activation=ReLU()),
        conv2d(rng, "c", 64, 72, 3, 4, operation="convtranspose2d", padding=1),
        conv2d(rng, "d", 12, 128, 1, sources=("a", "c"), join="concat", activation=ReLU()),
        conv2d(rng, "e", 8, 12, padding=1),
        conv2d(rng, "f", 20, 24, padding=1, sources=("d", "e", "input"), join="concat"),
    ]


def _residual(rng):
    """A frame's branch is kept; of more than 64 channels."""
    return (2, 30), [
        conv(rng, "a", 72, 2, 5, padding=2, activation=ReLU()),
        conv(rng, "b", 72, 72, 1, sources=("a",)),
        joining("c", "add", "a", "b"),
        passing("d", "avg", 2, 2),
        conv(rng, "e", 24, 72, 3, pool=Pool("max", 2, 2), activation=ReLU()),
        linear(rng, "f", 7, 24 * 5, wide=True),
    ]


def _averaged(rng):
    """Averages that come next after element-wise operations."""
    return (20, 8, 9), [
        conv2d(rng, "a", 24, 20, padding=1, activation=ReLU()),
        conv2d(rng, "b", 24, 24, 1, sources=("a",)),
        joining("c", "add", "b", "a"),
        conv2d(rng, "d", 24, 24, padding=1, pool=Pool("avg", 2, 2), activation=Abs()),
        conv2d(rng, "e", 24, 24, padding=1, pool=Pool("max", 2, 2), sources=("c",)),
        joining("f", "xor", "d", "e"),
        passing("g", "avg", 2, 2),
        linear(rng, "h", 5, 24 * 4, wide=True),
    ]


def _small_images(rng):
    """What a MAX78000 has: no reading over gaps, no depthwise layers."""
    return (3, 14, 13), [
        conv2d(rng, "a", 20, 3, padding=1, activation=ReLU()),
        conv2d(rng, "b", 20, 20, padding=1, sources=("a",), activation=ReLU()),
        conv2d(rng, "c", 16, 20, padding=1, sources=("a", "b"), join="add"),
        conv2d(rng, "d", 72, 16, padding=1, pool=Pool("avg", 2, 2), activation=ReLU()),
        conv2d(rng, "e", 72, 72, 1, 4, sources=("d",)),
        joining("f", "add", "d", "e", "d"),
        conv2d(rng, "g", 30, 72, 3, 1, padding=2, pool=Pool("max", 2, 2)),
        linear(rng, "h", 6, 30 * 5 * 5),
    ]


def _frame_to_image(rng):
    return (8, 48), [
        conv(rng, "a", 24, 8, 3, padding=1, activation=ReLU()),
        conv(rng, "b", 16, 24, 1, activation=ReLU()),
        conv2d(rng, "c", 12, 16, padding=1, shape=(8, 6), activation=ReLU()),
        conv2d(rng, "d", 10, 12, pool=Pool("max", 2, 2), activation=ReLU()),
        linear(rng, "e", 6, 10 * 2, 4, wide=True),
    ]


RECIPES = {
    "plain": (_plain, MAX78002),
    "passes": (_passes, MAX78002),
    "binary": (_binary, MAX78002),
    "zeros": (_zeros, MAX78002),
    "depthwise": (_depthwise, MAX78002),
    "pooling": (_pooling, MAX78002),
    "dilated": (_dilated, MAX78002),
    "flat": (_flat, MAX78002),
    "wide": (_wide, MAX78002),
    "small": (_small, MAX78000),
    "spread": (_spread, MAX78000),
    "flat_78000": (_flat, MAX78000),
    "dilated_78000": (_dilated, MAX78000),
    "images": (_images, MAX78002),
    "images_78000": (_images, MAX78000),
    "wide_images": (_wide_images, MAX78002),
    "wide_images_78000": (_wide_images, MAX78000),
    "deep_images": (_deep_images, MAX78002),
    "transposed": (_transposed, MAX78002),
    "transposed_78000": (_transposed, MAX78000),
    "elements": (_elements, MAX78002),
    "elements_78000": (_elements, MAX78000),
    "joined": (_joined, MAX78002),
    "joined_78000": (_joined, MAX78000),
    "residual": (_residual, MAX78002),
    "averaged": (_averaged, MAX78002),
    "averaged_78000": (_averaged, MAX78000),
    "small_images": (_small_images, MAX78000),
    "frame_to_image": (_frame_to_image, MAX78000),
}
RESULTS = {"_elements": ("f", "i", "k"), "_averaged": ("f", "h")}
"""Recipes whose nets have several results."""


def case(name):
    """A net, its device, and codes of one frame."""
    recipe, device = RECIPES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    shape, stages = recipe(rng)
    net = stage_net(name.replace("_", "-"), shape, stages, RESULTS.get(recipe.__name__, ()))
    return net, device, rng.integers(-128, 128, shape)
