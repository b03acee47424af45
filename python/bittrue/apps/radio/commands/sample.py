"""``bittrue radio sample``: maps drawn by a trained diffusion model."""

from __future__ import annotations

import argparse
import time

from bittrue.bars import steps
from bittrue.kit.application import Printed, Result
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
    """Draw, and say how many and how fast."""
    with needed("drawing maps needs", "torch", "scipy", "PIL", "yaml"):
        from bittrue.apps.radio.published.sampling import draw
    began = time.monotonic()
    with steps("reading the model") as step:
        drawn = draw(
            arguments.run_folder,
            arguments.output,
            step,
            data=arguments.data,
            split=arguments.split or "test",
            most=arguments.most or 200,
            steps=arguments.steps,
            seed=arguments.seed,
            checkpoint=arguments.checkpoint,
        )
    took = time.monotonic() - began
    yield f"{arguments.output}: {drawn:,} maps drawn in {took:.1f} s; those that were there already were kept"
    yield Result({"maps": drawn, "seconds": took}, [arguments.output])
