"""The building blocks of the training, importable from one place."""

from bittrue.apps.dpd.captures.augment import Compose, Drift, Gain, Noise, Phase
from bittrue.apps.dpd.searching.levels import compute_acpr, compute_evm, compute_nmse
from bittrue.apps.dpd.training.discriminator import Discriminator
from bittrue.apps.dpd.training.generator import MemoryTapAssembly, TDNNGenerator, TDNNGeneratorQAT
from bittrue.apps.dpd.training.spectral import SpectralLoss
from bittrue.apps.dpd.training.wasserstein import WassersteinLoss
from bittrue.kit.training.averaging import Average
from bittrue.qat import StraightThroughQuantize

__all__ = [
    "Average",
    "Compose",
    "Discriminator",
    "Drift",
    "Gain",
    "MemoryTapAssembly",
    "Noise",
    "Phase",
    "SpectralLoss",
    "StraightThroughQuantize",
    "TDNNGenerator",
    "TDNNGeneratorQAT",
    "WassersteinLoss",
    "compute_acpr",
    "compute_evm",
    "compute_nmse",
]
