"""The C of every layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bittrue import spec
from bittrue.emit.c import conv, eltwise, memory, moving, pool, vectors
from bittrue.emit.c.site import Fragment, Site
from bittrue.spec import Layer
from bittrue.spec.layer import rule

RULES: dict[type, Callable[..., Fragment]] = {
    spec.MemoryTaps: memory.memory_taps,
    spec.ComplexFIR: memory.complex_fir,
    spec.Table: vectors.table,
    spec.Dense: vectors.dense,
    spec.Conv: conv.conv,
    spec.Pool: pool.pool,
    spec.Flatten: moving.reshape,
    spec.Reshape: moving.reshape,
    spec.Concat: moving.concat,
    spec.Upsample: moving.upsample,
    spec.Interleave: moving.interleave,
    spec.Constant: moving.constant,
    spec.Add: eltwise.add,
    spec.Sub: eltwise.add,
    spec.Mul: eltwise.mul,
    spec.ComplexMul: eltwise.complex_mul,
    spec.Bitwise: eltwise.bitwise,
}
"""``(layer, site) -> Fragment`` by kind of layer."""


def fragment(layer: Layer, site: Site) -> Fragment:
    """The C of one layer in its place. Raises `BadInput` for a kind of layer without a rule."""
    found: Any = rule(RULES, layer, "the C leg has no rule for")
    result: Fragment = found(layer, site)
    return result
