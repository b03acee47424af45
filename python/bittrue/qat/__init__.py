"""The torch leg and quantisation-aware training: float parameters, integer forward pass (docs/qat.md)."""

from bittrue.extras import install

try:
    import torch as _torch  # noqa: F401
except ImportError:
    raise ImportError(f"bittrue.qat needs PyTorch, which is not installed; {install('train')}", name="torch") from None

from bittrue.qat.leg import outputs, run, taps
from bittrue.qat.network import Network
from bittrue.qat.quantise import StraightThroughQuantize, fit_weight_format
from bittrue.qat.tracing import Formats, Quantised, prepare, ptq

__all__ = [
    "Formats",
    "Network",
    "Quantised",
    "StraightThroughQuantize",
    "fit_weight_format",
    "outputs",
    "prepare",
    "ptq",
    "run",
    "taps",
]
