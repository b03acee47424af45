"""Number core: formats, the one rounding rule, saturation, integer square root, exact intervals."""

from bittrue.num.fit import fit_format, fit_with_biases, outside
from bittrue.num.format import Format
from bittrue.num.interval import Interval
from bittrue.num.isqrt import isqrt
from bittrue.num.requantise import requantise, round_shift, saturate

__all__ = [
    "Format",
    "Interval",
    "fit_format",
    "fit_with_biases",
    "isqrt",
    "outside",
    "requantise",
    "round_shift",
    "saturate",
]
