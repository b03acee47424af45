"""Stages with full-range weights, for the tests of what is generated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bittrue.spec.stages import Pool, Stage


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
