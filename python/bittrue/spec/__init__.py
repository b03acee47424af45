"""The net: frozen layers with integer weights, typed formats and shapes. Its meaning is one integer function."""

from bittrue.spec.activation import Abs, Activation, LeakyReLU, Linear, ReLU
from bittrue.spec.add import Add
from bittrue.spec.complex_fir import ComplexFIR, Term
from bittrue.spec.conv1d import Conv1d
from bittrue.spec.dense import Dense
from bittrue.spec.flatten import Flatten
from bittrue.spec.layer import LAYERS, Layer, TensorType
from bittrue.spec.memory_taps import MemoryTaps
from bittrue.spec.net import Net, Node
from bittrue.spec.pool1d import AvgPool1d, MaxPool1d
from bittrue.spec.store import load, save
from bittrue.spec.table import Table

__all__ = [
    "LAYERS",
    "Abs",
    "Activation",
    "Add",
    "AvgPool1d",
    "ComplexFIR",
    "Conv1d",
    "Dense",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool1d",
    "MemoryTaps",
    "Net",
    "Node",
    "ReLU",
    "Table",
    "TensorType",
    "Term",
    "load",
    "save",
]
