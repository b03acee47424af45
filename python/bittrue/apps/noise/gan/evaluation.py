"""What a generated set measures beside the test set of its target, with the target against itself as the floor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.measures.comparison import compared
from bittrue.apps.noise.measures.summary import Summary, measured
from bittrue.apps.noise.reporting.targets import target
from bittrue.errors import BadInput

Array = npt.NDArray[Any]
MOST = 1024
"""Most signals of each set that are compared: the first."""


def metrics(data_set: str, datasets: str | Path, made: Array) -> dict[str, Any]:
    """Plain numbers, None for what is not finite; nothing of time or place is in them.

    ``generated`` and ``floor`` are distances to the test set as `bittrue.apps.noise.measures.comparison.compared` gives
    them, of the generated set and of the training set; ``medians`` are estimated parameters of all three. Baselines
    are for ``bittrue report noise``. A set that cannot be measured, because it is constant for example, gets the reason
    under ``unmeasured``.

    Parameters
    ----------
    data_set : str
    datasets : path
        Folder of the data sets.
    made : array (N, L)
        Generated signals, real or complex.
    """
    found = target(data_set, Path(datasets), min(MOST, len(made)))
    count = len(found.signals)
    wide = made[:count].astype(np.complex128 if found.is_complex else np.float64)
    result: dict[str, Any] = {"data_set": data_set, "signals": count}
    try:
        test, floor, own = (measured(each, found.kind) for each in (found.signals, found.others, wide))
    except BadInput as error:
        return result | {"unmeasured": str(error)}
    return result | {
        "generated": _plain(compared(test, own)),
        "floor": _plain(compared(test, floor)),
        "medians": {"target": _medians(test), "training set": _medians(floor), "generated": _medians(own)},
    }


def _medians(summary: Summary) -> dict[str, float | None]:
    return _plain({name: float(np.median(values)) for name, values in summary.parameters.items()})


def _plain(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: float(value) if math.isfinite(value) else None for name, value in values.items()}
