"""``bittrue noise package``: a trained GAN, or one of a recipe that is not, as integers and ROM files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.apps.noise.shelf import SHELF, is_hardware
from bittrue.emit.folder import check_owner
from bittrue.errors import BadInput
from bittrue.files import made_folder, write_together
from bittrue.kit.application import Printed, Result
from bittrue.kit.optional import needed
from bittrue.kit.recipes import check_name
from bittrue.readers import toml_document
from bittrue.spec.store import content_hash

if TYPE_CHECKING:
    from bittrue.apps.noise.gan.generator import Generator
    from bittrue.apps.noise.gan.plan import Plan
    from bittrue.apps.noise.gan.transform import Transform

SIGNALS, LENGTH = 32, 4096
"""Latent vectors by which formats are chosen; samples of a signal of a recipe that was not trained."""


def run(arguments: argparse.Namespace) -> Printed:
    """Package, write, and say where it fits."""
    with needed("a package needs", "torch", "scipy"):
        from bittrue.apps.noise.gan import packaging
    generator, plan, transform, name, about = _generator(arguments.run)
    check_name(name)
    made = packaging.package(generator, plan, transform, name, arguments.bits, SIGNALS, about)
    check_owner(Path(arguments.output), made.files, name)
    with made_folder(arguments.output) as folder:
        write_together(folder, made.files, renew=True)
    yield made.report
    yield from (f"{device}: {verdict}" for device, verdict in made.fits.items())
    yield f"{arguments.output}: {len(made.files)} files, {packaging.REPORT} and {packaging.MANIFEST} say what they are"
    paths = [Path(arguments.output) / file for file in made.files]
    yield Result({"net": name, "hash": content_hash(made.net), "fits": dict(made.fits)}, paths)


def _generator(given: str) -> tuple[Generator, Plan, Transform | None, str, str]:
    """Of a run's folder, or with drawn weights of a built-in dictionary: generator, plan, scaler, name, origin."""
    from bittrue.apps.noise.gan import reading, saved
    from bittrue.apps.noise.gan.generator import Generator
    from bittrue.apps.noise.gan.plan import plan

    path = Path(given)
    if path.is_dir():
        found = saved.load(path)
        return (
            found.generator,
            found.plan,
            found.transform,
            found.plan.model.lower(),
            f"The generator of the run {path.name}.",
        )
    if given not in SHELF.names():
        raise BadInput(
            f"{given} is neither a folder nor a recipe; give a run of bittrue train noise, or a GAN's recipe"
        )
    table = toml_document(SHELF.content(given), f"recipe {given}")
    if is_hardware(table):
        raise BadInput(f"{given} is the recipe of a hardware net, whose folder is one already; see bittrue rom")
    import torch

    made = plan(reading.configured(table, f"recipe {given}"), LENGTH, given == "psk-gan")
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        return (
            Generator(made).eval(),
            made,
            None,
            given,
            f"**Untrained**: weights of recipe {given} as they are drawn, seed 0.",
        )
