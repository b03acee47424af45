"""A net of samples in the FPGA, as a function."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.driver import Driver
from bittrue.board.errors import BoardError
from bittrue.board.manifest import SampleFormat
from bittrue.board.samples import Codes, as_values, check_codes, quantise
from bittrue.errors import shown


class Predistorter(Driver):
    """The net of an overlay whose input is one sample after another; `bittrue.board.open` makes it.

    The hardware is a stream: a call goes on where the one before ended, so long signals may come in pieces. `reset`
    begins anew, with a history of zeros. After an error the stream is begun anew, too, and the next call works.
    Hardware that takes several samples in a clock takes them in words: every call gives it whole ones.

    Attributes
    ----------
    clipped : int
        Samples that `predistort` had to clamp to the input's range since the last `reset`.
    """

    def predistort(self, iq: npt.ArrayLike) -> npt.NDArray[Any]:
        """Outputs for samples: quantised to the input's format, half up and saturating, run, and scaled back.

        Output ``n`` answers input ``n - manifest.delay``; the array is not shifted.

        Parameters
        ----------
        iq : complex array (N,), or real array (N, elements)
            Floating point, in units of the format's full scale, -1 to just below 1 for Q1.15. What is beyond is clamped
            and counted in `clipped`. Integers are codes, and those go to `run_codes`.

        Returns
        -------
        complex128 array (N,) for a complex one, else float64 array (N, output elements)

        Raises
        ------
        BoardError
            For samples of another shape or kind, masked or not finite, for codes in their place (integers, or whole
            numbers beyond twice full scale), and where a transfer fails (`run_codes`).
        """
        given, made = self._ends
        values, is_complex = as_values(iq, given, made, self.manifest.net)
        codes, clipped = quantise(values, given)
        words = self._words(codes)
        with self._use():
            out = np.ldexp(self._samples(self._run_all(words)).astype(np.float64), -made.frac)
            self.clipped += clipped
        return out[:, 0] + 1j * out[:, 1] if is_complex else out

    def run(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """`predistort` under the name that a net of frames has it by, for nets that are no predistorters."""
        return self.predistort(values)

    def run_codes(self, codes: npt.ArrayLike) -> Codes:
        """Output codes ``(N, output elements)`` for input codes ``(N, elements)``.

        Raises
        ------
        BoardError
            For codes of another shape or beyond the format, samples that fill no whole words, an error of the DMA, a
            transfer that ends early, no progress within the timeout, or a closed overlay. Hardware and DMA are reset
            before it is raised.
        """
        given = self._words(check_codes(codes, self._ends[0]))
        with self._use():
            return self._samples(self._run_all(given))

    @property
    def _ends(self) -> tuple[SampleFormat, SampleFormat]:
        """Formats of a sample: of a word, where that has one."""
        given, made = (
            replace(end, elements=end.elements // self.manifest.samples)
            for end in (self.manifest.input, self.manifest.output)
        )
        return given, made

    def _words(self, codes: Codes) -> Codes:
        """Samples as words, the oldest first; `BoardError` for a number that fills no whole words."""
        if len(codes) % self.manifest.samples:
            raise BoardError(
                f"{len(codes)} samples are given, and the hardware takes {self.manifest.samples} in a clock; give a "
                f"multiple of that"
            )
        return codes.reshape(-1, self.manifest.input.elements)

    def _samples(self, words: Codes) -> Codes:
        """Words as samples."""
        return words.reshape(-1, self.manifest.output.elements // self.manifest.samples)

    @property
    def bypass(self) -> bool:
        """Whether samples leave as they came, as late as if they had been computed."""
        with self._use():
            return self._shell.bypass

    @bypass.setter
    def bypass(self, on: bool) -> None:
        if not isinstance(on, bool | np.bool_):
            raise BoardError(f"bypass is {shown(on)}; give True or False")
        with self._use():
            self._shell.bypass = bool(on)
