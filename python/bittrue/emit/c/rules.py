"""The C of every layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bittrue.emit.c import conv, eltwise, memory, moving, pool, vectors
from bittrue.emit.c.site import Fragment, Site
from bittrue.spec import (
    Add,
    Bitwise,
    ComplexFIR,
    ComplexMul,
    Concat,
    Constant,
    Conv,
    Dense,
    Flatten,
    Interleave,
    Layer,
    MemoryTaps,
    Mul,
    Pool,
    Reshape,
    Sub,
    Table,
    Upsample,
)
from bittrue.spec.layer import rule

RULES: dict[type, Callable[..., Fragment]] = {
    MemoryTaps: memory.memory_taps,
    ComplexFIR: memory.complex_fir,
    Table: vectors.table,
    Dense: vectors.dense,
    Conv: conv.conv,
    Pool: pool.pool,
    Flatten: moving.reshape,
    Reshape: moving.reshape,
    Concat: moving.concat,
    Upsample: moving.upsample,
    Interleave: moving.interleave,
    Constant: moving.constant,
    Add: eltwise.add,
    Sub: eltwise.add,
    Mul: eltwise.mul,
    ComplexMul: eltwise.complex_mul,
    Bitwise: eltwise.bitwise,
}
"""``(layer, site) -> Fragment`` by kind of layer."""


def fragment(layer: Layer, site: Site) -> Fragment:
    """The C of one layer in its place. Raises `BadInput` for a kind of layer without a rule."""
    found: Any = rule(RULES, layer, "the C leg has no rule for")
    result: Fragment = found(layer, site)
    return result
