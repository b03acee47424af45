"""``bittrue export``: an integer net and its memory files from a checkpoint."""

from __future__ import annotations

import argparse

from bittrue.cli.parser import Commands, Parser, add_command, whole
from bittrue.errors import BadInput
from bittrue.kit.optional import needed
from bittrue.lower.fold import INTERVAL, MIN_INTERVAL

EXAMPLES = (
    "bittrue export --checkpoint weights/tdnn-wide -o build/roms --order lanes --interval 16",
    "bittrue export --checkpoint build/mine/checkpoint/state.pt -o build/roms",
    "bittrue export --checkpoint weights/tdnn-compat/float.safetensors --rescale all -o build/rescaled",
)


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "write net and weight ROMs of a training checkpoint"
    command = add_command(commands, "export", call, does, net=False, examples=EXAMPLES)
    command.add_argument(
        "--checkpoint",
        required=True,
        metavar="F",
        help="state.pt of a training, its output folder, a float.safetensors beside a net.json or recipe.toml, or a "
        "folder of thermal banks",
    )
    command.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="folder for net and ROMs; made if need be"
    )
    command.add_argument("--clamp", action="store_true", help="let weights that do not fit their format saturate")
    command.add_argument(
        "--rescale",
        nargs="?",
        const="hidden",
        choices=("hidden", "all"),
        help="scale hidden neurons by powers of two so that they fill their words; all: move the features' point too",
    )
    command.add_argument(
        "--weight-format", metavar="Qm.n|fit", help="one format for all weights, or the finest that holds each layer's"
    )
    command.add_argument("--order", choices=("rows", "lanes"), default="rows", help="order of the words (default rows)")
    command.add_argument(
        "--interval",
        type=whole(MIN_INTERVAL, 1 << 16),
        metavar="I",
        help=f"clocks a sample of the hardware that --order lanes is for (default {INTERVAL})",
    )


def call(arguments: argparse.Namespace) -> int:
    """Write the files, and print what the net is and the paths."""
    with needed("an export needs", "torch", "scipy"):
        from bittrue.apps.dpd.exporting import export
    if arguments.interval is not None and arguments.order != "lanes":
        raise BadInput("--interval says nothing about words in row order; add --order lanes, or leave it out")
    interval = None if arguments.order == "rows" else arguments.interval or INTERVAL
    options = export.Options(arguments.clamp, arguments.rescale, arguments.weight_format, interval)
    done = export.export(arguments.checkpoint, arguments.output, options)
    for line in done.remarks:
        print(line)
    for bank, net in done.nets.items():
        lines = export.summary(net) if bank in ("", next(iter(done.nets))) else export.summary(net)[:1]
        for line in lines:
            print(f"{bank}: {line}" if bank else line)
    for path in done.paths:
        print(path)
    return 0
