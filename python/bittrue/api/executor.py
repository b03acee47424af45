"""A net made ready on one leg, and called like a function: values in and out, or codes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.api.values import decoded, encoded
from bittrue.check.legs import Options, make
from bittrue.cosim.stalls import Stalls
from bittrue.spec import Net, as_net

Given = npt.ArrayLike | Mapping[str, npt.ArrayLike]
Result = npt.NDArray[Any] | dict[str, npt.NDArray[Any]]


class Executor:
    """A net on one of its legs; built once, called as often as wanted.

    Parameters
    ----------
    net : Net, folder or name of a committed net
    leg : str
        ``"ref"`` (NumPy), ``"torch"``, ``"c"`` (compiled) or ``"rtl"`` (the Verilog, compiled by Verilator at the first
        call). All give the same bits.
    interval : int, optional
        Clocks a sample of the hardware; without, `bittrue.cost.default_interval`.
    stalls : Stalls, optional
        Random stalls at the ports of the hardware.
    dsps, luts : int, optional
        Most DSP48E1 and LUTs of a pipeline, which an interval below 4 asks for.
    samples_per_clock : int
        Samples that it takes in a clock, side by side, at an interval of 1.

    Raises
    ------
    BadInput
        For an unknown leg, one that cannot run this net, or a tool that is not installed, saying what to install.
    """

    def __init__(
        self,
        net: Net | str | os.PathLike[str],
        leg: str = "ref",
        *,
        interval: int | None = None,
        stalls: Stalls | None = None,
        dsps: int | None = None,
        luts: int | None = None,
        samples_per_clock: int = 1,
    ) -> None:
        self.net = as_net(net)
        self.leg = leg
        options = Options(interval, stalls, dsps, luts, samples_per_clock)
        self._leg = make(leg, self.net, options.for_legs([leg], self.net))

    def __repr__(self) -> str:
        return f"Executor({self.net.name!r}, leg={self.leg!r})"

    def __call__(self, x: Given, *, codes: bool = False) -> Result:
        """`run`."""
        return self.run(x, codes=codes)

    def run(self, x: Given, *, codes: bool = False) -> Result:
        """Results of samples; history is zero before the first.

        Parameters
        ----------
        x : floats (N, *net.input.shape), or a mapping of one array an input
            Values, which are encoded (half up, saturating; what saturates is logged as a warning). One frame
            ``net.input.shape`` alone, of a net of frames, gives one result without the axis N.
        codes : bool
            ``x`` and the results are integer codes of the net's formats, and nothing is converted.

        Returns
        -------
        float64, with ``codes`` int64, (N, *net.output.shape)
            Of a net with several outputs a dictionary of one array an output, by its node's name.

        Raises
        ------
        BadInput
            For another shape or kind of number, NaN, infinity, or a code out of range.
        HardwareFault
            Where simulated hardware breaks a stream rule.
        """
        given, alone = encoded(self.net, x, codes)
        found = self._finished(self._leg.results(self.net, given), codes, alone)
        return found if len(self.net.outputs) > 1 else found[self.net.last]

    def taps(self, x: Given, *, codes: bool = False) -> dict[str, npt.NDArray[Any]]:
        """Every tensor of the net by its node's name, inputs excluded; parameters, shapes and errors as of `run`."""
        given, alone = encoded(self.net, x, codes)
        return self._finished(self._leg.taps(given), codes, alone)

    def _finished(self, found: Mapping[str, npt.NDArray[np.int64]], codes: bool, alone: bool) -> dict[str, Any]:
        results = dict(found) if codes else decoded(self.net, found)
        return {name: array[0] for name, array in results.items()} if alone else results


def run(
    net: Net | str | os.PathLike[str],
    x: Given,
    *,
    codes: bool = False,
    leg: str = "ref",
    interval: int | None = None,
    dsps: int | None = None,
    luts: int | None = None,
    samples_per_clock: int = 1,
) -> Result:
    """Run a net on samples once: `Executor` of these arguments, and its `Executor.run`."""
    built = Executor(net, leg, interval=interval, dsps=dsps, luts=luts, samples_per_clock=samples_per_clock)
    return built.run(x, codes=codes)
