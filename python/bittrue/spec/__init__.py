"""The net: frozen layers with integer weights, typed formats and shapes. Its meaning is one integer function."""

from bittrue.spec.activation import Activation, LeakyReLU, Linear, ReLU
from bittrue.spec.add import Add
from bittrue.spec.complex_fir import ComplexFIR, Term
from bittrue.spec.dense import Dense
from bittrue.spec.layer import LAYERS, Layer, TensorType
from bittrue.spec.memory_taps import MemoryTaps
from bittrue.spec.net import Net, Node
from bittrue.spec.store import load, save
from bittrue.spec.table import Table

__all__ = [
    "LAYERS",
    "Activation",
    "Add",
    "ComplexFIR",
    "Dense",
    "Layer",
    "LeakyReLU",
    "Linear",
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
