"""``bittrue radio make``: synthetic cities in the layout of RadioMapSeer."""

from __future__ import annotations

import argparse
import time

from bittrue.bars import steps
from bittrue.kit.application import Printed, Result
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
    """Make, and say how many and how fast."""
    with needed("radio maps need", "scipy", "PIL", extra="radio"):
        from bittrue.apps.radio.making import Plan, make
    kinds = tuple(part.strip() for part in arguments.models.split(",") if part.strip())
    plan = Plan(
        arguments.maps,
        arguments.transmitters,
        arguments.seed,
        kinds,
        arguments.first,
        arguments.missing,
        arguments.k2,
    )
    began = time.process_time()
    with steps("making cities") as step:
        made, kept = make(arguments.output, plan, step)
    took = time.process_time() - began
    there = f", {kept:,} cities were there already" if kept else ""
    rate = f", {made / took:.1f} a CPU second" if made else ""
    yield f"{arguments.output}: {made:,} radio maps of {plan.maps - kept:,} synthetic cities{rate}{there}"
    yield Result({"maps": made, "cities": plan.maps - kept, "kept": kept, "seed": plan.seed}, [arguments.output])
