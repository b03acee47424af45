"""Between values and the codes of a net's tensors."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Net
from bittrue.spec.net import INPUT

Codes = npt.NDArray[np.int64]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Advice:
    """What to do with complex numbers, and with integers, where values are needed."""

    pairs: str
    integers: str


ADVICE = Advice("give I and Q as the last axis", "say codes=True if it holds codes")
"""To who calls from Python."""


def encoded(
    net: Net, x: npt.ArrayLike | Mapping[str, npt.ArrayLike], codes: bool = False
) -> tuple[dict[str, Codes], bool]:
    """Codes of every input of ``net``, checked, and whether one frame came without a sample axis.

    Parameters
    ----------
    net : Net
    x : array (N, *net.input.shape), or a mapping of one an input
        Floating-point values; with ``codes`` integer codes.
    codes : bool

    Raises
    ------
    BadInput
        For another shape or kind of number, NaN, infinity, or a code out of range.
    """
    given = x if isinstance(x, Mapping) else {INPUT: x}
    arrays = {name: np.asanyarray(array) for name, array in given.items()}  # masked arrays stay, to be refused
    alone = bool(arrays) and all(
        name in net.inputs and array.ndim == len(net.inputs[name].shape) for name, array in arrays.items()
    )
    if not codes and arrays.keys() == net.inputs.keys():
        arrays = {name: encode(array, net.inputs[name].format, _called(name, net)) for name, array in arrays.items()}
    return net.check_inputs(arrays if isinstance(x, Mapping) else arrays[INPUT]), alone


def decoded(net: Net, codes: Mapping[str, Codes]) -> dict[str, npt.NDArray[np.float64]]:
    """Values of tensors of ``net`` by their node's name, in float64."""
    return {name: net.types[name].format.decode(array) for name, array in codes.items()}


def encode(values: npt.NDArray[Any], fmt: Format, what: str, advice: Advice = ADVICE) -> Codes:
    """Codes of values, half up and saturating; a warning is logged that says how many saturate.

    Raises `BadInput`, naming ``what``, unless they are finite floating-point numbers of 64 bits at most.
    """
    if values.dtype.kind != "f" or values.dtype.itemsize > 8:
        fix = advice.pairs if values.dtype.kind == "c" else advice.integers
        raise BadInput(f"{what} holds {values.dtype} numbers and float64, 32 or 16 values are needed; {fix}")
    try:
        found = fmt.encode(values)
    except BadInput as error:
        raise BadInput(f"{what}: {error}") from None
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(values.astype(np.float64), fmt.frac)
    if beyond := int(((scaled < fmt.lo - 0.5) | (scaled >= fmt.hi + 0.5)).sum()):
        _log.warning("%d of %d values in %s lie outside %s and saturate", beyond, values.size, what, fmt)
    return found


def _called(name: str, net: Net) -> str:
    return "x" if len(net.inputs) == 1 else f"x[{name!r}]"
