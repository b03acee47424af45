"""``bittrue run``: a net on the samples of a file."""

from __future__ import annotations

import argparse
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue import spec
from bittrue.check import LEGS, Options, make
from bittrue.cli.parser import Commands, Parser, add_command, add_interval, remark
from bittrue.errors import BadInput
from bittrue.files import check_target, read_bytes, write_whole
from bittrue.num import Format
from bittrue.readers import npy
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    examples = (
        "bittrue run weights/tdnn-wide -i iq.npy -o predistorted.npy            # values (N, 2) in and out",
        "bittrue run weights/ecg-tiny -i beats.npy -o scores.npy --codes        # integer codes",
        "bittrue run weights/tdnn-wide -i iq.npy -o verilog.npy --leg rtl       # the same, by the Verilog",
    )
    command = add_command(commands, "run", call, "run a net on samples", examples=examples)
    command.add_argument("-i", "--input", required=True, metavar="X.npy", help="samples, (N, ...) or one sample")
    command.add_argument("-o", "--output", required=True, metavar="Y.npy", help="file for the results")
    command.add_argument("--leg", choices=tuple(LEGS), default="ref", help="what computes the net (default ref)")
    command.add_argument("--codes", action="store_true", help="integer codes in and out, instead of values")
    add_interval(command, frames=True)


def call(arguments: argparse.Namespace) -> int:
    """Encode, run, decode; with ``--codes`` only run."""
    net = spec.load(arguments.net)
    check_target(arguments.output, (".npy",))
    given = read_array(arguments.input)
    codes = check_integers(given, arguments.input) if arguments.codes else encode(given, net.input.format, arguments)
    codes = fitting(net, codes, arguments.input)
    result: npt.NDArray[Any] = make(arguments.leg, net, Options(arguments.interval)).run(codes)
    if not arguments.codes:
        result = net.output.format.decode(result)
    if given.ndim == len(net.input.shape):
        result = result[0]  # one sample without a sample axis
    content = BytesIO()
    np.save(content, result, allow_pickle=False)
    write_whole(arguments.output, content.getvalue())
    return 0


def read_array(path: str) -> npt.NDArray[Any]:
    """The array of a .npy file. Raises `BadInput` where there is none, or it holds Python objects."""
    return npy(read_bytes(path, "the samples"), path)


def fitting(net: Net, codes: npt.NDArray[Any], path: str) -> Codes:
    """``net.check_codes(codes)``, whose errors name the file that they came from."""
    try:
        return net.check_codes(codes)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def check_integers(array: npt.NDArray[Any], path: str) -> npt.NDArray[Any]:
    """``array`` if it holds integers, else `BadInput`."""
    if array.dtype.kind not in "iu":
        raise BadInput(f"{path} holds {array.dtype} numbers and --codes takes integer codes; leave --codes away")
    return array


def encode(values: npt.NDArray[Any], fmt: Format, arguments: argparse.Namespace) -> Codes:
    """Codes of values. Raises `BadInput` unless they are finite floating-point numbers; says how many saturate."""
    path = arguments.input
    if values.dtype.kind != "f" or values.dtype.itemsize > 8:
        complex_values = (
            "save I and Q as the last axis" if values.dtype.kind == "c" else "add --codes if it holds codes"
        )
        raise BadInput(f"{path} holds {values.dtype} numbers and float64, 32 or 16 values are needed; {complex_values}")
    try:
        codes = fmt.encode(values)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(values.astype(np.float64), fmt.frac)
    beyond = int(((scaled < fmt.lo - 0.5) | (scaled >= fmt.hi + 0.5)).sum())
    if beyond:
        remark(f"{beyond} of {values.size} values in {path} lie outside {fmt} and saturate")
    return codes
