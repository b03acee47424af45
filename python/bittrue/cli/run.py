"""``bittrue run``: a net on the samples of a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue import spec
from bittrue.check import LEGS, Options, make
from bittrue.cli.parser import Commands, Parser, add_command, add_interval, add_means
from bittrue.cli.samples import Arrays, codes_of, contents, read_arrays
from bittrue.errors import BadInput, listed
from bittrue.files import check_target, write_whole


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    examples = (
        "bittrue run weights/tdnn-wide -i iq.npy -o predistorted.npy            # values (N, 2) in and out",
        "bittrue run weights/ecg-tiny -i beats.npy -o scores.npy --codes        # integer codes",
        "bittrue run weights/tdnn-wide -i iq.npy -o verilog.npy --leg rtl       # the same, by the Verilog",
        "bittrue run my-net -i iq.npy -o y.npy --leg rtl --interval 1 --dsps 100  # by a pipeline",
        "bittrue run my-net -i inputs.npz -o outputs.npz                        # an array an input, and an output",
    )
    command = add_command(commands, "run", call, "run a net on samples", examples=examples)
    command.add_argument(
        "-i", "--input", required=True, metavar="X.npy", help="samples, (N, ...) or one; .npz: of every input"
    )
    command.add_argument(
        "-o", "--output", required=True, metavar="Y.npy", help="file for the results; .npz: every output by name"
    )
    command.add_argument("--leg", choices=tuple(LEGS), default="ref", help="what computes the net (default ref)")
    command.add_argument("--codes", action="store_true", help="integer codes in and out, instead of values")
    add_interval(command, frames=True)
    add_means(command)


def call(arguments: argparse.Namespace) -> int:
    """Encode, run, decode; with ``--codes`` only run."""
    net = spec.load(arguments.net)
    check_target(arguments.output, (".npy", ".npz"))
    if len(net.outputs) > 1 and Path(arguments.output).suffix.lower() != ".npz":
        raise BadInput(
            f"net {net.name} has outputs {listed(net.outputs)}; write them to a .npz file, one array each, instead "
            f"of {arguments.output}"
        )
    given = read_arrays(net, arguments.input)
    codes = codes_of(net, given, arguments.input, arguments.codes)
    means = arguments.dsps, arguments.luts, arguments.samples_per_clock
    options = Options(arguments.interval, None, *means).for_legs([arguments.leg], net)
    results: Arrays = dict(make(arguments.leg, net, options).results(net, codes))
    if not arguments.codes:
        results = {name: net.types[name].format.decode(found) for name, found in results.items()}
    if all(array.ndim == len(net.inputs[name].shape) for name, array in given.items()):
        results = {name: found[0] for name, found in results.items()}  # one sample without a sample axis
    write_whole(arguments.output, contents(results, arguments.output))
    return 0
