"""What ``make sim`` shows of any net: legs and cocotb benches, each compared with the reference, all tensors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue import ref
from bittrue.check.compare import check
from bittrue.check.legs import Options, runnable
from bittrue.check.vectors import uniform
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import HardwareFault
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]
Report = Callable[[str], None]

BENCHES: dict[str, tuple[str, Stalls | None]] = {
    "cocotb, Verilator": ("verilator", None),
    "cocotb, Verilator, stalls": ("verilator", Stalls(1, idle=0.4, backpressure=0.4, burst=12)),
    "cocotb, Icarus": ("icarus", None),
    "cocotb, Icarus, stalls": ("icarus", Stalls(2, idle=0.4, backpressure=0.4, burst=12)),
}


@dataclass(frozen=True)
class Row:
    """One execution of the net compared with the reference, all tensors.

    ``cycles`` are clocks a sample after the first output, 0 off hardware.
    ``reason`` says why a leg failed without a comparison, or was skipped (then ``samples`` is 0).
    """

    leg: str
    samples: int
    mismatches: int
    cycles: float
    seconds: float
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Equal, or skipped."""
        return not self.mismatches


@dataclass(frozen=True)
class Sizes:
    """Samples for the legs, the cocotb benches on Verilator and those on Icarus."""

    legs: int = 200_000
    verilator: int = 2_000
    icarus: int = 60


FRAMES = Sizes(1_000, 40, 4)
"""Of nets of frames: a frame is hundreds of clocks at least, and Icarus takes minutes for four."""


def usual_sizes(net: Net) -> Sizes:
    """How many samples of ``net`` are taken where nothing else is said."""
    return Sizes() if len(net.input.shape) == 1 else FRAMES


def leg_rows(net: Net, interval: int, samples: int, real: Codes | None, report: Report) -> Iterator[Row]:
    """The reference, then every other leg that can run here, on directed, full-range and (if any) real vectors."""
    report("ref")
    x = uniform(net, samples, np.random.default_rng(0))
    began = time.perf_counter()
    ref.run(net, x)
    yield Row("ref (NumPy)", samples, 0, 0.0, time.perf_counter() - began)
    report("building the legs")
    legs, skipped = runnable(net, options=Options(interval))
    verdict = check(net, legs, samples, 0, real, lambda leg, kind, _: report(f"{leg}: {kind} vectors"))
    for leg in verdict.legs:
        cycles, wrong = 0.0, sum(leg.mismatches.values())
        if leg.leg == "rtl" and not leg.fault:
            few = 2000 if len(net.input.shape) == 1 else 8
            cycles = RtlModel(net, interval).trace(x[:few], probes=True).cycles_per_sample
        title = "rtl (Verilator library)" if leg.leg == "rtl" else leg.leg
        yield Row(title, leg.samples, wrong or bool(leg.fault), cycles, leg.seconds, leg.fault)
    for name, reason in skipped.items():
        yield Row(name, 0, 0, 0.0, 0.0, reason)


def bench_rows(net: Net, interval: int, sizes: Sizes, real: Codes | None, report: Report) -> Iterator[Row]:
    """The cocotb benches on both simulators, half real vectors (if any), without and with stalls."""
    from bittrue_sim.cosimulate import cosimulate

    latency = cost(net, interval).latency
    for title, (simulator, stalls) in BENCHES.items():
        report(title)
        samples = getattr(sizes, simulator)
        codes = uniform(net, samples, np.random.default_rng(1))
        if real is not None:
            half = min(samples // 2, len(real))
            codes[:half] = some(real, half)
        began = time.perf_counter()
        try:
            found = cosimulate(net, interval, simulator, codes, stalls)
        except BadInput as error:
            yield Row(title, 0, 0, 0.0, 0.0, str(error))
        except HardwareFault as error:
            yield Row(title, samples, 1, 0.0, time.perf_counter() - began, str(error))
        else:
            cycles = (found.cycles - latency) / (found.samples - 1)
            yield Row(title, found.samples, found.mismatches, cycles, found.seconds)


def some(real: Codes, count: int) -> Codes:
    """So many samples: the first ones of a stream, where they belong together; of frames evenly, from the last back."""
    if real.ndim == 2:
        return real[:count]
    return real[len(real) - 1 - np.arange(count) * len(real) // max(1, count)]
