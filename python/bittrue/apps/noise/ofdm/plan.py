"""Plan of an OFDM signal: everything that its samples depend on, besides random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bittrue.apps.noise.ofdm.channels import CHANNELS
from bittrue.errors import BadInput, listed, shown
from bittrue.kit.bounds import Section, Within
from bittrue.kit.schema import nearest

SPACING = 15_000
"""Hz between two subcarriers."""
ORDERS = (2, 4, 8, 16, 32, 64)
SIZES = (128, 256, 512, 1024)
PREFIXES = {"long": (16.67e-6, 16.67e-6, 6), "short": (5.2e-6, 4.69e-6, 7)}
"""Seconds of the first cyclic prefix of a slot and of the others, and OFDM symbols of a slot."""
BITS = ("random", "random_fixed")
TRAFFIC = {"low": 75, "mid": 150, "high": 225}
"""Share of the subcarriers that are used, in 512ths, of the public sets."""
REFERENCE = 3
"""OFDM symbol of a slot, from 0, that is known to the receiver where there is a channel."""
LONGEST = 1 << 20


@dataclass(frozen=True)
class OfdmPlan(Section):
    """One kind of OFDM signal.

    Parameters
    ----------
    order : int
        Points of the constellation, one of `ORDERS`: 2 and 8 phase-shift keying, 4 to 64 QAM.
    size : int
        Points of the Fourier transform, one of `SIZES`; the sample rate is ``15 kHz size``.
    subcarriers : int
        Even, DC is not used.
    slots : int
        Slots of half a millisecond (``rblocks`` in the name).
    evm : int
        Power of white noise at the transmitter relative to the constellation's, in dB.
    prefix : str
        ``long`` (6 OFDM symbols a slot) or ``short`` (7).
    bits : str
        ``random``: others in every signal; ``random_fixed``: the same in all.
    scfdma : bool
        Whether symbols are spread by a DFT (SC-FDMA).
    channel : str or None
        One of `bittrue.apps.noise.ofdm.channels.CHANNELS`; with one, `REFERENCE` is a known symbol.
    cfo : int or None
        Carrier frequency offset in Hz.
    gain, phase : float or None
        I/Q imbalance: relative difference of the gains, and angle in radians.
    """

    order: int = 16
    size: int = 128
    subcarriers: int = 36
    slots: Annotated[int, Within(1, 64)] = 1
    evm: Annotated[int, Within(-100, 20)] = -25
    prefix: str = "long"
    bits: str = "random"
    scfdma: bool = False
    channel: str | None = None
    cfo: Annotated[int | None, Within(0, 100_000)] = None
    gain: Annotated[float | None, Within(0, 1)] = None
    phase: Annotated[float | None, Within(0, 1.6)] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value, allowed in (
            ("the modulation order", self.order, ORDERS),
            ("the fft size", self.size, SIZES),
            ("the kind of cyclic prefix", self.prefix, tuple(PREFIXES)),
            ("the kind of bits", self.bits, BITS),
            ("the channel", self.channel, (None, *CHANNELS)),
        ):
            if value not in allowed:
                words = [str(word) for word in allowed if word is not None]
                raise BadInput(f"{name} is {shown(value)}; choose {listed(words)}{nearest(str(value), words)}")
        if self.subcarriers % 2 or not 2 <= self.subcarriers <= self.size - 2:
            raise BadInput(
                f"subcarriers are {self.subcarriers}; they must be even, 2 to {self.size - 2} of {self.size}"
            )
        if (self.gain is None) != (self.phase is None):
            raise BadInput("I/Q imbalance has a gain (Dg) and a phase (Dphi); give both")

    @property
    def rate(self) -> float:
        """Samples a second."""
        return float(SPACING * self.size)

    @property
    def prefixes(self) -> tuple[int, int]:
        """Samples of the first cyclic prefix of a slot, and of the others."""
        first, others, _ = PREFIXES[self.prefix]
        return int(first * self.rate + 0.5), int(others * self.rate + 0.5)

    @property
    def symbols(self) -> int:
        """OFDM symbols of a slot."""
        return PREFIXES[self.prefix][2]

    @property
    def slot_length(self) -> int:
        """Samples of a slot."""
        first, others = self.prefixes
        return self.symbols * (self.size + others) + first - others

    @property
    def length(self) -> int:
        """Samples of a signal."""
        return self.slots * self.slot_length

    @property
    def data_symbols(self) -> int:
        """OFDM symbols of a slot that carry data."""
        return self.symbols - (self.channel is not None)

    @property
    def bits_a_point(self) -> int:
        """Bits of a point of the constellation."""
        return self.order.bit_length() - 1
