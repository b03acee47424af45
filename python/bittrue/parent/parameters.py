"""Names and grids of a net's trainable parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bittrue.spec import Constant, Layer, Net, Table, TensorType, Weighted

Real = npt.NDArray[np.float64]
Parameters = Mapping[str, Real]
"""Float parameters by ``"<node>.<field>"``, the names that weights.safetensors uses for the codes."""


def trainable(layer: Layer) -> dict[str, npt.NDArray[np.int64]]:
    """The trainable arrays of a layer, as codes, by their field; tables and constants are none."""
    if isinstance(layer, Table | Constant):
        return {}
    return {key: value for key, value in vars(layer).items() if isinstance(value, np.ndarray)}


def fraction(layer: Layer, types: Sequence[TensorType], field: str) -> int:
    """Fractional bits of a parameter: those of the weight format, for a bias those of the accumulator."""
    if field == "bias" and isinstance(layer, Weighted):
        return layer.acc_frac(types[0].format)
    frac: int = layer.weight_format.frac  # type: ignore[attr-defined]
    return frac


def decoded(net: Net) -> dict[str, Real]:
    """The parameters that a net's own codes stand for: ``code * 2**-frac``, exact up to 53 bits."""
    return {
        f"{node.name}.{field}": np.ldexp(codes.astype(np.float64), -fraction(node.layer, net.input_types(node), field))
        for node in net.nodes
        for field, codes in trainable(node.layer).items()
    }
