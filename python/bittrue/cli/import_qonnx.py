"""``bittrue import-qonnx``: a QONNX model as a net folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bittrue import spec
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_json, print_json, remark, tensors
from bittrue.emit.folder import check_owner
from bittrue.errors import BadInput
from bittrue.extras import install
from bittrue.spec import Net


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "make a net of a QONNX model (Brevitas, QKeras, HGQ2, bittrue)"
    examples = (
        "bittrue import-qonnx model.onnx -o build/net",
        "bittrue import-qonnx brevitas.onnx --requantise -o build/net",
    )
    command = add_command(commands, "import-qonnx", call, does, net=False, examples=examples)
    command.add_argument("model", metavar="FILE", help="the model, .onnx, with Quant nodes")
    command.add_argument(
        "--requantise",
        action="store_true",
        help="change roundings, scales and biases that no net has, and say what changed, instead of refusing them",
    )
    add_folder(command, "the net")
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Import, write the net, and say what it is."""
    try:
        from bittrue.targets.qonnx.read import read_qonnx

        done = read_qonnx(arguments.model, arguments.requantise)
    except ImportError as error:
        raise needed(error) from None
    net = done.net
    check_owner(Path(arguments.output), [spec.store.JSON_FILE], net.name)
    spec.save(net, arguments.output)
    for sentence in done.remarks:
        remark(sentence)
    if arguments.json:
        print_json(imported(net, arguments.output, done.remarks))
        return 0
    results = ", ".join(str(net.types[name]) for name in net.outputs)
    print(f"{arguments.output}: {net.name}, {', '.join(map(str, net.inputs.values()))} to {results}")
    for node in net.nodes:
        print(f"  {node.name}: {type(node.layer).__name__} of {', '.join(node.inputs)}, {net.types[node.name]}")
    return 0


def imported(net: Net, folder: str, remarks: Sequence[str]) -> dict[str, object]:
    """A net that was made and written, for a script."""
    nodes = [
        {
            "name": node.name,
            "layer": type(node.layer).__name__,
            "inputs": list(node.inputs),
            "shape": list(net.types[node.name].shape),
            "format": str(net.types[node.name].format),
        }
        for node in net.nodes
    ]
    ends = {"inputs": tensors(net, net.inputs), "outputs": tensors(net, net.outputs)}
    files = [str(Path(folder) / name) for name in spec.store.contents(net)]
    return {"net": net.name, **ends, "nodes": nodes, "remarks": list(remarks), "files": files}


def needed(error: ImportError) -> BadInput:
    """The exception for a missing onnx. Raises ``error`` itself where something else is missing."""
    if (error.name or "").partition(".")[0] not in ("onnx", "google"):
        raise error
    return BadInput(f"QONNX models need the package onnx; {install('qonnx')}")
