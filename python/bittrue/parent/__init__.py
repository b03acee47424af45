"""The float parent of a net: its trainable parameters as float64 numbers, and the ways between them and codes."""

from bittrue.parent.parameters import Parameters, Real, decoded, trainable
from bittrue.parent.quantise import Misfit, fitted, misfits, quantise, with_weight_format
from bittrue.parent.rescale import rescale, scalable

__all__ = [
    "Misfit",
    "Parameters",
    "Real",
    "decoded",
    "fitted",
    "misfits",
    "quantise",
    "rescale",
    "scalable",
    "trainable",
    "with_weight_format",
]
