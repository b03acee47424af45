"""Baselines beside the nets in every table of results: nothing, polynomials fitted in two ways, and the ceiling."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bittrue.apps.dpd.amplifiers import gmp, ilc, polynomial
from bittrue.apps.dpd.amplifiers.amplifier import Model
from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.amplifiers.polynomial import BUDGETS, GENERALISED, MEMORY, Filter
from bittrue.apps.dpd.cache import remembered
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Complex

SAMPLES = 30_000
"""Of the train split, from its start, that a polynomial is fitted to at most."""

RIDGE = 1e-9
KINDS = {"memory polynomial": MEMORY, "GMP": GENERALISED}
FITS = ("ideal drive", "indirect")
CEILING = "ideal drive (ILC ceiling)"


@dataclass(frozen=True, eq=False)
class Baseline:
    """A row of a table that is no net.

    Parameters
    ----------
    name : str
        ``"none"``, the kind of polynomial with its fit, or `CEILING`.
    parameters : int
        Real parameters, 0 where there are none.
    predistort : callable or None
        Complex ``(N,)`` to ``(N,)``; ``None`` drives the amplifier with the plain input.
    """

    name: str
    parameters: int
    predistort: Filter | None


def rows(
    model: Model, capture: Capture, budgets: Sequence[int] = BUDGETS, report: Callable[[str], None] | None = None
) -> Iterator[Baseline]:
    """The baselines for an amplifier model, fitted through it on the capture's train split.

    First no predistortion; then for every budget the memory polynomial and the generalised one, each by least squares
    on the ideal drive and by iterated indirect learning; at last the ceiling, which learns every signal it is given
    anew, so that it is no predistorter. Coefficients are computed once and then read from the build folder: seconds
    at 250 and 500 real parameters, a minute at 2,000.

    Parameters
    ----------
    model : Model
    capture : Capture
    budgets : sequence of int
        From `BUDGETS`.
    report : callable, optional
        Called with the name of each row before it is computed.

    Raises
    ------
    BadInput
        Where learning diverges, or the train split is too short for a polynomial.
    """
    yield Baseline("none", 0, None)
    x = capture.inputs["train"][:SAMPLES]
    mark = _mark(model, capture, x)
    for budget in budgets:
        for kind, structures in KINDS.items():
            structure = structures[budget]
            for fit in FITS:
                name = f"{kind}, {fit}"
                if report is not None:
                    report(f"{name}, {budget}")
                coefficients = _coefficients(model, capture, x, structure, fit, mark)
                yield Baseline(name, 2 * len(structure.terms), polynomial.predistorter(structure, coefficients))
    yield Baseline(CEILING, 0, ceiling(model, capture))


def ceiling(model: Model, capture: Capture) -> Filter:
    """The ideal drive of whatever signal comes, by iterative learning control through the model.

    Computed once for a signal and then read from the build folder. Raises `BadInput` where it diverges.
    """

    def learn(x: Complex) -> Complex:
        key = f"ceiling-1 {_mark(model, capture, x)}"
        return remembered("ideal", key, lambda: ilc.ideal_input(model, x, capture.gain, capture.peak).drive)

    return learn


def _coefficients(model: Model, capture: Capture, x: Complex, structure: Structure, fit: str, mark: str) -> Complex:
    def compute() -> Complex:
        if fit == "indirect":
            return polynomial.indirect(model, structure, x, capture.gain, capture.peak).coefficients
        return gmp.fit(structure, x, ceiling(model, capture)(x), RIDGE)

    return remembered("polynomial", f"polynomial-1 {fit} {structure.terms} {mark}", compute)


def _mark(model: Model, capture: Capture, x: Complex) -> str:
    """What the results for a signal depend on: the signal, gain and peak, and the model by its output."""
    probe = capture.inputs["train"][:256]
    digest = hashlib.sha256(x.astype("<c16").tobytes() + model(probe).astype("<c16").tobytes())
    return f"{digest.hexdigest()} {capture.gain!r} {capture.peak!r}"
