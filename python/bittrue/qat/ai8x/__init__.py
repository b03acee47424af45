"""Training for the MAX78000 and MAX78002: layers, policies and checkpoints as in ai8x-training (docs/ai8x.md)."""

from bittrue.qat.ai8x.exporting import to_checkpoint, to_net, to_stages
from bittrue.qat.ai8x.layer import Ai8xLayer
from bittrue.qat.ai8x.layers import (
    AvgPool1d,
    Conv1d,
    FusedAvgPoolConv1d,
    FusedAvgPoolConv1dBNReLU,
    FusedAvgPoolConv1dReLU,
    FusedConv1dAbs,
    FusedConv1dBN,
    FusedConv1dBNAbs,
    FusedConv1dBNReLU,
    FusedConv1dReLU,
    FusedLinearAbs,
    FusedLinearReLU,
    FusedMaxPoolConv1d,
    FusedMaxPoolConv1dBNReLU,
    FusedMaxPoolConv1dReLU,
    Linear,
    MaxPool1d,
)
from bittrue.qat.ai8x.policy import LayerPolicy, Policy
from bittrue.qat.ai8x.saving import save_checkpoint
from bittrue.qat.ai8x.starting import fold, initiate_qat, layers_of, start_qat

__all__ = [
    "Ai8xLayer",
    "AvgPool1d",
    "Conv1d",
    "FusedAvgPoolConv1d",
    "FusedAvgPoolConv1dBNReLU",
    "FusedAvgPoolConv1dReLU",
    "FusedConv1dAbs",
    "FusedConv1dBN",
    "FusedConv1dBNAbs",
    "FusedConv1dBNReLU",
    "FusedConv1dReLU",
    "FusedLinearAbs",
    "FusedLinearReLU",
    "FusedMaxPoolConv1d",
    "FusedMaxPoolConv1dBNReLU",
    "FusedMaxPoolConv1dReLU",
    "LayerPolicy",
    "Linear",
    "MaxPool1d",
    "Policy",
    "fold",
    "initiate_qat",
    "layers_of",
    "save_checkpoint",
    "start_qat",
    "to_checkpoint",
    "to_net",
    "to_stages",
]
