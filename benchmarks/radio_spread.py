"""Print how far samples of an integer diffusion model spread: by law, and in the latent.

    python benchmarks/radio_spread.py FOLDER --data DIR --split S --most 20

By law: what the city leaves unknown of a value is Gaussian with a deviation of s codes, and the net says the mean of
z_0 given the noisy state, as the best there is would. In the latent: by value, over squares that are streets for the
most part, the error of the mean of 8 samples (seed 0) and the samples' standard deviation, root mean squares in codes.
"""

from __future__ import annotations

import argparse
import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np

from bittrue import ref
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.hardware.inputs import Inputs, folded
from bittrue.apps.radio.latent.autoencoder import SQUARE
from bittrue.apps.radio.latent.coding import codes
from bittrue.apps.radio.latent.diffusion_folder import Diffusion, read
from bittrue.apps.radio.latent.latent_nets import encoder
from bittrue.apps.radio.latent.process import FINE, SHIFT, factors
from bittrue.apps.radio.latent.sampling import Sampler
from bittrue.apps.radio.reporting.judging import evenly

SAMPLES = 8
UNKNOWN = (1, 2, 3, 4, 6, 8, 16)
"""Deviations, codes."""


def share(steps: int, noise: float, unknown: float) -> float:
    """Deviation of samples over that of what is unknown; ``noise`` is the deviation of n. Means are left out."""
    variance = noise**2
    for k in range(steps, 0, -1):
        own, t = factors(steps)[k - 1], k / steps
        told = (1 - t) * unknown**2 / (((1 - t) * unknown) ** 2 + t * noise**2)
        keep, take, add = (part / 2**SHIFT for part in (own.keep, own.take, own.add))
        variance = (keep + take * told) ** 2 * variance + (add * noise) ** 2
    return float(variance**0.5 / unknown)


def latents(model: Diffusion, maps: RadioMaps, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the mean and deviations of samples, mean squares by value."""
    sampler, encode = Sampler.on(model, "c"), encoder(model.autoencoder)
    errors, deviations = [], []
    for index in evenly(len(maps), most):
        scene = maps.scene(index)
        inputs = Inputs(scene.buildings > 0)
        drawn = sampler.latents(inputs.channels(scene.row, scene.column), 0, SAMPLES)
        truth = ref.run(encode, codes(scene.truth)[None].astype(np.int64))[0]
        street = folded(folded(folded(~inputs.built[None]))).mean(0) > 0.5
        assert street.shape == (256 // (2 * SQUARE), 256 // (2 * SQUARE))
        errors.append(np.square(drawn.mean(0) - truth)[:, street].mean(1))
        deviations.append(drawn.var(0, ddof=1)[:, street].mean(1))
    return np.mean(errors, 0), np.mean(deviations, 0)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="of a diffusion model")
    parser.add_argument("--data", help="folder of radio maps (default: found)")
    parser.add_argument("--split", required=True, help="maps to draw, such as 111-120")
    parser.add_argument("--most", type=int, default=20, metavar="N")
    arguments = parser.parse_args()
    model = read(arguments.folder)
    print(f"{'unknown, codes':28}" + "".join(f"{s:7}" for s in UNKNOWN))
    for noise in (32.0, 32 / 2**FINE):
        found = "".join(f"{share(model.steps, noise, s):7.2f}" for s in UNKNOWN)
        print(f"share, noise of {noise:4.0f} codes     {found}")
    errors, deviations = latents(model, RadioMaps(arguments.data, View(split=arguments.split)), arguments.most)
    for title, found in (("error of the mean, codes", errors), ("samples' deviation, codes", deviations)):
        print(f"{title:28}" + "".join(f"{one:5.1f}" for one in found**0.5))


if __name__ == "__main__":
    main()
