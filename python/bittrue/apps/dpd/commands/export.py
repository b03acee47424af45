"""``bittrue export``: an integer net and its memory files from a checkpoint."""

from __future__ import annotations

import argparse

from bittrue.committed import located
from bittrue.errors import BadInput
from bittrue.kit.application import Command, Option, Printed, Result
from bittrue.kit.arguments import whole
from bittrue.kit.optional import needed
from bittrue.lower.fold import INTERVAL, MIN_INTERVAL
from bittrue.spec.store import content_hash


def run(arguments: argparse.Namespace) -> Printed:
    """Write the files, and say what the net is and the paths."""
    with needed("an export needs", "torch", "scipy"):
        from bittrue.apps.dpd.exporting import export
    if arguments.interval is not None and arguments.order != "lanes":
        raise BadInput("--interval says nothing about words in row order; add --order lanes, or leave it out")
    interval = None if arguments.order == "rows" else arguments.interval or INTERVAL
    options = export.Options(arguments.clamp, arguments.rescale, arguments.weight_format, interval)
    done = export.export(located(arguments.checkpoint), arguments.output, options)
    yield from done.remarks
    for bank, net in done.nets.items():
        lines = export.summary(net) if bank in ("", next(iter(done.nets))) else export.summary(net)[:1]
        yield from (f"{bank}: {line}" if bank else line for line in lines)
    yield from map(str, done.paths)
    nets = [{"bank": bank or None, "net": net.name, "hash": content_hash(net)} for bank, net in done.nets.items()]
    yield Result({"nets": nets, "remarks": list(done.remarks)}, done.paths)


COMMAND = Command(
    "write net and weight ROMs of a training checkpoint",
    run,
    (
        Option(
            "--checkpoint",
            "state.pt of a training, its output folder, a float.safetensors beside a net.json or recipe.toml, or a "
            "folder of thermal banks; a net that comes with bittrue also by its name",
            {"required": True, "metavar": "F"},
        ),
        Option("--output", "folder for net and ROMs; made if need be", {"required": True, "metavar": "DIR"}, "-o"),
        Option("--clamp", "let weights that do not fit their format saturate", {"action": "store_true"}),
        Option(
            "--rescale",
            "scale hidden neurons by powers of two so that they fill their words; all: move the features' point too",
            {"nargs": "?", "const": "hidden", "choices": ("hidden", "all")},
        ),
        Option(
            "--weight-format",
            "one format for all weights, or the finest that holds each layer's",
            {"metavar": "Qm.n|fit"},
        ),
        Option("--order", "order of the words (default rows)", {"choices": ("rows", "lanes"), "default": "rows"}),
        Option(
            "--interval",
            f"clocks a sample of the hardware that --order lanes is for (default {INTERVAL})",
            {"type": whole(MIN_INTERVAL, 1 << 16), "metavar": "I"},
        ),
    ),
    (
        "bittrue export --checkpoint weights/tdnn-wide -o build/roms --order lanes --interval 16",
        "bittrue export --checkpoint build/mine/checkpoint/state.pt -o build/roms",
        "bittrue export --checkpoint weights/tdnn-compat/float.safetensors --rescale all -o build/rescaled",
    ),
    result=True,
)
