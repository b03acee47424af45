"""Summary of a set of signals: everything that is compared, measured once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.measures import correlation, marginals, ofdm_quality, spectrum
from bittrue.apps.noise.measures.estimators import estimated
from bittrue.apps.noise.ofdm.plan import OfdmPlan
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.apps.noise.processes.process import Process
from bittrue.errors import BadInput, amount

Real = npt.NDArray[np.float64]
Array = npt.NDArray[Any]
LEAST_SIGNALS, LEAST_LENGTH = 2, 64
LARGEST = 1e60
"""Largest magnitude of a sample: sums of fourth powers are still float64."""


@dataclass(frozen=True)
class Kind:
    """What signals are meant to be, which decides what is measured of them.

    Parameters
    ----------
    process : Process or None
    band : int or None
        Of `Bandpass`, where all signals have the same.
    plan : OfdmPlan or None
        Of OFDM signals.
    """

    process: Process | None = None
    band: int | None = None
    plan: OfdmPlan | None = None

    def inside(self, frequencies: int, margin: float = 0.0) -> npt.NDArray[np.bool_] | None:
        """Which frequencies of a density lie in the band, bool ``(F,)``; None where there is no band.

        A ``margin`` is the share of a band's width that is left out beside either edge, where the filter falls.
        """
        if self.plan is not None:
            return ofdm_quality.occupied(self.plan, frequencies)
        if isinstance(self.process, Bandpass) and self.band is not None:
            low, high = self.process.edges(self.band)
            off = margin * (high - low)
            at = np.linspace(0, 1, frequencies)
            return np.asarray((at >= low + off * (low > 0)) & (at <= high - off * (high < 1)))
        return None


@dataclass(frozen=True, eq=False)
class Summary:
    """A set of signals, measured.

    Parameters
    ----------
    kind : Kind
    count, length : int
    density : float64 (F,)
        Median power density, see `bittrue.apps.noise.measures.spectrum`.
    quantiles : float64
        Of all samples, at `bittrue.apps.noise.measures.marginals.SHARES`.
    kurtosis : float
        Median over the signals, excess over a normal law's.
    correlation, magnitude_correlation : float64 (lags,)
        Autocorrelation of x and of ``|x|``, lags from 1.
    parameters : mapping
        Estimates by name, one a signal (of OFDM ``EVM`` in dB, ``CP`` correlation, ``coherence`` bandwidth in Hz).
    bit_errors : float or None
        Of OFDM sets with the same bits in every signal.
    """

    kind: Kind
    count: int
    length: int
    density: Real
    quantiles: Real
    kurtosis: float
    correlation: Real
    magnitude_correlation: Real
    parameters: Mapping[str, Real] = field(default_factory=dict)
    bit_errors: float | None = None


def measured(signals: Array, kind: Kind) -> Summary:
    """Measure signals ``(N, L)``, float64 or complex128.

    Raises `BadInput` for fewer than 2 signals or 64 samples, for what is not finite, constant 0 or beyond `LARGEST`,
    and for OFDM signals of another length than their plan's.
    """
    if len(signals) < LEAST_SIGNALS or signals.shape[1] < LEAST_LENGTH:
        raise BadInput(
            f"{len(signals):,} signals of {signals.shape[1]:,} samples are too few to measure; give {LEAST_SIGNALS} of "
            f"{LEAST_LENGTH} at least"
        )
    if not np.isfinite(signals).all() or not signals.any() or float(abs(signals).max()) > LARGEST:
        raise BadInput(
            f"signals to measure hold NaN, more than {amount(LARGEST)} or only 0; give what a generator made"
        )
    parameters: dict[str, Real] = {}
    errors = None
    if kind.plan is not None:
        if not np.iscomplexobj(signals) or signals.shape[1] != kind.plan.length:
            raise BadInput(f"OFDM signals of this plan are {kind.plan.length:,} complex samples; give such")
        parameters["EVM"] = ofdm_quality.evm(kind.plan, signals)
        parameters["CP"] = ofdm_quality.prefix_correlation(kind.plan, signals)
        if kind.plan.channel is not None:
            parameters["coherence"] = ofdm_quality.coherence_bandwidth(kind.plan, signals)
        errors = ofdm_quality.bit_errors(kind.plan, signals)
    elif kind.process is not None:
        parameters |= estimated(kind.process, signals)
    return Summary(
        kind,
        signals.shape[0],
        signals.shape[1],
        spectrum.median(signals),
        marginals.quantiles(signals),
        marginals.kurtosis(signals),
        correlation.autocorrelation(signals),
        correlation.of_magnitude(signals),
        parameters,
        errors,
    )
