"""The building blocks of the training, importable from one place."""

from bittrue.apps.dpd.augment import Compose, Drift, Gain, Noise, Phase
from bittrue.apps.dpd.discriminator import Discriminator
from bittrue.apps.dpd.ema import Average
from bittrue.apps.dpd.generator import MemoryTapAssembly, TDNNGenerator, TDNNGeneratorQAT
from bittrue.apps.dpd.levels import compute_acpr, compute_evm, compute_nmse
from bittrue.apps.dpd.spectral import SpectralLoss
from bittrue.apps.dpd.wasserstein import WassersteinLoss
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
