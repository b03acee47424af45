"""``bittrue train radio --cfg`` and ``--preset``: the published models by their configurations."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.kit.application import Option, Printed, Remark, Result
from bittrue.kit.optional import needed

if TYPE_CHECKING:
    from bittrue.apps.radio.configuration import Configuration
    from bittrue.apps.radio.published.run import Trained

OPTIONS = (
    Option("--cfg", "yaml file of a published model, or first_radio, radio_train_m", {"metavar": "FILE|NAME"}),
    Option("--preset", "both published stages: tiny (minutes on a CPU) or paper", {"metavar": "NAME"}),
    Option("--data", "folder of radio maps (default: found; tiny makes some)", {"metavar": "DIR"}),
)
EXAMPLES = (
    "bittrue train radio --cfg first_radio --data RadioMapSeer",
    "bittrue train radio --preset tiny -o build/radio",
)


def run(arguments: argparse.Namespace) -> Printed:
    """Train by a configuration, or both stages by a preset, and tell what came of it."""
    if arguments.cfg and arguments.preset:
        raise BadInput("--cfg and --preset are both given; a preset has its own configurations, so leave one out")
    with needed("training needs", "torch", "scipy", "PIL", "yaml"):
        from bittrue.apps.radio.configuration import load
        from bittrue.apps.radio.published.run import placed
    if arguments.preset:
        yield from _preset(arguments)
        return
    configuration = placed(load(arguments.cfg), arguments.output, arguments.data)
    trained = _train(configuration)
    yield from _told(trained)
    yield Result.trained(trained.folder, configuration.stage, **_numbers(trained))


def _preset(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.radio.making import make
    from bittrue.apps.radio.published import presets

    output, data = Path(arguments.output or Path("results") / arguments.preset), arguments.data
    presets.names(arguments.preset)
    if arguments.preset == "tiny" and data is None:
        data = str(output / presets.MADE)
        with steps("making cities") as step:
            make(data, presets.CITIES, step)
        yield f"{data}: {presets.CITIES.maps} synthetic cities, {presets.CITIES.transmitters} transmitters each"
    numbers: dict[str, object] = {}
    trained = _train(presets.first_stage(arguments.preset, output, data))
    yield from _told(trained)
    numbers[presets.FIRST] = _numbers(trained)
    trained = _train(presets.diffusion(arguments.preset, output, data))
    yield from _told(trained)
    numbers[presets.SECOND] = _numbers(trained)
    files = sorted(path for part in (presets.FIRST, presets.SECOND) for path in (output / part).iterdir())
    yield Result(numbers, [path for path in files if path.is_file()])


def _train(configuration: Configuration) -> Trained:
    from bittrue.apps.radio.published.run import train

    with steps("reading the maps") as step:
        return train(configuration, step)


def _told(trained: Trained) -> Printed:
    trainer = trained.trainer
    if not trainer.team.leads:
        return
    for remark in trained.remarks:
        yield Remark(remark)
    name = getattr(getattr(trainer, "loss", None), "perceptual_name", "LPIPS")
    if name not in ("LPIPS", "none"):
        yield Remark(
            f"the perceptual part is {name} and not LPIPS; name VGG16's file and the heads' in lossconfig for that"
        )
    if trained.ended:
        yield Remark(f"ended after {trainer.done:,} of {trainer.total:,} steps: {trained.ended}")
    parameters = sum(p.numel() for p in trainer.network.parameters())
    last = dict(zip(trainer.columns, trainer.rows[-1][1:], strict=True)) if trainer.rows else {}
    key = "rec" if "rec" in last else "loss"
    yield (
        f"{trainer.configuration.stage}: {parameters:,} parameters, {trainer.done:,} steps at {trainer.batches.side} x "
        f"{trainer.batches.side} pixels, batches of {trainer.size}; {key} {last.get(key, float('nan')):.4f}"
    )
    if trained.found:
        yield ", ".join(f"{name} {value:.4f}" for name, value in trained.found.items())
    yield f"run: {trained.folder}"


def _numbers(trained: Trained) -> dict[str, object]:
    trainer = trained.trainer
    return {"steps": trainer.done, "ended": trained.ended or None, "validation": dict(trained.found)}
