"""OFDM modem: bits to samples, and samples back to points of the constellation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.ofdm import channels, constellation, impairments
from bittrue.apps.noise.ofdm.plan import REFERENCE, OfdmPlan

Complex = npt.NDArray[np.complex128]
Labels = npt.NDArray[np.int64]
FIXED_SEED = 36_211
"""Seed of the bits that are the same in all signals of a ``random_fixed`` set."""


@dataclass(frozen=True, eq=False)
class Received:
    """What a receiver finds in signals.

    Parameters
    ----------
    points : complex128 (N, slots, S, K)
        Symbols of the data, equalised where there is a channel.
    reference : complex128 (N, slots, K) or None
        The channel by subcarrier, from low to high frequency, as the known symbol shows it.
    """

    points: Complex
    reference: Complex | None


def subcarriers(plan: OfdmPlan) -> npt.NDArray[np.int64]:
    """Bins of the Fourier transform that are used, ``1 ... K/2, -1 ... -K/2``: int64 ``(K,)``."""
    half = np.arange(1, plan.subcarriers // 2 + 1)
    return np.concatenate([half, plan.size - half])


@lru_cache(maxsize=8)
def reference(count: int) -> Complex:
    """The known symbol: a Zadoff-Chu sequence, complex128 ``(count,)`` of magnitude 1.

    ``exp(-j pi q m (m+1) / Z)`` over m modulo Z, Z the largest prime below ``count`` and ``q = floor(Z / 31 + 1/2)``:
    3GPP TS 36.211, 5.5.1.1, group 0, sequence 0.
    """
    prime = next(n for n in range(count - 1, 0, -1) if n < 3 or all(n % k for k in range(2, int(n**0.5) + 1)))
    root = int(prime / 31 + 0.5)
    m = np.arange(count) % prime
    return np.asarray(np.exp(-1j * np.pi * root * m * (m + 1) / prime))


def fixed_labels(plan: OfdmPlan) -> Labels:
    """The labels that every signal of a ``random_fixed`` set carries, int64 ``(slots, S, K)``."""
    return _labels(plan, np.random.default_rng(FIXED_SEED))


def _labels(plan: OfdmPlan, generator: np.random.Generator) -> Labels:
    return generator.integers(plan.order, size=(plan.slots, plan.data_symbols, plan.subcarriers))


def signal(plan: OfdmPlan, generator: np.random.Generator) -> Complex:
    """One signal, its random numbers from ``generator``: complex128 ``(plan.length,)``, of mean power 1 before noise.

    Bits, then white noise of power ``10^(evm/10) size/K`` (so ``evm`` dB in the subcarriers), then the channel, the
    offset of the carrier and the imbalance of I and Q, those of them that the plan has.
    """
    labels = fixed_labels(plan) if plan.bits == "random_fixed" else _labels(plan, generator)
    clean = modulated(plan, constellation.points(plan.order)[labels])
    deviation = 10 ** (plan.evm / 20) * np.sqrt(plan.size / plan.subcarriers)
    found = impairments.noisy(clean, deviation, generator)
    if plan.channel is not None:
        found = channels.faded(found, plan.channel, plan.rate, generator)
    if plan.cfo is not None:
        found = impairments.offset(found, plan.cfo, plan.rate)
    if plan.gain is not None and plan.phase is not None:
        found = impairments.imbalanced(found, plan.gain, plan.phase)
    return found


def modulated(plan: OfdmPlan, points: Complex) -> Complex:
    """Points ``(slots, S, K)`` of the data as samples, complex128 ``(plan.length,)``, cyclic prefixes in front."""
    carried = np.fft.fft(points, axis=-1, norm="ortho") if plan.scfdma else points
    if plan.channel is not None:
        known = np.broadcast_to(reference(plan.subcarriers), (plan.slots, 1, plan.subcarriers))
        carried = np.concatenate([carried[:, :REFERENCE], known, carried[:, REFERENCE:]], axis=1)
    bins = np.zeros((plan.slots, plan.symbols, plan.size), dtype=np.complex128)
    bins[..., subcarriers(plan)] = carried
    samples = np.fft.ifft(bins, norm="ortho") * np.sqrt(plan.size / plan.subcarriers)
    first, others = plan.prefixes
    parts = []
    for slot in samples:
        for number, symbol in enumerate(slot):
            parts += [symbol[-(others if number else first) :], symbol]
    return np.concatenate(parts)


def symbols(plan: OfdmPlan, signals: Complex) -> tuple[Complex, Complex]:
    """Signals ``(N, plan.length)`` cut at their prefixes.

    Returns
    -------
    prefixes, bodies : complex128 (N, slots, symbols, P), (N, slots, symbols, size)
        P is the length of the shorter prefix; of the first one the end is given.
    """
    first, others = plan.prefixes
    slots = signals.reshape(len(signals), plan.slots, plan.slot_length)[..., first - others :]
    cut = slots.reshape(len(signals), plan.slots, plan.symbols, plan.size + others)
    return cut[..., :others], cut[..., others:]


def received(plan: OfdmPlan, signals: Complex) -> Received:
    """The points that signals ``(N, plan.length)`` carry.

    With a channel, every subcarrier is divided by what became of the known symbol of its slot.
    """
    _, bodies = symbols(plan, signals)
    used = np.fft.fft(bodies, norm="ortho")[..., subcarriers(plan)] / np.sqrt(plan.size / plan.subcarriers)
    gains = None
    if plan.channel is not None:
        known = used[:, :, REFERENCE] / reference(plan.subcarriers)
        used = np.delete(used, REFERENCE, axis=2)
        used = used / np.where(known == 0, 1, known)[:, :, None]
        half = plan.subcarriers // 2
        gains = np.concatenate([known[..., :half:-1], known[..., half : half + 1], known[..., :half]], axis=-1)
    if plan.scfdma:
        used = np.fft.ifft(used, axis=-1, norm="ortho")
    return Received(used, gains)
