"""The stochastic processes that noise generators learn, one a file, and how signals are drawn from them."""

from bittrue.apps.noise.processes.drawing import TEST, TRAIN, chunks, draw
from bittrue.apps.noise.processes.law import Choice, Fixed, Law, Multimodal, Uniform
from bittrue.apps.noise.processes.names import PROCESSES, Source, named
from bittrue.apps.noise.processes.process import Process

__all__ = [
    "PROCESSES",
    "TEST",
    "TRAIN",
    "Choice",
    "Fixed",
    "Law",
    "Multimodal",
    "Process",
    "Source",
    "Uniform",
    "chunks",
    "draw",
    "named",
]
