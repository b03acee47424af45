"""A second judge that nothing here was fitted to: the frozen amplifier of OpenDPD's DPD Arena."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np

from bittrue.apps.dpd.data import Capture, to_complex, to_iq
from bittrue.apps.dpd.metrics import Complex
from bittrue.apps.dpd.pa import limit

TITLE = "the frozen amplifier of OpenDPD's DPD Arena, which nothing here was fitted to"

CONDITIONS = {"APA_200MHz_b": "apa-200mhz-b"}
"""Arena condition of a capture, by its name. Its amplifier is a TRes-GRU trained by the OpenDPD authors."""


def amplifier(capture: Capture) -> Callable[[Complex], Complex] | str:
    """The Arena's amplifier for this capture as a function of the drive, or the reason why there is none.

    It needs torch and the dependencies of ``opendpd`` (pydantic, scipy, pandas, tqdm, psutil, threadpoolctl).
    """
    if capture.name not in CONDITIONS:
        return f"the Arena has no amplifier for {capture.name}"
    try:
        engine = importlib.import_module("opendpd.core.arena_engine")
    except ImportError as error:
        return f"opendpd cannot be imported: {error}"
    condition = engine.Condition(CONDITIONS[capture.name], "cpu")

    def drive(u: Complex) -> Complex:
        limited = to_iq(limit(u, float(condition.peak))).astype(np.float32)
        return to_complex(engine.pa_output(condition.teacher, limited, "cpu"))

    return drive
