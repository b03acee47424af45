"""One torch module a layer: float64 parameters, and a forward pass that is the layer's integer function.

Values run between the modules, ``code * 2**-frac`` in float64. Scaling by powers of two is exact, so sums of products
of such values are integer sums as long as the accumulator stays below ``2**53``; `Network` refuses other nets.
"""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.qat.arranging import ConstantModule, MovingModule
from bittrue.qat.conv import ConvModule, DenseModule
from bittrue.qat.eltwise import AddModule, BitwiseModule, ComplexMulModule, MulModule
from bittrue.qat.module import LayerModule
from bittrue.qat.pool import PoolModule
from bittrue.qat.samples import ComplexFIRModule, MemoryTapsModule, TableModule
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
    TensorType,
    Upsample,
)
from bittrue.spec.layer import rule

MODULES: dict[type, type[LayerModule]] = {
    MemoryTaps: MemoryTapsModule,
    ComplexFIR: ComplexFIRModule,
    Table: TableModule,
    Dense: DenseModule,
    Conv: ConvModule,
    Pool: PoolModule,
    Flatten: MovingModule,
    Reshape: MovingModule,
    Concat: MovingModule,
    Upsample: MovingModule,
    Interleave: MovingModule,
    Constant: ConstantModule,
    Add: AddModule,
    Sub: AddModule,
    Mul: MulModule,
    ComplexMul: ComplexMulModule,
    Bitwise: BitwiseModule,
}
"""The torch module by kind of layer."""


def module_of(layer: Layer, given: Sequence[TensorType]) -> LayerModule:
    """The torch module of a layer with inputs of the given types; `BadInput` for a kind of layer without one."""
    return rule(MODULES, layer, "the torch leg has no module for")(layer, given)
