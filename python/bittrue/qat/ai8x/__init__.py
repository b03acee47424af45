"""Training for the MAX78000 and MAX78002: layers, policies and checkpoints as in ai8x-training (docs/ai8x.md)."""

from bittrue.qat.ai8x import fused
from bittrue.qat.ai8x.eltwise import Add, Or, Sub, Xor
from bittrue.qat.ai8x.exporting import to_checkpoint, to_net, to_stages
from bittrue.qat.ai8x.fused import *  # noqa: F403 - the names of all
from bittrue.qat.ai8x.layer import Ai8xLayer
from bittrue.qat.ai8x.layers import AvgPool1d, AvgPool2d, Conv1d, Conv2d, ConvTranspose2d, Linear, MaxPool1d, MaxPool2d
from bittrue.qat.ai8x.policy import LayerPolicy, Policy
from bittrue.qat.ai8x.saving import save_checkpoint
from bittrue.qat.ai8x.starting import fold, initiate_qat, layers_of, start_qat

__all__ = [
    *(name for name in vars(fused) if name.startswith("Fused")),
    "Add",
    "Ai8xLayer",
    "AvgPool1d",
    "AvgPool2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose2d",
    "LayerPolicy",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "Or",
    "Policy",
    "Sub",
    "Xor",
    "fold",
    "initiate_qat",
    "layers_of",
    "save_checkpoint",
    "start_qat",
    "to_checkpoint",
    "to_net",
    "to_stages",
]
