"""What ``bittrue sim`` shows of a source: legs, and cocotb benches of its hardware, compared with the reference."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bittrue.check.executions import BENCHES, Codes, Report, Row
from bittrue.check.legs import Options
from bittrue.check.source_legs import SOURCE_LEGS, SourceRun, make_source
from bittrue.cosim.source_model import SourceModel
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue.lower.source import source_plan
from bittrue.spec.source import GAIN, START_BITS, Source

UNASKED = 400_000
"""Most clocks for which Icarus runs where no number of frames was asked for: `noise-fgn` has below 1,300 a second."""


@dataclass(frozen=True)
class Case:
    """A seed, the number of the first frame, codes of the parameters, and a gain."""

    seed: int
    start: int
    settings: Mapping[str, int]
    gain: int

    def numbers(self, count: int) -> Codes:
        """Those of so many frames; the second half begins elsewhere."""
        numbers = self.start + np.arange(count, dtype=np.int64)
        numbers[count // 2 :] = (numbers[count // 2 :] + (1 << (START_BITS - 1))) % (1 << START_BITS)
        return numbers


def cases(source: Source) -> tuple[Case, Case]:
    """The source as it is; and another seed, a late start, the lowest parameters, a gain by which samples saturate."""
    usual = {name: given.default for name, (given, _) in source.settings.items()}
    lowest = {name: given.low for name, (given, _) in source.settings.items()}
    other = Case((1 << 64) - 7, 0x9ABCDEF0, lowest, GAIN.lo)
    return Case(1, 0, usual, int(source.gain)), other


def source_rows(
    source: Source, interval: int, frames: int, bench: int, report: Report, asked: bool = True
) -> Iterator[Row]:
    """The reference on so many ``frames``, other legs as many, hardware ``bench``; half of them of each of `cases`.

    Icarus, which takes four of each, is left out with the reason where ``bench`` was not ``asked`` for and that is more
    than `UNASKED` clocks.
    """
    report("ref")
    began = time.perf_counter()
    ref = make_source("ref", source)
    wanted = [_part(ref, case, -(-frames // 2)) for case in cases(source)]
    yield Row("ref (NumPy)", _samples(wanted), 0, 0.0, time.perf_counter() - began)
    for name in SOURCE_LEGS:
        if name != "ref":
            report(name)
            count = -(-(bench if name == "rtl" else frames) // 2)
            yield _leg_row(source, name, interval, [_part(ref, case, count) for case in cases(source)])
    for title, (simulator, stalls) in BENCHES.items():
        count = max(4, bench // 4) if simulator == "verilator" else 4
        clocks = bench_clocks(source, interval, count)
        if simulator == "icarus" and clocks > UNASKED and not asked:
            yield Row(title, 0, 0, 0.0, 0.0, f"{clocks:,} clocks, too many unasked; --bench-samples {bench} runs it")
            continue
        report(title)
        yield _bench_row(source, title, interval, count, simulator, stalls)


def bench_clocks(source: Source, interval: int, count: int) -> int:
    """About how many clocks a bench without stalls has: of each of `cases` ``count`` frames, begun twice."""
    return 2 * (2 * source_plan(source, interval).latency + count * interval)


def _part(run: SourceRun, case: Case, count: int) -> Codes:
    return run(case.seed, case.numbers(count), case.settings, case.gain)


def _leg_row(source: Source, name: str, interval: int, wanted: list[Codes]) -> Row:
    title = "rtl (Verilator library)" if name == "rtl" else name
    began = time.perf_counter()
    try:
        run = make_source(name, source, Options(interval))
        found = [_part(run, case, len(part)) for case, part in zip(cases(source), wanted, strict=True)]
        cycles = _cycles(source, interval) if name == "rtl" else 0.0
    except BadInput as error:
        return Row(title, 0, 0, 0.0, 0.0, str(error))
    except HardwareFault as error:
        return Row(title, _samples(wanted), 1, 0.0, time.perf_counter() - began, str(error))
    wrong = sum(int((a != b).sum()) for a, b in zip(found, wanted, strict=True))
    return Row(title, _samples(wanted), wrong, cycles, time.perf_counter() - began)


def _cycles(source: Source, interval: int) -> float:
    """Clocks a sample in simulation, in steady state."""
    usual = cases(source)[0]
    trace = SourceModel(source, interval).trace(usual.seed, np.arange(8), usual.settings, usual.gain)
    return trace.cycles_per_sample / source.samples


def _bench_row(source: Source, title: str, interval: int, count: int, simulator: str, stalls: Stalls | None) -> Row:
    from bittrue_sim.source_cosimulate import cosimulate_source

    samples, began = count * source.net.output.elements, time.perf_counter()
    try:
        for case in cases(source):
            cosimulate_source(
                source, interval, simulator, case.seed, case.numbers(count), case.settings, case.gain, stalls
            )
    except BadInput as error:
        return Row(title, 0, 0, 0.0, 0.0, str(error))
    except HardwareFault as error:
        return Row(title, 2 * samples, 1, 0.0, time.perf_counter() - began, str(error))
    return Row(title, 2 * samples, 0, 0.0, time.perf_counter() - began)


def _samples(parts: list[Codes]) -> int:
    return sum(part.size for part in parts)
