"""Comparison of two measured sets: one number a measure."""

from __future__ import annotations

import numpy as np
from scipy.stats import wasserstein_distance

from bittrue.apps.noise.measures import correlation, marginals, spectrum
from bittrue.apps.noise.measures.summary import Summary
from bittrue.errors import BadInput

MARGIN = 0.05
"""Share of a band's width beside either edge that its distance leaves out."""


def compared(target: Summary, other: Summary) -> dict[str, float]:
    """Distances of a set to its target, by name; 0 is the best of all of them.

    ========================  ======================================================================================
    ``geodesic``              of the spectra, over all frequencies
    ``geodesic in band``      over the band, where there is one, `MARGIN` off its edges
    ``out of band dB``        difference of the powers outside of the band, each relative to all power
    ``quantiles``             of all samples, see `bittrue.apps.noise.measures.marginals.quantile_error`
    ``kurtosis``              difference relative to the target's, in units of 1 at least
    ``ACF``, ``ACF of |x|``   root mean square over the lags
    ``W1 of`` a parameter     Wasserstein distance of the estimates
    ``median of`` it          difference of the medians, with its sign
    ``bit errors``            difference of the shares
    ========================  ======================================================================================

    Raises `BadInput` where the sets have signals of different lengths.
    """
    if target.length != other.length or target.density.shape != other.density.shape:
        raise BadInput(
            f"signals of {other.length:,} samples are compared with targets of {target.length:,}; both must be real or "
            "complex and of one length"
        )
    found = {"geodesic": spectrum.geodesic(target.density, other.density)}
    inside, within = (target.kind.inside(len(target.density), margin) for margin in (0.0, MARGIN))
    if inside is not None:
        found["geodesic in band"] = spectrum.geodesic(target.density, other.density, within)
        outside = [spectrum.outside(one.density, inside) for one in (other, target)]
        found["out of band dB"] = outside[0] - outside[1]
    found["quantiles"] = marginals.quantile_error(target.quantiles, other.quantiles)
    found["kurtosis"] = (other.kurtosis - target.kurtosis) / max(abs(target.kurtosis), 1.0)
    found["ACF"] = correlation.error(target.correlation, other.correlation)
    found["ACF of |x|"] = correlation.error(target.magnitude_correlation, other.magnitude_correlation)
    for name, values in target.parameters.items():
        there = other.parameters[name]
        found[f"W1 of {name}"] = float(wasserstein_distance(values, there))
        found[f"median of {name}"] = float(np.median(there) - np.median(values))
    if target.bit_errors is not None and other.bit_errors is not None:
        found["bit errors"] = other.bit_errors - target.bit_errors
    return found
