"""``bittrue radio package``: a published model, trained or as it is drawn, as integer tensors for other tools."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.bars import steps
from bittrue.errors import BadInput, shown
from bittrue.files import made_folder, write_together
from bittrue.kit.application import Printed, Result
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
    """Load, round, write, and say where it fits."""
    with needed("a package needs", "torch", "yaml", extra="radio"):
        from bittrue.apps.radio.configuration import SHIPPED, load
        from bittrue.apps.radio.published import packaging, run_folder
        from bittrue.apps.radio.published.batches import side_of
    given = Path(arguments.run)
    if given.is_dir():
        configuration, weights = run_folder.load(given), run_folder.latest(given)
        about = f"{weights.name} of the run {given.name}."
    elif arguments.run in SHIPPED:
        configuration, weights = load(arguments.run), None
        about = f"**Untrained**: weights of configuration {arguments.run} as they are drawn, seed 0."
    else:
        raise BadInput(
            f"{shown(arguments.run)} is neither a folder nor a published configuration; give a run of "
            f"bittrue train radio --cfg, or {' or '.join(SHIPPED)}"
        )
    name = given.resolve().name if given.is_dir() else arguments.run
    packaging.check_folder(Path(arguments.output), name)
    model = packaging.model_of(configuration, weights)
    with steps("rounding tensors") as step:
        made = packaging.package(model, side_of(configuration), name, arguments.bits, about, step)
    with made_folder(arguments.output) as folder:
        write_together(folder, made.files, renew=True)
    yield f"{made.words:,} words of {arguments.bits} bits, {made.decibel:.1f} dB above their rounding"
    yield from (f"{device}: {verdict}" for device, verdict in made.fits.items())
    yield f"{arguments.output}: {len(made.files)} files, {packaging.REPORT} and {packaging.MANIFEST} say what they are"
    found = {"model": name, "words": made.words, "bits": arguments.bits, "decibel": made.decibel}
    yield Result({**found, "fits": dict(made.fits)}, [Path(arguments.output) / file for file in made.files])
