"""What ``make sim`` shows: a predistorter on every leg with measured data, and what it does for the amplifier."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue import ref, spec
from bittrue.apps.dpd import evaluate, float_net
from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Metrics
from bittrue.check import Options, check, runnable
from bittrue.check.vectors import uniform
from bittrue.cosim.rtl_model import RtlModel
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import HardwareFault
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]
Report = Callable[[str], None]

BENCHES = {
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


def leg_rows(net: Net, interval: int, samples: int, real: Codes, report: Report) -> Iterator[Row]:
    """The reference, then every other leg that can run here, on directed, full-range and measured vectors."""
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
            cycles = RtlModel(net, interval).trace(real[:2000]).cycles_per_sample
        title = "rtl (Verilator library)" if leg.leg == "rtl" else leg.leg
        yield Row(title, leg.samples, wrong or bool(leg.fault), cycles, leg.seconds, leg.fault)
    for name, reason in skipped.items():
        yield Row(name, 0, 0, 0.0, 0.0, reason)


def bench_rows(net: Net, interval: int, sizes: Sizes, real: Codes, report: Report) -> Iterator[Row]:
    """The cocotb benches on both simulators, half measured and half full-range vectors, without and with stalls."""
    from bittrue_sim.cosimulate import cosimulate

    latency = cost(net, interval).latency
    for title, (simulator, stalls) in BENCHES.items():
        report(title)
        samples = getattr(sizes, simulator)
        half = min(samples // 2, len(real))
        codes = np.concatenate([real[:half], uniform(net, samples - half, np.random.default_rng(1))])
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


def metric_rows(net: Net, folder: Path, capture: Capture, amplifier: pa.Twin) -> Iterator[tuple[str, Metrics]]:
    """Without predistortion, with the float parent, with the integer net: through the twin, on the test split."""
    yield "no predistortion", evaluate.judge(capture, amplifier)
    parameters = float_net.load(folder / float_net.FILE, net)
    yield f"{net.name}, float", evaluate.judge(capture, amplifier, evaluate.floating(net, parameters))
    yield f"{net.name}, integer", evaluate.judge(capture, amplifier, evaluate.integer(net))


def draw(net: Net, capture: Capture, amplifier: pa.Twin, folder: str | os.PathLike[str]) -> Path:
    """Write the picture of the integer net's effect to ``<folder>/<net>.png`` and return its path."""
    from bittrue.apps.dpd import picture

    Path(folder).mkdir(parents=True, exist_ok=True)
    path = Path(folder) / f"{net.name}.png"
    picture.draw(path, capture, amplifier, evaluate.integer(net), f"{net.name} (integer)")
    return path


def load(folder: Path) -> tuple[Net, Capture, Codes]:
    """The net, the capture, and the capture's input as codes; `BadInput` where the net is no predistorter."""
    net = spec.load(folder)
    if net.input.shape != (2,) or net.output.shape != (2,):
        raise BadInput(f"{folder} takes {net.input} and gives {net.output}; a predistorter maps I/Q to I/Q")
    capture = data.load()
    return net, capture, net.input.format.encode(data.to_iq(capture.inputs["test"]))
