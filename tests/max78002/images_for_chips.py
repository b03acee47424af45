"""Small nets of images and branches that use everything the chips have, by name."""

from __future__ import annotations

from dataclasses import replace

from stages_for_chips import conv, conv2d, joining, linear, passing

from bittrue.spec import Abs, ReLU
from bittrue.spec.stages import Pool
from bittrue.targets.max78002.devices import MAX78000, MAX78002


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


def _gaps(rng):
    """Folded frames, and what is flattened, between the words of other tensors."""
    return (8, 40), [
        conv(rng, "a", 8, 8, 3, padding=1),
        conv(rng, "b", 8, 8, 3, dilation=7, sources=("a",)),
        conv(rng, "c", 8, 8, 3, dilation=7, sources=("a",)),
        joining("d", "add", "b", "c"),
        conv(rng, "e", 4, 8, 2, dilation=13, sources=("b",)),
        replace(linear(rng, "f", 3, 8 * 26), sources=("c",)),
    ]


IMAGES = {
    "gaps": (_gaps, MAX78002),
    "gaps_78000": (_gaps, MAX78000),
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
RESULTS = {"_gaps": ("d", "e", "f"), "_elements": ("f", "i", "k"), "_averaged": ("f", "h")}
"""Recipes whose nets have several results."""
