"""MemoryTaps: an I/Q stream becomes the feature vector of a TDNN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.spec.layer import Layer, TensorType, complex_format, increasing_taps, integers, register

if TYPE_CHECKING:
    from bittrue.spec.net import Net


def envelope_powers(powers: Sequence[int], what: str) -> tuple[int, ...]:
    """``powers`` as a tuple; `BadInput` unless each is 1, 2, 3 or 4 and none comes twice."""
    result = integers(powers, what)
    if any(p not in (1, 2, 3, 4) for p in result) or len(set(result)) != len(result):
        raise BadInput(f"{what} is {shown(list(result))}; envelope powers are 1, 2, 3 and 4, each at most once")
    return result


@register
@dataclass(frozen=True)
class MemoryTaps(Layer):
    """Delayed I/Q samples and powers of their envelope, each requantised into the feature format.

    With ``P = I^2 + Q^2`` (exact) and ``f`` the input's fractional bits, the envelope powers are:

        |x|   = requantise(isqrt(P),     f     - output.frac)
        |x|^2 = requantise(P,            2 * f - output.frac)
        |x|^3 = requantise(isqrt(P) * P, 3 * f - output.frac)
        |x|^4 = requantise(P * P,        4 * f - output.frac)

    and ``I``, ``Q`` are requantised with shift ``f - output.frac``. Order of the features, for I/Q taps
    ``u0 < u1 < ...``: ``I, Q`` of ``x[n - u0]``; then for every tap the envelope powers of ``x[n - t]``, in the order
    of ``powers``; then ``I, Q`` of ``x[n - u1]``, ``x[n - u2]``, ... Taps 0 to 5 with powers 1, 2, 4 give the classic
    30 features.

    Parameters
    ----------
    taps : tuple of int
        Strictly increasing delays in samples. History before the first sample is zero.
    powers : tuple of int
        Envelope powers, a selection of 1, 2, 3, 4.
    output : Format
        The format of every feature.
    iq_taps : tuple of int, optional
        Delays of ``I, Q`` where they are not those of the envelope. ``None``, or the same as ``taps``: they are.
    """

    taps: tuple[int, ...]
    powers: tuple[int, ...]
    output: Format
    iq_taps: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "taps", increasing_taps(self.taps, "MemoryTaps.taps"))
        object.__setattr__(self, "powers", envelope_powers(self.powers, "MemoryTaps.powers"))
        if self.iq_taps is not None:
            own = increasing_taps(self.iq_taps, "MemoryTaps.iq_taps")
            if not self.powers:
                raise BadInput(
                    f"MemoryTaps has no powers, and iq_taps {shown(list(own))} beside taps; give these as taps"
                )
            object.__setattr__(self, "iq_taps", own if own != self.taps else None)

    @property
    def iq_delays(self) -> tuple[int, ...]:
        """Delays of ``I, Q``, whether given as ``iq_taps`` or as ``taps``."""
        return self.iq_taps or self.taps

    @property
    def features(self) -> tuple[tuple[int, int | str], ...]:
        """``(tap, "I" | "Q" | power)`` of every feature, in order."""
        first, *rest = self.iq_delays
        ends = [(first, "I"), (first, "Q")], [(t, part) for t in rest for part in ("I", "Q")]
        return (*ends[0], *((t, p) for t in self.taps for p in self.powers), *ends[1])

    @property
    def memory(self) -> int:
        return max(self.taps[-1], self.iq_delays[-1])

    def output_type(self, *inputs: TensorType) -> TensorType:
        complex_format(inputs, "MemoryTaps")
        return TensorType((len(self.features),), self.output)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        layer = cls((0, 1, 3), (1, 2, 3, 4), Format.parse("Q3.9"), iq_taps=(1, 4))
        return Net("memory_taps", TensorType((2,), Format.parse("Q1.11")), (Node("taps", layer, ("input",)),))
