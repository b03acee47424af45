"""``bittrue export-qonnx``: a net as a QONNX model."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue import spec
from bittrue.cli.import_qonnx import needed
from bittrue.cli.parser import Commands, Parser, add_command, add_json, print_json, remark, tensors, whole
from bittrue.files import check_target, write_together
from bittrue.limits import ELEMENTS


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    examples = (
        "bittrue export-qonnx weights/ecg-tiny -o build/ecg.onnx",
        "bittrue export-qonnx weights/tdnn-wide --samples 256 -o build/dpd.onnx",
    )
    does = "print a net as a QONNX model (FINN, hls4ml)"
    command = add_command(commands, "export-qonnx", call, does, examples=examples)
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="the model, .onnx")
    command.add_argument(
        "--samples",
        type=whole(1, ELEMENTS),
        metavar="N",
        help="first axis of all tensors: frames at once (default 1), or samples of a stream (default 64)",
    )
    command.add_argument(
        "--finn",
        action="store_true",
        help="for FINN, whose thresholds round halves up by themselves; other executors differ on ties then",
    )
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Write the model, and say what it takes and gives."""
    check_target(arguments.output, (".onnx",))
    net = spec.load(arguments.net)
    try:
        from bittrue.targets.qonnx.export import export

        done = export(net, arguments.samples, arguments.finn)
    except ImportError as error:
        raise needed(error) from None
    path = Path(arguments.output)
    write_together(path.parent, {path.name: done.model})
    for sentence in done.remarks:
        remark(sentence)
    if arguments.json:
        ends = {
            key: [one | {"type": str(done.kinds[str(one["name"])])} for one in tensors(net, names)]
            for key, names in (("inputs", net.inputs), ("outputs", net.outputs))
        }
        print_json(
            {"net": net.name, "samples": done.samples, **ends, "remarks": list(done.remarks), "files": [str(path)]}
        )
        return 0
    print(path)
    for word, names in (("takes", net.inputs), ("gives", net.outputs)):
        for name in names:
            tensor = net.types[name]
            shape = "x".join(map(str, (done.samples, *tensor.shape)))
            print(
                f"  {word} {name}: {done.kinds[name]} {shape}, codes of {tensor.format} times 2^{-tensor.format.frac}"
            )
    return 0
