"""What the commands have in common: how arguments are read, and where text goes."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NoReturn

from rich.console import Console

from bittrue.committed import located
from bittrue.cost import default_interval
from bittrue.errors import BadInput
from bittrue.kit.arguments import whole as whole
from bittrue.lower.fold import EVERY_CLOCK, INTERVAL, MAX_INTERVAL, MIN_INTERVAL, check_interval
from bittrue.lower.means import SAMPLES, Means, chosen
from bittrue.lower.products import DSPS
from bittrue.spec import Net


class Parser(argparse.ArgumentParser):
    """A parser that raises `BadInput` where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        """Raise `BadInput` with argparse's message."""
        raise BadInput(f"{message}; see {self.prog} --help")


MOST_DSPS = 1 << 16
"""More than any part has."""
MOST_LUTS = 1 << 24
"""More than any part has."""

Commands = argparse._SubParsersAction


def add_command(
    commands: Commands[Parser],
    name: str,
    call: Callable[[argparse.Namespace], int],
    does: str,
    *,
    net: bool = True,
    examples: Sequence[str] = (),
) -> Parser:
    """A new command that runs ``call``; with ``net`` its first argument is a net.

    ``examples`` are shell lines that its help ends with.
    """
    command = commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog="\n  ".join(("examples:", *examples)) if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.set_defaults(call=call)
    if net:
        command.add_argument("net", type=net_folder, metavar="NET", help=NET)
    command.add_argument("-v", "--verbose", action="count", default=0, help="say what is done, on stderr; -vv: more")
    return command


NET = "net folder, with net.json and weights.safetensors, or the name of a net that comes with bittrue"
"""What an argument NET is."""


def net_folder(text: str) -> str:
    """The type of an argument NET: the folder that it means (`bittrue.committed.located`)."""
    return str(located(text))


def add_json(command: Parser) -> None:
    """The option ``--json``: the result on stdout as one JSON document (`print_json`), and no tables."""
    command.add_argument("--json", action="store_true", help="print the result as JSON, for a script")


def print_json(result: Mapping[str, object]) -> None:
    """Print a result for a script: one JSON object on stdout, in which null is what nobody can say (NaN)."""
    print(json.dumps(_finite(result), indent=1, allow_nan=False))


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value


def add_interval(command: Parser, *, frames: bool = False) -> None:
    """The option ``--interval``; with ``frames`` its default depends on the net (`interval_of`)."""
    default = f"{INTERVAL}; of frames the shortest power of two that fits an xc7z020" if frames else f"{INTERVAL}"
    command.add_argument(
        "--interval",
        type=_interval,
        default=None if frames else INTERVAL,
        metavar="I",
        help=f"clocks a sample of the hardware: {EVERY_CLOCK} to {MAX_INTERVAL}, below {MIN_INTERVAL} a pipeline "
        f"(default {default})",
    )


def _interval(text: str) -> int:
    """The type of ``--interval``."""
    try:
        return check_interval(whole(EVERY_CLOCK, MAX_INTERVAL)(text))
    except BadInput as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_means(command: Parser) -> None:
    """The options ``--dsps``, ``--luts`` and ``--samples-per-clock``: `bittrue.lower.means.Means`."""
    command.add_argument(
        "--dsps",
        type=whole(0, MOST_DSPS),
        metavar="N",
        help=f"most DSP48E1 of a pipeline (--interval {EVERY_CLOCK} to {MIN_INTERVAL - 1}); adders do what they do not "
        f"(default {DSPS}; 0: none for weights)",
    )
    command.add_argument(
        "--luts",
        type=whole(0, MOST_LUTS),
        metavar="N",
        help="most LUTs of a pipeline, for adders, delays, queues and banks by formula (default: no limit)",
    )
    command.add_argument(
        "--samples-per-clock",
        type=int,
        choices=SAMPLES,
        default=1,
        dest="samples_per_clock",
        help=f"samples that a pipeline takes in a clock, side by side (--interval {EVERY_CLOCK}; default 1)",
    )


def means_of(arguments: argparse.Namespace, net: Net) -> Means:
    """What `add_means` reads, for ``net``. Raises `BadInput` for what would bound nothing."""
    bounded = arguments.dsps is not None or arguments.luts is not None or arguments.samples_per_clock > 1
    interval = interval_of(arguments, net) if bounded else EVERY_CLOCK
    return chosen(interval, arguments.dsps, arguments.luts, arguments.samples_per_clock)


def interval_of(arguments: argparse.Namespace, net: Net) -> int:
    """``--interval``, or the default for ``net``. Raises `BadInput` for a net of frames without an RTL leg."""
    return arguments.interval or default_interval(net)


def add_folder(command: Parser, what: str) -> None:
    """The option ``-o DIR``."""
    command.add_argument("-o", "--output", required=True, metavar="DIR", help=f"folder for {what}; made if need be")


def print_files(paths: Iterable[os.PathLike[str]], as_json: bool = False) -> None:
    """Print which files were written, a line each, or as JSON ``{"files": [...]}``."""
    names = [os.fspath(path) for path in paths]
    if as_json:
        print_json({"files": names})
    else:
        print("\n".join(names))


def tensors(net: Net, names: Iterable[str]) -> list[dict[str, object]]:
    """Inputs or outputs of a net for a script: name, shape and format."""
    found = ((name, net.types[name]) for name in names)
    return [{"name": name, "shape": list(each.shape), "format": str(each.format)} for name, each in found]


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(*, errors: bool = False) -> Console:
    """Where a command prints: stdout, or stderr for progress and remarks; 120 columns where that is no terminal."""
    stream = sys.stderr if errors else sys.stdout
    return _Console(file=stream, width=None if stream.isatty() else 120, highlight=False)


def remark(sentence: str) -> None:
    """Print a remark on stderr."""
    print(f"bittrue: {sentence}", file=sys.stderr)
