"""What takes modules of PyTorch's, apart from the rest because it needs PyTorch."""

import bittrue.qat as qat
from bittrue.qat import ptq

__all__ = ["ptq", "qat"]
