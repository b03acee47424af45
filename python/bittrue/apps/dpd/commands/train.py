"""``bittrue train dpd`` and ``bittrue train pa``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.apps.dpd import recipe_text
from bittrue.apps.dpd.polynomials import polynomial_plan
from bittrue.apps.dpd.polynomials.polynomial_plan import PolynomialPlan
from bittrue.errors import BadInput
from bittrue.kit.application import Printed, Result, output_folder
from bittrue.kit.optional import needed


def predistorter(arguments: argparse.Namespace) -> Printed:
    """Train the net, the thermal banks or the polynomial of a recipe."""
    capture, parameters = arguments.capture, arguments.polynomial
    plan = polynomial_plan.named(arguments.recipe)
    if isinstance(plan, PolynomialPlan):
        if capture or parameters:
            raise BadInput(f"{arguments.recipe} is the recipe of a polynomial; write capture and parameters into it")
        return _polynomial(plan, output_folder(arguments, plan.name))
    if capture:
        plan = recipe_text.retargeted(plan, capture)
    if parameters:
        polynomial = polynomial_plan.plan_of(plan, parameters)
        return _polynomial(polynomial, output_folder(arguments, polynomial.name))
    with needed("training needs", "torch", "scipy", "matplotlib"):
        from bittrue.apps.dpd import train
    folder = output_folder(arguments, plan.name)
    if plan.thermal is not None:
        from bittrue.apps.dpd.thermal import thermal_train

        thermal_train.train(plan, folder)
    else:
        train.train(plan, folder)
    return [*([_written(folder, plan.name)] if capture else []), Result.trained(folder, plan.name)]


def amplifier(arguments: argparse.Namespace) -> Printed:
    """Identify the amplifier of a recipe's capture."""
    with needed("an amplifier model needs", "torch"):
        from bittrue.apps.dpd.amplifiers import identify, identify_plan
    plan = identify_plan.plan(arguments.recipe)
    if arguments.capture:
        plan = identify_plan.retargeted(plan, arguments.capture)
    folder = output_folder(arguments, plan.name)
    identify.identify(plan, folder)
    return [Result.trained(folder, plan.name)]


def _polynomial(plan: PolynomialPlan, folder: Path) -> Printed:
    from bittrue.apps.dpd.polynomials import polynomial_train

    sheet = polynomial_train.train(plan, folder).sheet
    return [sheet, _written(folder, plan.name), Result.trained(folder, plan.name)]


def _written(folder: Path, name: str) -> str:
    return f"{folder}: {name}, its card is {folder / 'CARD.md'}"
