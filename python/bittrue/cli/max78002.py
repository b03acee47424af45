"""``bittrue max78002``: a net as firmware for the MAX78002 and MAX78000."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bittrue import spec
from bittrue.cli import max78002_verify
from bittrue.cli.ecg import checkpoint_bytes
from bittrue.cli.frames import read_frames
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_json, print_json, remark, tensors, whole
from bittrue.errors import BadInput
from bittrue.files import check_target, write_whole
from bittrue.spec import Net

if TYPE_CHECKING:
    from bittrue.targets.max78002.plan import Plan

Codes = npt.NDArray[np.int64]


def add(commands: Commands[Parser]) -> None:
    """Add the command and what it has under it."""
    does = "write firmware for MAX78002 and MAX78000, and verify it"
    parent = commands.add_parser("max78002", help=does, description=f"{does[0].upper()}{does[1:]}.")
    under = parent.add_subparsers(metavar="what", required=True)
    examples = (
        "bittrue max78002 generate weights/ecg-tiny --sample beats.npy -o build/ecg",
        "bittrue max78002 generate build/kws --sample x.npy --device MAX78000 --checkpoint kws-q.pth.tar -o build/c",
    )
    does = "write a project for the vendor's SDK, with known answer"
    make = add_command(under, "generate", call_generate, does, examples=examples)
    make.add_argument("--sample", required=True, metavar="X.npy", help="a frame: integers are codes, others values")
    make.add_argument(
        "--index", type=whole(0, 1 << 31), default=0, metavar="N", help="which frame of the file (default the first)"
    )
    make.add_argument("--device", default="MAX78002", metavar="NAME", help="MAX78002 (default) or MAX78000")
    make.add_argument(
        "--checkpoint", metavar="FILE", help="also write a quantised checkpoint for the vendor's tool: .pth.tar or .npz"
    )
    add_folder(make, "the project")
    add_json(make)
    max78002_verify.add(under)


def call_generate(arguments: argparse.Namespace) -> int:
    """Write the project, and say where everything went."""
    from bittrue.targets.max78002.checkpoint import Checkpoint
    from bittrue.targets.max78002.devices import device_of

    try:
        from bittrue.targets.max78002.generate import write_project
        from bittrue.targets.max78002.yaml_writer import stage_state
    except ImportError as error:
        from bittrue.cli.import_ai8x import needed

        raise needed(error) from None
    from bittrue.targets.max78002.plan import plan
    from bittrue.targets.max78002.summary import summary

    device, net = device_of(arguments.device), spec.load(arguments.net)
    codes = _sample(net, arguments.sample, arguments.index)
    path, data = arguments.checkpoint, b""
    if path:
        check_target(path)
        state = stage_state([layer.stage for layer in plan(net, device).layers])
        data = checkpoint_bytes(Checkpoint(path, state, net.name), path)
    made = write_project(net, codes, device, arguments.output)
    if path:
        write_whole(path, data)
    if arguments.json:
        print_json(_document(made, arguments))
        return 0
    results = ", ".join(str(net.types[name]) for name in net.outputs)
    print(f"{arguments.output}: {net.name} for {device.name}, {net.input} to {results}")
    for line in summary(made):
        print(f"  {line}")
    return 0


def _document(made: Plan, arguments: argparse.Namespace) -> dict[str, object]:
    """What was written, for a script: the ends of the net, its layers on the chip, and bytes of the chip's memories."""
    from bittrue.targets.max78002 import describing
    from bittrue.targets.max78002.summary import usage

    net, device = made.net, made.memory.device
    files = sorted(path for path in Path(arguments.output).rglob("*") if path.is_file())
    return {
        "net": net.name,
        "device": device.name,
        "inputs": tensors(net, net.inputs),
        "outputs": tensors(net, net.outputs),
        "layers": [{"name": layer.name, "does": describing.title(layer)} for layer in made.layers],
        "memory": usage(made),
        "files": [str(path) for path in [*files, *([arguments.checkpoint] if arguments.checkpoint else [])]],
    }


def _sample(net: Net, path: str, index: int) -> Codes:
    """Codes of one frame of a file: (1, channels, length)."""
    checked = read_frames(net, path)
    if index >= len(checked):
        raise BadInput(
            f"{path} holds {len(checked)} frames and --index asks for {index}; choose 0 to {len(checked) - 1}"
        )
    if len(checked) > 1:
        remark(f"{path} holds {len(checked)} frames; frame {index} is the known-answer test, and --index chooses")
    return checked[index : index + 1]
