"""The net: frozen layers with integer weights, typed formats and shapes. Its meaning is one integer function."""

from bittrue.spec.activation import Abs, Activation, LeakyReLU, Linear, ReLU
from bittrue.spec.arranging import Concat, Constant, Flatten, Interleave, Reshape, Upsample
from bittrue.spec.complex_fir import ComplexFIR, Term
from bittrue.spec.conv import Conv, Conv1d, Conv2d
from bittrue.spec.conv_transpose import ConvTranspose1d, ConvTranspose2d, Transposed, transposed_kernel
from bittrue.spec.dense import Dense
from bittrue.spec.eltwise import Add, Bitwise, BitwiseOr, BitwiseXor, ComplexMul, Eltwise, Mul, Sub
from bittrue.spec.layer import LAYERS, Layer, TensorType
from bittrue.spec.memory_taps import MemoryTaps
from bittrue.spec.net import Net, Node
from bittrue.spec.pool import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d, Pool
from bittrue.spec.store import as_net, load, save
from bittrue.spec.table import Table
from bittrue.spec.weighted import Weighted
from bittrue.spec.window import Axis, Phase

__all__ = [
    "LAYERS",
    "Abs",
    "Activation",
    "Add",
    "AvgPool1d",
    "AvgPool2d",
    "Axis",
    "Bitwise",
    "BitwiseOr",
    "BitwiseXor",
    "ComplexFIR",
    "ComplexMul",
    "Concat",
    "Constant",
    "Conv",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "Dense",
    "Eltwise",
    "Flatten",
    "Interleave",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "MemoryTaps",
    "Mul",
    "Net",
    "Node",
    "Phase",
    "Pool",
    "ReLU",
    "Reshape",
    "Sub",
    "Table",
    "TensorType",
    "Term",
    "Transposed",
    "Upsample",
    "Weighted",
    "as_net",
    "load",
    "save",
    "transposed_kernel",
]
