"""A check of one net from beginning to end: ``bittrue.check(net)``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy.typing as npt

from bittrue.check.compare import Progress, Verdict, check
from bittrue.check.legs import LEGS, Leg, Options, runnable
from bittrue.check.usual import usual_samples
from bittrue.cosim.stalls import Stalls
from bittrue.errors import BadInput
from bittrue.spec import Net, as_net


def check_net(
    net: Net | str | os.PathLike[str],
    legs: Sequence[str] | None = None,
    samples: int | None = None,
    seed: int = 0,
    *,
    inputs: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None = None,
    interval: int | None = None,
    stalls: Stalls | None = None,
    dsps: int | None = None,
    luts: int | None = None,
    samples_per_clock: int = 1,
    progress: Progress | None = None,
) -> Verdict:
    """Compare every tensor of a net on all legs with the reference, bit for bit, on directed and random vectors.

    Parameters
    ----------
    net : Net, folder or name of a committed net
    legs : sequence of str, optional
        Names of `bittrue.check.LEGS` that must run; without, those that can run here.
    samples : int, optional
        Vectors in all; without, as many as `bittrue check` takes.
    seed : int
        Of the random vectors.
    inputs : integer codes (N, *net.input.shape), or those of every input by name, optional
        Compared too, all of them, on top of ``samples``.
    interval : int, optional
        Clocks a sample of the hardware; without, `bittrue.cost.default_interval`.
    stalls : Stalls, optional
        Random stalls at the ports of the hardware.
    dsps, luts : int, optional
        Most DSP48E1 and LUTs of a pipeline, which an interval below 4 asks for.
    samples_per_clock : int
        Samples that it takes in a clock, side by side, at an interval of 1.
    progress : function, optional
        Called with leg, kind of vectors and number of samples after each comparison.

    Returns
    -------
    Verdict
        ``equal`` says whether all legs agree, ``legs`` what was found of each, ``skipped`` why others did not run.

    Raises
    ------
    BadInput
        Where a leg of ``legs`` cannot run here, none can beside ref, or an argument is refused: something of hardware
        where no leg has any, or a pipeline that the net cannot be.
    """
    net = as_net(net)
    options = Options(interval, stalls, dsps, luts, samples_per_clock).for_legs(LEGS if legs is None else legs, net)
    ready, skipped = beside_ref(net, legs, options)
    many = usual_samples(net, "rtl" in ready) if samples is None else samples
    verdict = check(net, ready, many, seed, inputs, progress, every=inputs is not None)
    verdict.skipped = skipped
    return verdict


def beside_ref(net: Net, names: Sequence[str] | None, options: Options) -> tuple[dict[str, Leg], Mapping[str, str]]:
    """`runnable`, and `BadInput` with the reasons where no leg can run but ref."""
    legs, skipped = runnable(net, names, options)
    if not set(legs) - {"ref"} and skipped:
        raise BadInput(f"no leg can run here beside ref: {'; '.join(skipped.values())}")
    return legs, skipped
