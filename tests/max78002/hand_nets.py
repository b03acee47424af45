"""Nets of images and branches, with their hardware layers, by name."""

from __future__ import annotations

from hand_bench import Bench, Window

from bittrue_firmware.chip import MAX78000, MAX78002

BOTH, BIG = (MAX78002, MAX78000), (MAX78002,)


def images(chip):
    """Kernels of 3 x 3 and 1 x 1, paddings, windows that are no squares, a map flattened."""
    bench = Bench(chip, (3, 13, 11))
    a = bench.sum("a", bench.input, 9, pad=1, activation="relu")
    b = bench.sum("b", a, 20, pad=2, pool=Window("max", (2, 3), 2), activation="abs")
    c = bench.sum("c", b, 7, 1, pool=Window("avg", (3, 2), 1), shift=-4)
    d = bench.sum("d", c, 5, bits=4, shift=-5)
    bench.flat("e", d, 6, wide=True)
    return bench


def chw(chip):
    """Four pixels of a channel a word."""
    bench = Bench(chip, (3, 9, 10), big=True)
    a = bench.sum("a", bench.input, 6, pad=1, pool=Window("max", (2, 2), 2), shift=-3)
    bench.sum("b", a, 5, 1, wide=True)
    return bench


def transposed(chip):
    """Transposed convolutions of all paddings, and 32 bits of a map."""
    bench = Bench(chip, (4, 5, 3))
    a = bench.sum("a", bench.input, 6, pad=1, transposed=True, shift=-3)
    b = bench.sum("b", a, 70, pad=0, transposed=True, activation="relu", shift=-3)
    c = bench.sum("c", b, 3, pad=2, transposed=True, bits=4, shift=-3)
    bench.sum("d", c, 9, 1, wide=True)
    return bench


def branches(chip):
    """Operands that meet alone or in front of a convolution, pooled before or after; one of them read on its own."""
    bench = Bench(chip, (4, 8, 9))
    a = bench.sum("a", bench.input, 8, pad=1, shift=-4)
    word = bench.room((8, 8, 9), 2)
    left = bench.move("left", a, spot=(word, 0, 2))
    right = bench.sum("right", a, 8, pad=1, spot=(word, 1, 2), shift=-4)
    word = bench.room((8, 4, 4), 3)
    square = Window("max", (2, 2), 2)
    first = bench.sum("first", [left, right], 8, 3, 1, meets="add", pool=square, spot=(word, 0, 3), shift=-4)
    mean = Window("avg", (2, 2), 2)
    after = bench.sum(
        "after", [left, right], 8, 1, meets="sub", pool=mean, pool_first=False, spot=(word, 1, 3), shift=-3
    )
    either = bench.move("either", [left, right], meets="xor", pool=square, spot=(word, 2, 3))
    bench.sum("all", [first, after, either], 5, meets="or", wide=True)
    if chip is MAX78002:
        bench.sum("alone", after, 4, 1, wide=True)
        bench.outputs = ["all", "alone"]
    return bench


def concat(chip):
    """Channels side by side in the processors, from another data memory on."""
    bench = Bench(chip, (3, 6, 7))
    word = bench.room((16, 6, 7))
    a = bench.sum("a", bench.input, 8, pad=1, spot=(word, 0, 1), shift=-3)
    b = bench.sum("b", bench.input, 6, 1, spot=(word, 0, 1), targets=0x3F00, shift=-3)
    both = bench.joined("both", [a, b])
    c = bench.sum("c", both, 20, activation="relu", targets=0xFFFFF << 20)
    bench.flat("d", c, 4, wide=True)
    return bench


def woven(chip):
    """Channels in words between each other: two tensors of 40 are 80 channels of two passes."""
    bench = Bench(chip, (3, 6, 5))
    word = bench.room((40, 6, 5), 2)
    a = bench.sum("a", bench.input, 40, pad=1, spot=(word, 0, 2), shift=-3)
    b = bench.sum("b", bench.input, 40, 1, spot=(word, 1, 2), shift=-3)
    c = bench.sum("c", bench.joined("both", [a, b], interleaved=True), 5, pad=1, shift=-6)
    bench.sum("d", c, 3, 1, wide=True)
    return bench


def passes(chip):
    """More than 64 channels: in sums, operands, maps that are pooled, and flattened."""
    bench = Bench(chip, (70, 6, 6))
    word = bench.room((100, 6, 6), 2)
    three = bench.room((100, 6, 6), 3)
    a = bench.sum("a", bench.input, 100, pad=1, shift=-6, spot=(word, 0, 2))
    b = bench.sum("b", bench.input, 100, 1, bits=2, shift=-2, spot=(word, 1, 2))
    c = bench.move("c", [a, b], meets="add", spot=(three, 0, 3))
    a = bench.sum("a2", bench.input, 100, 1, shift=-5, spot=(three, 1, 3))
    b = bench.sum("b2", bench.input, 100, 1, shift=-5, spot=(three, 2, 3))
    c = bench.move("c2", [c, a, b], meets="sub")
    d = bench.move("d", c, Window("avg", (2, 2), 2))
    e = bench.sum("e", d, 130, bits=1, shift=-1, activation="abs")
    bench.flat("f", e, 70, 4, wide=True)
    return bench


def depthwise(chip):
    """One kernel a channel, 3 x 3 and 1 x 1."""
    bench = Bench(chip, (20, 9, 6))
    a = bench.sum("a", bench.input, 20, pad=1, groups=True, shift=-2, activation="relu")
    b = bench.sum("b", a, 68, 1, shift=-4)
    c = bench.sum("c", b, 68, groups=True, pool=Window("max", (2, 2), 1), bits=4, shift=-1)
    bench.sum("d", c, 5, 1, wide=True)
    return bench


def binary(chip):
    """Weights of -1 and +1."""
    bench = Bench(chip, (16, 6, 7))
    a = bench.sum("a", bench.input, 8, pad=1, bits=-1, shift=-6)
    bench.sum("b", a, 5, 1, bits=-1, wide=True)
    return bench


def mixed(chip):
    """One dimension: a branch of it, then its frame read as an image."""
    from bittrue.spec.arranging import Reshape
    from bittrue.spec.net import Node

    bench = Bench(chip, (2, 24))
    a = bench.sum("a", bench.input, 12, 5, 2, shift=-3)
    word = bench.room((12, 24), 2)
    left = bench.move("left", a, spot=(word, 0, 2))
    right = bench.sum("right", a, 12, 3, 1, spot=(word, 1, 2), shift=-4)
    b = bench.move("b", [left, right], meets="sub")
    bench.nodes.append(Node("image", Reshape((12, 4, 6)), (b.node,)))
    b.node, b.shape = "image", (12, 4, 6)
    c = bench.sum("c", b, 7, pad=1, pool=Window("max", (2, 2), 2), shift=-4)
    bench.flat("d", c, 3, wide=True)
    return bench


MADE = {
    "images": (images, BOTH), "chw": (chw, BOTH), "transposed": (transposed, BOTH), "branches": (branches, BOTH),
    "concat": (concat, BOTH), "woven": (woven, BOTH), "passes": (passes, BOTH), "depthwise": (depthwise, BIG),
    "binary": (binary, BIG), "mixed": (mixed, BOTH),
}  # fmt: skip
CASES = [(name, chip) for name, (_, chips) in MADE.items() for chip in chips]


def made(name, chip):
    """The bench of a net."""
    return MADE[name][0](chip)
