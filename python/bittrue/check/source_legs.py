"""The legs of a source by name, made where they can run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from bittrue.check.legs import LEGS, Options, make
from bittrue.errors import BadInput
from bittrue.spec.source import Source

Codes = npt.NDArray[np.int64]
SourceRun = Callable[[int, Codes, Mapping[str, int], int], Codes]
"""Output codes ``(N, *net.output.shape)`` of a seed, the numbers of N frames, codes of the parameters, and a gain."""


def _ref(source: Source, options: Options) -> SourceRun:
    from bittrue.ref.source import run_source

    return lambda seed, numbers, settings, gain: run_source(source, seed, numbers, settings, gain)


def _torch(source: Source, options: Options) -> SourceRun:
    from bittrue.ref.source import amplified, frames

    leg = make("torch", source.net, options)

    def run(seed: int, numbers: Codes, settings: Mapping[str, int], gain: int) -> Codes:
        return amplified(source, leg.run(frames(source, seed, numbers, settings)), gain)

    return run


def _c(source: Source, options: Options) -> SourceRun:
    from bittrue.cosim.c_source import CSource

    return CSource(source).run


def _rtl(source: Source, options: Options) -> SourceRun:
    from bittrue.check.legs import require_generator
    from bittrue.cosim import verilator
    from bittrue.cosim.source_model import SourceModel

    require_generator()
    verilator.find()
    model = SourceModel(source, options.interval)
    return lambda seed, numbers, settings, gain: model.run(seed, numbers, settings, gain, options.stalls)


SOURCE_LEGS: dict[str, Callable[[Source, Options], SourceRun]] = {"ref": _ref, "torch": _torch, "c": _c, "rtl": _rtl}
"""Makers of the legs by name, those of `bittrue.check.legs.LEGS`."""


def make_source(name: str, source: Source, options: Options | None = None) -> SourceRun:
    """The leg called ``name``. Raises `BadInput` as `bittrue.check.legs.make` does."""
    if name not in SOURCE_LEGS:
        raise BadInput(f"unknown leg {name!r}; known are {', '.join(LEGS)}")
    return SOURCE_LEGS[name](source, options or Options())
