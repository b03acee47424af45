"""``bittrue import-ai8x``: an ai8x network and its checkpoint as a net folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue import spec
from bittrue.cli.import_qonnx import imported
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_json, print_json, remark, whole
from bittrue.emit.folder import check_owner
from bittrue.errors import BadInput
from bittrue.extras import install


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "make a net of an ai8x network and its checkpoint"
    examples = (
        "bittrue import-ai8x ecg-net.yaml qat_best.pth.tar --device MAX78002 -o build/ecg",
        "bittrue import-ai8x kws.yaml kws-q.npz --device MAX78000 --length 128 -o build/kws",
        "bittrue import-ai8x unet.yaml unet-q.pth.tar --device MAX78002 --size 96x80 -o build/unet",
    )
    command = add_command(commands, "import-ai8x", call, does, net=False, examples=examples)
    command.add_argument("network", metavar="NETWORK", help="ai8x network description, .yaml")
    command.add_argument("checkpoint", metavar="CHECKPOINT", help="quantised or float: .pth.tar, .pth or .npz")
    command.add_argument("--device", required=True, metavar="NAME", help="MAX78002 or MAX78000")
    command.add_argument(
        "--length",
        "--size",
        dest="size",
        type=_size,
        metavar="L|RxC",
        help="samples of an input frame, or rows x columns of an image, where the layers leave a choice",
    )
    add_folder(command, "the net")
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Import, write the net, and say what it is."""
    try:
        from bittrue.targets.max78002 import importing, network
    except ImportError as error:
        raise needed(error) from None
    from bittrue.targets.max78002.checkpoint import read_checkpoint
    from bittrue.targets.max78002.devices import device_of

    device = device_of(arguments.device)
    description = network.read_network(arguments.network)
    done = importing.import_network(description, read_checkpoint(arguments.checkpoint), device, arguments.size)
    check_owner(Path(arguments.output), [spec.store.JSON_FILE], done.net.name)
    spec.save(done.net, arguments.output)
    for sentence in done.remarks:
        remark(sentence)
    if arguments.json:
        print_json(imported(done.net, arguments.output, done.remarks) | {"device": device.name})
        return 0
    results = [done.net.types[name] for name in done.net.outputs]
    print(f"{arguments.output}: {done.net.name}, {done.net.input} to {', '.join(map(str, results))}")
    for stage in done.stages:
        none = f"{stage.join} of {', '.join(stage.sources)}" if stage.join else "pass-through"
        weights = none if stage.weight is None else "x".join(map(str, stage.weight.shape))
        bits = "" if stage.weight is None else f", {'-1/+1' if stage.bits < 0 else f'{stage.bits}-bit'} weights"
        shift = "" if stage.weight is None else ", wide" if stage.wide else f", shift {stage.shift:+d}"
        print(f"  {stage.name}: {stage.operation} {weights}{bits}{shift}")
    return 0


def _size(text: str) -> tuple[int, ...]:
    """``128`` or ``28x28``: one number, or two for rows and columns."""
    return tuple(whole(1, 2048)(number) for number in text.lower().split("x", 1))


def needed(error: ImportError) -> BadInput:
    """The exception for a missing PyYAML. Raises ``error`` itself where something else is missing."""
    if (error.name or "").partition(".")[0] != "yaml":
        raise error
    return BadInput(f"network descriptions are YAML, which needs PyYAML; {install('max78002')}")
