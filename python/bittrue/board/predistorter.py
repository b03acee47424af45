"""A net of samples in the FPGA, as a function."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.driver import Driver
from bittrue.board.errors import BoardError
from bittrue.board.samples import Codes, as_values, check_codes, quantise
from bittrue.errors import shown


class Predistorter(Driver):
    """The net of an overlay whose input is one sample after another; `bittrue.board.open` makes it.

    The hardware is a stream: a call goes on where the one before ended, so long signals may come in pieces. `reset`
    begins anew, with a history of zeros. After an error the stream is begun anew, too, and the next call works.

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
        made = self.manifest.output
        values, is_complex = as_values(iq, self.manifest.input, made, self.manifest.net)
        codes, clipped = quantise(values, self.manifest.input)
        with self._use():
            out = np.ldexp(self._run_all(codes).astype(np.float64), -made.frac)
            self.clipped += clipped
        return out[:, 0] + 1j * out[:, 1] if is_complex else out

    def run_codes(self, codes: npt.ArrayLike) -> Codes:
        """Output codes ``(N, output elements)`` for input codes ``(N, elements)``.

        Raises
        ------
        BoardError
            For codes of another shape or beyond the format, an error of the DMA, a transfer that ends early, no
            progress within the timeout, or a closed overlay. Hardware and DMA are reset before it is raised.
        """
        given = check_codes(codes, self.manifest.input)
        with self._use():
            return self._run_all(given)

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
