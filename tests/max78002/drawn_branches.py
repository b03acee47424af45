"""Nets of images with branches, drawn at random."""

from __future__ import annotations

import numpy as np
from stages_for_chips import conv2d, joining, linear, passing

from bittrue.spec import Abs, Linear, ReLU
from bittrue.spec.net import INPUT
from bittrue.spec.stages import Pool, stage_net
from bittrue.targets.max78002.devices import MAX78000, MAX78002

WIDTHS = (4, 8, 12, 20, 64, 72)


class Draw:
    """One net: ``shapes`` of what there is by name, ``stages``, ``outputs``."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.device = self.one(MAX78000, MAX78002)
        shape = (self.one(1, 3, 8, 70), int(self.rng.integers(5, 12)), int(self.rng.integers(5, 12)))
        self.shapes = {INPUT: shape}
        self.stages, self.outputs = [], set()
        for _ in range(int(self.rng.integers(3, 9))):
            self.one(self.sum, self.sum, self.sum, self.elements, self.channels, self.turned, self.pool)()
        self.net = self.finish(shape)

    def one(self, *choices):
        return choices[int(self.rng.integers(len(choices)))]

    def add(self, stage, shape):
        self.stages.append(stage)
        self.shapes[stage.name] = shape

    @property
    def name(self):
        return f"l{len(self.stages)}"

    def source(self, least=1):
        """A tensor of at least so many rows and columns, a late one rather than an early one."""
        names = [name for name, (_, *sides) in self.shapes.items() if min(sides) >= least]
        return names[max(int(self.rng.integers(len(names))), int(self.rng.integers(len(names))))] if names else None

    def weighted(self, source, shape, operation="conv2d", joins=None, pad=None, side=None, pool=None):
        """A convolution of what has ``shape`` behind the pooling."""
        channels, rows, columns = shape
        side = side or (self.one(1, 3) if min(rows, columns) >= 3 else 1)
        pad = pad if pad is not None else int(self.rng.integers(0, side)) if side > 1 else 0
        outputs, bits = self.one(*WIDTHS), self.one(8, 8, 4, 2, 1)
        act, bias = self.one(ReLU(), Linear(), Abs()), self.one(True, False)
        made = conv2d(
            self.rng, self.name, outputs, channels, side, bits, operation, bias=bias, padding=pad, activation=act,
            sources=source, join=joins, pool=pool,
        )  # fmt: skip
        if operation == "conv2d":
            return made, (outputs, rows + 2 * pad - side + 1, columns + 2 * pad - side + 1)
        return made, (outputs, 2 * rows + 2 - 2 * pad, 2 * columns + 2 - 2 * pad)

    def pooling(self, shape):
        """A pooling, or none, and the shape behind it."""
        if min(shape[1:]) < 2 or self.one(True, False):
            return None, shape
        size, stride = self.one((1, 2), (2, 1), (2, 2)), int(self.rng.integers(1, 3))
        made = Pool(self.one("max", "avg"), size, stride)
        return made, (shape[0], *((n - s) // stride + 1 for n, s in zip(shape[1:], size, strict=True)))

    def sum(self):
        source = self.source()
        pool, shape = self.pooling(self.shapes[source])
        self.add(*self.weighted((source,), shape, pool=pool))

    def turned(self):
        source = self.source()
        if max(self.shapes[source][1:]) < 12:
            pad = self.one(0, 1) if min(self.shapes[source][1:]) < 2 else self.one(0, 1, 2)
            self.add(*self.weighted((source,), self.shapes[source], "convtranspose2d", None, pad, 3))

    def pool(self):
        source = self.source(3)
        if source and self.shapes[source][0] <= 64:
            shape = self.shapes[source]
            stage = passing(self.name, self.one("max", "avg"), 2, self.one(1, 2))
            stage = stage.__class__(stage.name, "none", pool=stage.pool, sources=(source,))
            self.add(stage, (shape[0], *((n - 2) // stage.pool.stride + 1 for n in shape[1:])))

    def like(self, source):
        """Another tensor of the shape of ``source``, made if need be."""
        names = [name for name, shape in self.shapes.items() if shape == self.shapes[source] and name != source]
        if names and self.one(True, False):
            return self.one(*names)
        channels, *sides = self.shapes[source]
        self.add(conv2d(self.rng, self.name, channels, channels, 1, sources=(source,)), (channels, *sides))
        return self.stages[-1].name

    def elements(self):
        source = self.source()
        sources = (source, *(self.like(source) for _ in range(self.one(1, 1, 2))))
        join, shape = self.one("add", "sub", "xor", "or"), self.shapes[source]
        pool, behind = self.pooling(shape)
        first = self.one(True, False) or len(sources) > 2
        if self.one(True, False):
            stage, made = self.weighted(sources, behind, joins=join, pool=pool)
        elif self.device == MAX78000 and shape[0] > 64:
            stage, made = joining(self.name, join, *sources), shape
        else:
            stage, made = joining(self.name, join, *sources, pool=pool), behind
        self.add(stage if first or not stage.pool else stage.__class__(**(vars(stage) | {"pool_first": False})), made)

    def channels(self):
        source = self.source()
        channels, *sides = self.shapes[source]
        if channels % 4 or channels > 64:
            return
        other = self.like(source)
        stage, made = self.weighted((source, other), (2 * channels, *sides), joins="concat")
        self.add(stage, made)

    def finish(self, shape):
        used = {source for stage in self.stages for source in stage.sources}
        if INPUT not in used:
            self.add(*self.weighted((INPUT,), shape))
        last = self.shapes[self.stages[-1].name]
        if last[1] * last[2] <= 100 and last[0] <= 64 and self.one(True, False):
            name = self.stages[-1].name
            made = linear(self.rng, self.name, 5, int(np.prod(last)), wide=True)
            self.add(made.__class__(**(vars(made) | {"sources": (name,)})), (5,))
        used = {source for stage in self.stages for source in stage.sources}
        outputs = tuple(stage.name for stage in self.stages if stage.name not in used)
        return stage_net("drawn", shape, self.stages, outputs)
