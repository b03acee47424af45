"""Small nets that use everything the chips have, by name: what is generated, decoded and executed in the tests."""

from __future__ import annotations

import numpy as np
from images_for_chips import IMAGES, RESULTS
from stages_for_chips import conv, linear, passing

from bittrue.spec import Abs, Linear, ReLU
from bittrue.spec.stages import Pool, stage_net
from bittrue.targets.max78002.devices import MAX78000, MAX78002

ACTIVATIONS = (ReLU(), Linear(), Abs())


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
    **IMAGES,
}


def case(name):
    """A net, its device, and codes of one frame."""
    recipe, device = RECIPES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    shape, stages = recipe(rng)
    net = stage_net(name.replace("_", "-"), shape, stages, RESULTS.get(recipe.__name__, ()))
    return net, device, rng.integers(-128, 128, shape)
