"""Small sources with drawn weights: two rates and a parameter; images; a vector."""

from __future__ import annotations

from functools import cache

import numpy as np

from bittrue.num import Format
from bittrue.spec import Concat, Conv1d, Conv2d, ConvTranspose1d, Dense, LeakyReLU, Net, Node, ReLU, TensorType
from bittrue.spec.source import Latent, Parameter, Source

Q7, WIDE = Format.parse("Q1.7"), Format.parse("Q6.10")


def _weights(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-128, 128, shape)


@cache
def two_rates(samples: int = 16) -> Source:
    """Noise at a quarter of the rate and at the rate, a parameter beside the coarse one, 16-bit samples.

    ``samples`` a frame; kernels 3, 5 (transposed, stride 4) and 3, none padded: U = samples + 2 results of the
    transposed convolution, (U + 5 - 1) places between its inputs, and two columns more for the first kernel.
    """
    rng = np.random.default_rng(7)
    fine = samples + 2
    places = fine + 5 - 1
    coarse = -(-places // 4)
    spare = places - (4 * coarse - 3)
    length = coarse + 2
    nodes = (
        Node("both", Concat(), ("slow", "level")),
        Node("shape", Conv1d(_weights(rng, 6, 4, 3), rng.integers(-5000, 5000, 6), Q7, Q7, ReLU()), ("both",)),
        Node(
            "up",
            ConvTranspose1d(_weights(rng, 5, 6, 5), rng.integers(-5000, 5000, 5), Q7, Q7, ReLU(), 4, 4, spare),
            ("shape",),
        ),
        Node("mixed", Concat(), ("up", "fast")),
        Node("out", Conv1d(_weights(rng, 1, 7, 3), [77], Q7, WIDE, "linear"), ("mixed",)),
    )
    inputs = {
        "slow": TensorType((3, length), Q7),
        "level": TensorType((1, length), Q7),
        "fast": TensorType((2, fine), Q7),
    }
    net = Net("two-rates", inputs, nodes)
    return Source(
        net,
        {
            "slow": Latent(0, "gaussian", samples // 4),
            "level": Parameter("H", -102, 102, 0, 8, 128),
            "fast": Latent(5, "uniform", samples),
        },
    )


@cache
def pictures() -> Source:
    """Images of noise, six channels of it in two groups of draws, padded: frames that share nothing."""
    rng = np.random.default_rng(8)
    conv = Conv2d(_weights(rng, 2, 6, 3, 3), rng.integers(-5000, 5000, 2), Q7, Q7, LeakyReLU(2), (1, 1))
    net = Net("pictures", TensorType((6, 3, 4), Format(6, 5)), (Node("out", conv, ("input",)),))
    return Source(net, {"input": Latent(9, "gaussian", 12)}, gain=3000)


@cache
def vectors() -> Source:
    """Vectors of noise through a matrix, as many channels as three groups of draws and one more."""
    rng = np.random.default_rng(9)
    layer = Dense(_weights(rng, 2, 13), [0, -999], Q7, WIDE, "linear")
    net = Net("vectors", TensorType((13,), Format(12, 11)), (Node("out", layer, ("input",)),))
    return Source(net, {"input": Latent(255, "uniform", 3)}, gain=-(1 << 15))


@cache
def crowded() -> Source:
    """Latents that one generator cannot serve at the shortest interval: 12 channels in 3 groups, 5 in 2, a vector's."""
    rng = np.random.default_rng(10)
    nodes = (
        Node("left", Conv1d(_weights(rng, 2, 12, 3), [5, -6], Q7, Q7, ReLU()), ("wide",)),
        Node("right", Conv1d(_weights(rng, 2, 5, 1), [7, -8], Q7, Q7, "abs"), ("narrow",)),
        Node("third", Conv1d(_weights(rng, 2, 1, 4), [7, -8], Q7, Q7, "abs"), ("single",)),
        Node("both", Concat(), ("left", "right", "third")),
        Node("out", Conv1d(_weights(rng, 2, 6, 1), [0, 1], Q7, Format(20, 12), "linear"), ("both",)),
    )
    inputs = {
        "wide": TensorType((12, 10), Q7),
        "narrow": TensorType((5, 8), Q7),
        "single": TensorType((1, 11), Q7),
    }
    filled = {"wide": Latent(0, "gaussian", 8), "narrow": Latent(1, "gaussian", 8), "single": Latent(2, "uniform", 8)}
    return Source(Net("crowded", inputs, nodes), filled)
