"""One torch module a layer: float64 parameters, and a forward pass that is the layer's integer function.

Values run between the modules, ``code * 2**-frac`` in float64. Scaling by powers of two is exact, so sums of products
of such values are integer sums as long as the accumulator stays below ``2**53``; `Network` refuses other nets.
"""

from __future__ import annotations

from collections.abc import Sequence

from bittrue import spec
from bittrue.qat.arranging import ConstantModule, MovingModule
from bittrue.qat.conv import ConvModule, DenseModule
from bittrue.qat.eltwise import AddModule, BitwiseModule, ComplexMulModule, MulModule
from bittrue.qat.module import LayerModule
from bittrue.qat.pool import PoolModule
from bittrue.qat.samples import ComplexFIRModule, MemoryTapsModule, TableModule
from bittrue.spec import Layer, TensorType
from bittrue.spec.layer import rule

MODULES: dict[type, type[LayerModule]] = {
    spec.MemoryTaps: MemoryTapsModule,
    spec.ComplexFIR: ComplexFIRModule,
    spec.Table: TableModule,
    spec.Dense: DenseModule,
    spec.Conv: ConvModule,
    spec.Pool: PoolModule,
    spec.Flatten: MovingModule,
    spec.Reshape: MovingModule,
    spec.Concat: MovingModule,
    spec.Upsample: MovingModule,
    spec.Interleave: MovingModule,
    spec.Constant: ConstantModule,
    spec.Add: AddModule,
    spec.Sub: AddModule,
    spec.Mul: MulModule,
    spec.ComplexMul: ComplexMulModule,
    spec.Bitwise: BitwiseModule,
}
"""The torch module by kind of layer."""


def module_of(layer: Layer, given: Sequence[TensorType]) -> LayerModule:
    """The torch module of a layer with inputs of the given types; `BadInput` for a kind of layer without one."""
    return rule(MODULES, layer, "the torch leg has no module for")(layer, given)
