"""``bittrue ecg``: beats for ECG nets, and their checkpoints in ai8x form."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from bittrue.cli.application import APPLICATIONS, add_under
from bittrue.cli.parser import Commands, Parser, add_command, add_json, console, print_json, whole
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.targets.max78002.checkpoint import Checkpoint, npz_bytes, read_checkpoint
from bittrue.targets.max78002.folding import fold
from bittrue.targets.max78002.quantise import quantise
from bittrue.targets.max78002.verify import Verdict, verify

LOOK = (
    "bittrue ecg verify-checkpoint qat_best.pth.tar",
    "bittrue ecg verify-checkpoint qat_best.pth.tar --fold -o folded.npz",
)
MAKE = ("bittrue ecg quantize qat_best.pth.tar --network ecg-net.yaml -o quantised.pth.tar",)


def add(commands: Commands[Parser]) -> None:
    """Add the command and what it has under it."""
    does = "fetch records, write beats; look at, fold and quantise checkpoints"
    parent = commands.add_parser("ecg", help=does, description=f"{does[0].upper()}{does[1:]}.")
    under = parent.add_subparsers(metavar="what", required=True)
    does = "say what a checkpoint is good for"
    look = add_command(under, "verify-checkpoint", call_verify, does, net=False, examples=LOOK)
    look.add_argument("checkpoint", metavar="FILE", help=".pth.tar, .pth or .npz")
    look.add_argument("--fold", action="store_true", help="fold batch norm into the weights and write the result")
    look.add_argument("-o", "--output", metavar="FILE", help="with --fold: the folded checkpoint, .npz or .pth.tar")
    add_json(look)
    add_under(under, APPLICATIONS["ecg"])
    does = "make integers of a float checkpoint"
    make = add_command(under, "quantize", call_quantize, does, net=False, examples=MAKE)
    make.add_argument("checkpoint", metavar="FILE", help=".pth.tar, .pth or .npz, batch norm folded")
    make.add_argument("-o", "--output", required=True, metavar="FILE", help="quantised checkpoint, .npz or .pth.tar")
    make.add_argument("--network", metavar="YAML", help="network description whose 'quantization' counts most")
    make.add_argument(
        "--weight-bits", type=whole(1, 8), default=8, metavar="B", help="of layers that say nothing (default 8)"
    )
    add_json(make)


def call_verify(arguments: argparse.Namespace) -> int:
    """Print the verdict, or fold and write."""
    if arguments.fold != (arguments.output is not None):
        raise BadInput("--fold and -o FILE belong together; give both or neither")
    checkpoint = read_checkpoint(arguments.checkpoint)
    if arguments.fold:
        return _write(fold(checkpoint), arguments)
    _say(verify(checkpoint), [], arguments.json)
    checkpoint.refuse_batch_norm()
    return 0


def call_quantize(arguments: argparse.Namespace) -> int:
    """Quantise and write."""
    bits: list[int | None] = []
    if arguments.network:
        try:
            from bittrue.targets.max78002.network import read_network
        except ImportError as error:
            from bittrue.cli.import_ai8x import needed

            raise needed(error) from None
        bits = read_network(arguments.network).bits
    return _write(quantise(read_checkpoint(arguments.checkpoint), bits, arguments.weight_bits), arguments)


COLUMNS = ("layer", "weights", "bits", "output shift", "quantile", "largest")


def _say(verdict: Verdict, files: list[str], as_json: bool) -> None:
    """Print what was written and found: lines and a table, or one JSON object."""
    if as_json:
        keys = [name.replace(" ", "_") for name in COLUMNS]
        layers = [dict(zip(keys, row, strict=True)) for row in verdict.rows]
        findings = [{"good": good, "what": sentence} for good, sentence in verdict.findings]
        print_json({"layers": layers, "findings": findings, "next": verdict.next_step, "files": files})
        return
    for path in files:
        print(path)
    out, table = console(), Table(box=None)
    for heading in COLUMNS:
        table.add_column(heading)
    for row in verdict.rows:
        table.add_row(*map(escape, row))
    out.print(table)
    for good, sentence in verdict.findings:
        out.print(f"{'yes' if good else 'no ':3}  {escape(sentence)}")
    out.print(f"next: {escape(verdict.next_step)}")


def checkpoint_bytes(checkpoint: Checkpoint, path: str) -> bytes:
    """A checkpoint in the form that the ending of ``path`` names. Raises `BadInput` for another ending."""
    if path.endswith(".npz"):
        return npz_bytes(checkpoint.state)
    if not path.endswith((".pth.tar", ".pth", ".pt")):
        raise BadInput(f"{path} names no format of checkpoints; end it in .npz or .pth.tar")
    try:
        from bittrue.qat.ai8x.saving import torch_bytes
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise BadInput(f"{path} is PyTorch's format, and PyTorch is not installed; write .npz instead") from None
    return torch_bytes(checkpoint.state, checkpoint.arch, checkpoint.epoch)


def _write(checkpoint: Checkpoint, arguments: argparse.Namespace) -> int:
    """Write a checkpoint in the form that its ending names, and print the verdict."""
    path = arguments.output
    data = checkpoint_bytes(checkpoint, path)
    verdict = verify(replace(checkpoint, path=path))
    write_whole(Path(path), data)
    _say(verdict, [path], arguments.json)
    return 0
