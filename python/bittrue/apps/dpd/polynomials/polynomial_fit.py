"""Choice of a memory polynomial: taps and powers within a budget, judged on the validation split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.amplifiers import baselines, gmp, polynomial
from bittrue.apps.dpd.amplifiers.amplifier import Model
from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Complex, Metrics
from bittrue.apps.dpd.polynomials.polynomial_net import net_of
from bittrue.apps.dpd.polynomials.polynomial_plan import PolynomialPlan
from bittrue.errors import BadInput
from bittrue.parent import Parameters
from bittrue.spec import Net

MARGIN = 0.1
"""Decibels of NMSE on the validation split that further parameters must gain."""

LENGTHS = (2, 4, 6, 9, 13, 18, 25, 35, 50, 70, 100, 140, 200, 280, 400)
"""Taps that are tried, of the nonlinear terms; the linear one has as many, or twice as many."""

ORDERS = ((1, 2, 3, 4), (1, 2, 3), (2, 4), (2,))
"""Powers of the envelope that are tried beside the linear term."""

RIDGES = (baselines.RIDGE, 1e-6)
"""Relative to each term's energy; the larger one keeps coefficients small, which costs little and saves bits."""

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Chosen:
    """The polynomial that was chosen: its net, its float parent, how it was fitted, and how that was found.

    ``tried`` are the structures tried and their error, as NMSE in dB on the validation split through the model that
    taught; ``x`` and ``drive`` the signal and the ideal drive that it was fitted to.
    """

    net: Net
    parent: Parameters
    structure: Structure
    fit: str
    tried: list[tuple[Structure, float]]
    x: Complex
    drive: Complex


def structures(budget: int) -> list[Structure]:
    """The structures that are tried with at most so many real parameters, the smallest first."""
    found = {}
    for powers in ORDERS:
        for taps in LENGTHS:
            for linear in (taps, 2 * taps):
                if 2 * (linear + taps * len(powers)) <= budget:
                    made = Structure.aligned(linear, [0]) + Structure.aligned(taps, powers)
                    found[made.terms] = made
    return sorted(found.values(), key=lambda one: (len(one.terms), one.terms))


def choose(plan: PolynomialPlan, capture: Capture, model: Model, watch: Watch) -> Chosen:
    """Fit polynomials to the ideal drive of a model on the train split, and choose one on the validation split.

    The structure is the smallest whose error is within `MARGIN` of the best. It is then fitted by every combination of
    `RIDGES` and, beside the ideal drive, indirect learning; the *integer* net that validates best is taken.

    Raises
    ------
    BadInput
        Where the train split is too short, or no polynomial is better than none.
    """
    x = capture.inputs["train"][: baselines.SAMPLES]
    watch(f"ideal drive through {model.title}", 0, 0)
    drive = baselines.ceiling(model, capture)(x)
    candidates = [one for one in structures(plan.polynomial.parameters) if 4 * len(one.terms) <= len(x)]
    if not candidates:
        raise BadInput(f"{capture.name} has {len(x):,} samples to fit to, too few for any polynomial; capture more")
    tried = []
    for number, structure in enumerate(candidates):
        watch(f"polynomials of up to {2 * len(structure.terms):,} parameters", number, len(candidates))
        coefficients = gmp.fit(structure, x, drive, baselines.RIDGE)
        predistort = polynomial.predistorter(structure, coefficients)
        tried.append((structure, closed_loop.judge(capture, model, predistort, "val").nmse))
    best = min(error for _, error in tried)
    structure = next(one for one, error in tried if error <= best + MARGIN)
    fits = []
    for ridge in RIDGES:
        for way in baselines.FITS:
            watch(f"{2 * len(structure.terms):,} parameters fitted by {way}, ridge {ridge:g}", 0, 0)
            try:
                coefficients = _fitted(way, ridge, structure, x, drive, capture, model)
            except BadInput:  # indirect learning may diverge; the ideal drive is there
                continue
            net, parent = net_of(plan.name, structure, coefficients, x, capture.peak, plan.polynomial.weight_bits)
            error = closed_loop.judge(capture, model, closed_loop.integer(net), "val").nmse
            fits.append((error, f"{way}, ridge {ridge:g}", net, parent))
    error, fit, net, parent = min(fits, key=lambda one: one[0])
    plain: Metrics = closed_loop.judge(capture, model, None, "val")
    if not error < plain.nmse:
        raise BadInput(
            f"no polynomial is better than none on {capture.name}: {error:.1f} dB on the validation split, and "
            f"{plain.nmse:.1f} dB without; check the capture"
        )
    return Chosen(net, parent, structure, fit, tried, x, drive)


def _fitted(
    way: str, ridge: float, structure: Structure, x: Complex, drive: Complex, capture: Capture, model: Model
) -> Complex:
    if way == "indirect":
        found = polynomial.indirect(model, structure, x, capture.gain, capture.peak, ridge=ridge)
        return found.coefficients
    return gmp.fit(structure, x, drive, ridge)
