"""The torch leg and quantisation-aware training: float parameters, integer forward pass (docs/qat.md)."""

from bittrue.extras import install

try:
    import torch as _torch  # noqa: F401
except ImportError:
    raise ImportError(f"bittrue.qat needs PyTorch, which is not installed; {install('train')}", name="torch") from None

from bittrue.qat.leg import outputs, run, taps
from bittrue.qat.network import Network
from bittrue.qat.quantise import StraightThroughQuantize, fit_weight_format

__all__ = ["Network", "StraightThroughQuantize", "fit_weight_format", "outputs", "run", "taps"]
