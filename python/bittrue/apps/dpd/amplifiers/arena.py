"""OpenDPD's DPD Arena: its frozen amplifier, its splits, its protocol as a judge, and its published results.

Splits, checked against the capture sample by sample (``APA_200MHz_b`` of the same wheel, 98,304 samples; the Arena
stores them as float32, which is the only difference):

| split | the Arena's | the wheel's CSV files (`bittrue.apps.dpd.captures.data`) |
|---|---|---|
| train | 0 to 25,306 | 0 to 58,979 |
| val | 25,507 to 31,833 | 58,980 to 78,641 |
| test | 32,034 to 98,303 | 78,642 to 98,303 |

So the wheel's train split holds all of the Arena's train and val splits **and 26,946 of its 66,270 test samples**: a
net trained on the wheel's train split has seen 41 % of the Arena's test input, and its figure is no Arena result.
Train on `signals`, as ``capture = "arena"`` of a recipe does, where that matters. The wheel's test split lies inside
the Arena's test split and was seen by no amplifier model here. The Arena's target gain is 0.99223, the wheel's 1.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import Any

import numpy as np

from bittrue.apps.dpd.captures.data import INSTALL, SPLITS, Capture, load, to_complex, to_iq, wheel, wheel_file
from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput
from bittrue.extras import install
from bittrue.files import read_bytes
from bittrue.readers import json_document, npz, refusing

CONDITIONS = {"APA_200MHz_b": "apa-200mhz-b"}
"""Arena condition of a capture, by its name. Its amplifier is a TRes-GRU trained by the OpenDPD authors."""

CAPTURE, CONDITION = next(iter(CONDITIONS.items()))
ASSETS = "opendpd/arena_assets"
DATA, CALIBRATION, RESULTS = (
    f"{ASSETS}/{name}"
    for name in ("apa-200mhz-b-measured-v4.npz", "calibration-v6-apa-b.json", "reference-results-v6-apa-b.json")
)
POWER_TOLERANCE = 0.5
"""The Arena disqualifies an output whose power is further than this from the target's, in dB."""

Filter = Callable[[Complex], Complex]


@dataclass(frozen=True)
class ArenaScore:
    """One output of the Arena's amplifier on the Arena's test split, in dB: simulated, the more negative the better.

    Parameters
    ----------
    evm_db : float
        Error of the demodulated 256-QAM symbols, one complete symbol a carrier, after one common complex gain.
    aclr_left_db, aclr_right_db : float
        Power of the adjacent 40 MHz over that of the strongest carrier.
    nmse_db : float
    power_error_db : float
        Output power over the target's.
    limited : float
        Share of samples that the limit to the peak changed.
    """

    evm_db: float
    aclr_left_db: float
    aclr_right_db: float
    nmse_db: float
    power_error_db: float
    limited: float = 0.0

    @property
    def worse_aclr_db(self) -> float:
        """The higher of both sides: what the Arena ranks by."""
        return max(self.aclr_left_db, self.aclr_right_db)

    @property
    def qualified(self) -> bool:
        """Whether the output power is within the Arena's tolerance."""
        return abs(self.power_error_db) <= POWER_TOLERANCE


@dataclass(frozen=True)
class Reference:
    """A published result of the Arena: an entry at one parameter budget, the mean over its seeds, and every seed.

    Polynomials by least squares have one seed. ``aclr_db`` is the mean of every seed's worse side.
    """

    entry: str
    title: str
    budget: int
    parameters: int
    evm_db: float
    aclr_db: float
    nmse_db: float
    qualified: bool
    seeds: tuple[ArenaScore, ...]


def signals() -> Capture:
    """The Arena's splits of the capture: inputs, measured outputs, the Arena's gain (0.99223) and peak (1.0).

    Between two splits 200 samples are left out; they serve as history (`Capture.guards`). Raises `BadInput` where the
    wheel is missing.
    """
    path = wheel_file(DATA)
    with refusing(str(path), f"reinstall it: {INSTALL}"):
        arrays = npz(read_bytes(path, "the Arena's data"), str(path))
        stored = {key: to_complex(array) for key, array in arrays.items()}
    source = load(CAPTURE)
    whole = np.concatenate([source.inputs[split] for split in SPLITS])
    bounds = _json(CALIBRATION)[CONDITION]["split"]["boundaries"]
    ends = [0, *(bounds[split][1] for split in SPLITS)]
    guards = {split: whole[end : bounds[split][0]] for split, end in zip(SPLITS, ends, strict=False)}
    inputs, outputs = ({split: stored[f"{end}_{split}"] for split in SPLITS} for end in ("x", "y"))
    return Capture(f"{CAPTURE}, Arena splits", source.channel, inputs, outputs, guards, CAPTURE, wheel())


def condition(capture: Capture) -> Any:
    """OpenDPD's ``Condition`` of a capture; `BadInput` where the Arena has none or it cannot be imported."""
    name = capture.published
    if name not in CONDITIONS:
        raise BadInput(f"the Arena has no amplifier for {capture.name}; use the twin, or train a recurrent model")
    return _condition(CONDITIONS[name])


@cache
def _condition(identifier: str) -> Any:
    return _engine().Condition(identifier, "cpu")


def _engine() -> Any:
    try:
        return importlib.import_module("opendpd.core.arena_engine")
    except ImportError as error:
        raise BadInput(f"opendpd cannot be imported: {error}; {install('train')} and {INSTALL}") from None


def drive(condition: Any) -> Filter:
    """The amplifier of a condition as a function of the drive, complex ``(N,)`` to ``(N,)``, computed in float32."""
    engine = _engine()

    def run(u: Complex) -> Complex:
        limited = engine.limit_array(to_iq(u).astype(np.float32), condition.peak)
        return to_complex(engine.pa_output(condition.teacher, limited, "cpu"))

    return run


def amplifier(capture: Capture) -> Filter | str:
    """The Arena's amplifier for this capture as a function of the drive, or the reason why there is none.

    It needs torch and the dependencies of ``opendpd`` (pydantic, scipy, pandas, tqdm, psutil, threadpoolctl).
    """
    if capture.published not in CONDITIONS:
        return f"the Arena has no amplifier for {capture.name}"
    try:
        return drive(condition(capture))
    except BadInput as error:
        return str(error)


def protocol(predistort: Filter | None) -> ArenaScore:
    """Judge a predistorter as the Arena does (``dpd-arena-v6-apa-b``), by OpenDPD's own code and settings.

    The whole test input goes through ``predistort`` as one stream that begins at rest, the drive is limited to the
    peak in float32, the frozen amplifier runs from zero state, and ``Condition.metrics`` looks at all but the first
    and last 200 samples. ``None`` stands for the Arena's own baseline: the input times one complex factor that
    brings the output to the target power.

    Raises `BadInput` where OpenDPD cannot be imported, or the drive is not finite or of another length.
    """
    engine, judge = _engine(), _condition(CONDITION)
    x = to_complex(judge.data["x_test"])
    u = x * judge.alpha if predistort is None else np.asarray(predistort(x), dtype=np.complex128)
    if u.shape != x.shape or not np.isfinite(u).all():
        raise BadInput(f"the predistorter gave shape {u.shape} or NaN for {len(x)} samples; every sample needs a drive")
    raw = to_iq(u).astype(np.float32)
    y = engine.pa_output(judge.teacher, engine.limit_array(raw, judge.peak), "cpu")
    found = judge.metrics(y, "test")
    limited = float((np.linalg.norm(raw, axis=1) > judge.peak).mean())
    return _score(found, limited)


@cache
def references() -> tuple[Reference, ...]:
    """The Arena's published results, by budget and then worse-side ACLR; float networks, mean of three seeds.

    Raises `BadInput` where the wheel is missing.
    """
    found: list[Reference] = []
    for row in _json(RESULTS)["rows"]:
        for point in row["budgets"]:
            cases = [case for case in row["cases"] if case["budget"] == point["budget"]]
            if not point["available"] or not cases:
                continue
            seeds = tuple(_score(case["judges"][0], case["limited_fraction"]) for case in cases)
            found.append(
                Reference(
                    entry=str(row["backbone"]),
                    title=str(row["display_name"]),
                    budget=int(point["budget"]),
                    parameters=int(point["parameters"]),
                    evm_db=fmean(seed.evm_db for seed in seeds),
                    aclr_db=fmean(seed.worse_aclr_db for seed in seeds),
                    nmse_db=fmean(seed.nmse_db for seed in seeds),
                    qualified=bool(point["qualified"]),
                    seeds=seeds,
                )
            )
    return tuple(sorted(found, key=lambda row: (row.budget, row.aclr_db)))


def _score(found: dict[str, float], limited: float) -> ArenaScore:
    evm, left, right = (float(found[key]) for key in ("evm_db", "aclr_l_db", "aclr_r_db"))
    return ArenaScore(evm, left, right, float(found["nmse_db"]), float(found["power_error_db"]), limited)


def _json(file: str) -> Any:
    path = wheel_file(file)
    return json_document(read_bytes(path, "the Arena's file"), str(path))
