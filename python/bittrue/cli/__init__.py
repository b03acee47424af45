"""The ``bittrue`` command (docs/cli.md): one file a command."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress

import bittrue
from bittrue.cli import (
    ablate,
    c,
    check,
    completion,
    crash,
    demo,
    demo_data,
    doctor,
    ecg,
    export_qonnx,
    import_ai8x,
    import_qonnx,
    info,
    logs,
    max78002,
    overlay,
    recipe,
    report,
    rom,
    run,
    search,
    sim,
    standard_streams,
    train,
    verilog,
)
from bittrue.cli.application import add_own, add_top
from bittrue.cli.parser import Parser
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue.files import protected_inputs

__all__ = ["main", "parser"]

COMMANDS = (
    run,
    check,
    info,
    verilog,
    overlay,
    rom,
    c,
    import_ai8x,
    import_qonnx,
    export_qonnx,
    ecg,
    max78002,
    recipe,
    train,
    ablate,
    search,
    report,
    sim,
    demo_data,
    demo,
    doctor,
    completion,
)
"""Modules with ``add(commands)``, which adds the command of that name; its ``call`` takes the parsed arguments."""


def parser() -> Parser:
    """The parser of all commands."""
    top = Parser(
        prog="bittrue",
        description=bittrue.__doc__,
        epilog="exit codes: 0 done, 1 not equal, 2 bad input, 3 an error of bittrue's own, 130 interrupted",
    )
    top.add_argument("--version", action="version", version=f"bittrue {bittrue.__version__}")
    commands = top.add_subparsers(metavar="command", required=True)
    for command in COMMANDS:
        command.add(commands)
    add_top(commands)
    add_own(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0: done; 1: legs differ, or hardware is at fault; 2: bad input, with one sentence on stderr; 3: an error that is
    bittrue's own, with a log file to send; 130: interrupted; 141: nobody reads the output any more.
    """
    standard_streams.open_closed()
    try:
        arguments = parser().parse_args(argv)
        logs.start(arguments.verbose)
        with protected_inputs():
            code = int(arguments.call(arguments))
        sys.stdout.flush()
        return code
    except BadInput as error:
        return _stop(2, str(error))
    except HardwareFault as error:
        return _stop(1, str(error))
    except BrokenPipeError:
        with suppress(OSError, ValueError):  # so that Python's own flush at exit finds a place to write to
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _stop(2, f"{place}{error.strerror or error}; check the path and the free space")
    except MemoryError:
        return _stop(2, "this machine has too little memory for that; give less at a time")
    except KeyboardInterrupt as error:  # what goes on later says how
        return _stop(130, f"interrupted; {str(error) or 'nothing was left half written'}")
    except Exception as error:
        return _stop(3, crash.report(error, sys.argv[1:] if argv is None else argv))


def _stop(code: int, sentence: str) -> int:
    warnings.filterwarnings("ignore", ".* created but never used")  # Amaranth's, of a module that was being built
    print(f"bittrue: {' '.join(sentence.split())}", file=sys.stderr)
    return code
