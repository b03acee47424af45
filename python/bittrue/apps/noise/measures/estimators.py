"""Estimators of parameters by process: what a signal says about the process that it came from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.measures import hurst, impulses, shot_rate, stable, whittle
from bittrue.apps.noise.processes.alpha_stable import AlphaStable
from bittrue.apps.noise.processes.bernoulli_gaussian import BernoulliGaussian
from bittrue.apps.noise.processes.bursty import BurstyBernoulliGaussian
from bittrue.apps.noise.processes.fbm import FBM
from bittrue.apps.noise.processes.fdwn import FDWN
from bittrue.apps.noise.processes.fgn import FGN
from bittrue.apps.noise.processes.fgn_and_bursts import FGNAndBursts
from bittrue.apps.noise.processes.process import Process
from bittrue.apps.noise.processes.shot import Shot

Real = npt.NDArray[np.float64]


def estimated(process: Process, signals: Real) -> Mapping[str, Real]:
    """Estimates by the name of the parameter, float64 ``(N,)`` each, from signals ``(N, L)``.

    H of FGN and FBM, d of FDWN, nu of shot noise, p and the ratio of deviations of impulsive noise, alpha of stable
    noise; nothing of bands. Of FGN with bursts p is that of the mixture of two normal laws, whose narrower one is not
    white.
    """
    if isinstance(process, FGN):
        return {"H": hurst.of_noise(signals)}
    if isinstance(process, FBM):
        return {"H": hurst.of_motion(signals)}
    if isinstance(process, FDWN):
        return {"d": whittle.order(signals)}
    if isinstance(process, Shot):
        return {"nu": shot_rate.rate(signals, process)}
    if isinstance(process, BernoulliGaussian | BurstyBernoulliGaussian | FGNAndBursts):
        found = [impulses.mixture(signals[k : k + 128]) for k in range(0, len(signals), 128)]
        share, ratio = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return {"p": share, "ratio": ratio}
    if isinstance(process, AlphaStable):
        return {"alpha": stable.exponent(signals)}
    return {}
