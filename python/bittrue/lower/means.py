"""Means of a pipeline that never stops: what it may take of an FPGA, and how many samples a clock it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from bittrue.errors import BadInput
from bittrue.lower.fold import EVERY_CLOCK, MIN_INTERVAL, is_pipeline
from bittrue.lower.products import DSPS

MOST = 16
"""Most samples of a word."""

SAMPLES = 1, 2, 4
"""Samples that a pipeline can take in a clock."""


class Options(TypedDict):
    """The fields of `Means`."""

    dsps: int
    luts: int | None
    samples: int


@dataclass(frozen=True)
class Means:
    """What a pipeline is built with.

    Parameters
    ----------
    dsps : int
        Most DSP48E1, those of features and products of tensors included.
    luts : int, optional
        Most LUTs for adders, delays and queues (`bittrue.lower.schedule.luts_of`), and for banks
        (`bittrue.lower.load.check_luts`).
    samples : int
        Samples that are taken in a clock, side by side in a word of the stream, the oldest lowest.
    word : int, optional
        Samples of a word of the shell's streams, where those are more: a bus that is slower than the net feeds it.
    """

    dsps: int = DSPS
    luts: int | None = None
    samples: int = 1
    word: int | None = None

    @property
    def held(self) -> int:
        """Samples of a word of the shell's streams."""
        return self.samples if self.word is None else self.word

    @property
    def parts(self) -> int:
        """Words of the net in a word of the shell's streams."""
        return self.held // self.samples

    @property
    def options(self) -> Options:
        """As keywords of `bittrue.cost.cost`, `bittrue.verilog` and others."""
        return {"dsps": self.dsps, "luts": self.luts, "samples": self.samples}

    def check(self, interval: int, banked: bool) -> None:
        """Raise `BadInput` where no such hardware takes so many samples a clock."""
        if self.samples not in SAMPLES:
            raise BadInput(f"{self.samples} samples a clock cannot be built; choose {', '.join(map(str, SAMPLES))}")
        if self.held not in (k * self.samples for k in (1, 2, 4, 8, 16)) or self.held > MOST:
            raise BadInput(f"{self.held} samples a word cannot be built; choose a power of two, {MOST} at most")
        if self.held > 1 and not is_pipeline(interval):
            raise BadInput(f"{self.held} samples a word are for a pipeline; choose an interval below {MIN_INTERVAL}")
        if self.samples > 1 and (interval != EVERY_CLOCK or banked):
            what = (
                "fixed weights" if interval == EVERY_CLOCK else f"a sample every clock (an interval of {EVERY_CLOCK})"
            )
            raise BadInput(f"{self.samples} samples a clock take a net with {what}; choose that, or one sample a clock")


PLAIN = Means()
"""As many DSP48E1 as an xc7z020 has, and a sample a clock."""


def chosen(interval: int, dsps: int | None = None, luts: int | None = None, samples: int = 1) -> Means:
    """Means of what is given, and of defaults without. Raises `BadInput` where some would bound nothing."""
    for name, given in ("dsps", dsps), ("luts", luts):
        if given is not None and not is_pipeline(interval):
            raise BadInput(
                f"--{name} is {given:,} and the interval {interval:,} clocks: it bounds a pipeline; leave it out, or "
                f"take an interval below {MIN_INTERVAL}"
            )
    means = Means(DSPS if dsps is None else dsps, luts, samples)
    if samples > 1:
        means.check(interval, False)
    return means
