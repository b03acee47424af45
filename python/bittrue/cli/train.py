"""``bittrue train``: a net from a recipe."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.cli import train_ecg
from bittrue.cli.parser import Commands, Parser, add_command, console, whole
from bittrue.cli.sheets import show
from bittrue.errors import BadInput
from bittrue.extras import install

if TYPE_CHECKING:
    from bittrue.apps.dpd.polynomials.polynomial_plan import PolynomialPlan

DEFAULTS = {"dpd": "tdnn-wide", "ecg": "ecg-tiny", "pa": "pa-gru"}
"""Applications, and the built-in recipe of each that is taken where none is named."""

OWN = {"capture": ("dpd", "pa"), "polynomial": ("dpd",), "data": ("ecg",), "seed": ("ecg",), "synthetic": ("ecg",)}
"""Options that only some applications have."""

PARAMETERS = 250
EXAMPLES = (
    "bittrue train dpd --recipe tdnn-wide -o build/tdnn-wide",
    "bittrue train dpd --capture my-amplifier   # a folder of bittrue align",
    "bittrue train dpd --capture my-amplifier --polynomial",
    "bittrue train dpd --recipe mine.toml -o build/mine   # bittrue recipe tdnn-wide > mine.toml",
    "bittrue train ecg --synthetic",
    "bittrue train pa --capture my-amplifier",
)


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(commands, "train", call, "train a net by a recipe", net=False, examples=EXAMPLES)
    what = "dpd: a predistorter; ecg: a classifier of heartbeats; pa: an amplifier model"
    command.add_argument("application", choices=tuple(DEFAULTS), help=what)
    default = ", ".join(DEFAULTS.values())
    command.add_argument(
        "--recipe",
        metavar="FILE|NAME",
        help=f"recipe file, or a built-in one (default {default}; bittrue recipe lists them)",
    )
    command.add_argument("-o", "--output", metavar="DIR", help="folder for the net (default weights/NAME)")
    command.add_argument(
        "--capture", metavar="DIR|NAME", help="dpd, pa: this capture, not the recipe's; a folder or a data set"
    )
    command.add_argument(
        "--polynomial",
        nargs="?",
        type=whole(10, 4000),
        const=PARAMETERS,
        metavar="N",
        help="dpd: no net is trained; the memory polynomial of at most N real parameters that fits best by least "
        f"squares becomes an integer net (default {PARAMETERS})",
    )
    command.add_argument("--data", metavar="DIR", help="ecg: folder of the MIT-BIH records")
    command.add_argument("--seed", type=whole(0, 10**9), metavar="N", help="ecg: this seed, not the recipe's")
    command.add_argument("--synthetic", action="store_true", help="ecg: made-up patients, to try it without data")


def call(arguments: argparse.Namespace) -> int:
    """Train, and write the net's folder with its card."""
    chosen = arguments.recipe or DEFAULTS[arguments.application]
    for option, applications in OWN.items():
        if arguments.application not in applications and getattr(arguments, option) not in (None, False):
            known = " and ".join(f"`bittrue train {name}`" for name in applications)
            raise BadInput(f"--{option} belongs to {known}; set what you mean in the recipe")
    if arguments.application == "ecg":
        if arguments.synthetic and arguments.data:
            raise BadInput("--synthetic takes no records; leave it or --data out")
        return train_ecg.call(arguments, chosen)
    if arguments.application == "pa":
        return _amplifier(chosen, arguments.output, arguments.capture)
    return _predistorter(chosen, arguments.output, arguments.capture, arguments.polynomial)


def _predistorter(chosen: str, output: str | None, capture: str | None, parameters: int | None) -> int:
    from bittrue.apps.dpd import recipe_text
    from bittrue.apps.dpd.polynomials import polynomial_plan
    from bittrue.apps.dpd.polynomials.polynomial_plan import PolynomialPlan

    plan = polynomial_plan.named(chosen)
    if isinstance(plan, PolynomialPlan):
        if capture or parameters:
            raise BadInput(f"{chosen} is the recipe of a polynomial; write capture and parameters into it")
        return _polynomial(plan, output)
    if capture:
        plan = recipe_text.retargeted(plan, capture)
    if parameters:
        return _polynomial(polynomial_plan.plan_of(plan, parameters), output)
    try:
        from bittrue.apps.dpd import train
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "scipy", "matplotlib"):
            raise
        raise BadInput(f"training needs {error.name}, which is not installed; {install('train')}") from None
    folder = Path(output or Path("weights") / plan.name)
    if plan.thermal is not None:
        from bittrue.apps.dpd.thermal import thermal_train

        thermal_train.train(plan, folder)
    else:
        train.train(plan, folder)
    if capture:
        console().print(f"{folder}: {plan.name}, its card is {folder / 'CARD.md'}", markup=False)
    return 0


def _polynomial(plan: PolynomialPlan, output: str | None) -> int:
    from bittrue.apps.dpd.polynomials import polynomial_train

    folder = Path(output or Path("weights") / plan.name)
    fitted = polynomial_train.train(plan, folder)
    out = console()
    show(out, fitted.sheet)
    out.print(f"{folder}: {plan.name}, its card is {folder / 'CARD.md'}", markup=False)
    return 0


def _amplifier(chosen: str, output: str | None, capture: str | None) -> int:
    try:
        from bittrue.apps.dpd.amplifiers import identify, identify_plan
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise BadInput(f"an amplifier model needs torch, which is not installed; {install('train')}") from None
    plan = identify_plan.plan(chosen)
    if capture:
        plan = identify_plan.retargeted(plan, capture)
    identify.identify(plan, Path(output or Path("weights") / plan.name))
    return 0
