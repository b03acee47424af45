"""``bittrue completion``: what completes command lines in a shell."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from bittrue.cli.parser import Commands, Parser, add_command
from bittrue.committed import names
from bittrue.errors import BadInput

SHELLS = ("bash", "zsh", "fish", "tcsh")
FOLDERS = ("NET", "DIR")
"""Metavars of arguments that are folders; names of committed nets too where it is NET."""
FILES = ("FILE", "X.npy", "Y.npy", "FILE|NAME", "F", "NETWORK.yaml", "CHECKPOINT")
"""Metavars of arguments that are files."""
NETS = "_bittrue_nets"
"""The function of bash that completes a NET."""


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    examples = (
        "bittrue completion bash > ~/.local/share/bash-completion/completions/bittrue",
        "bittrue completion zsh > ~/.zfunc/_bittrue",
    )
    does = "print what completes commands, options, nets and files in a shell"
    command = add_command(commands, "completion", call, does, net=False, examples=examples)
    command.add_argument("shell", choices=SHELLS, help="of which shell")


def call(arguments: argparse.Namespace) -> int:
    """Print the script. Raises `BadInput` where shtab, which writes it, is missing."""
    try:
        import shtab
    except ImportError:
        raise BadInput("completion needs shtab, which is missing; install bittrue again, with what it needs") from None
    from bittrue.cli import parser

    top = parser()
    for action in _actions(top):
        if action.metavar in FOLDERS:
            nets = {"bash": NETS} if action.metavar == "NET" else {}
            action.complete = shtab.DIRECTORY | nets  # type: ignore[attr-defined]
        elif action.metavar in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    known = f'{NETS}() {{ compgen -d -- "$1"; compgen -W "{" ".join(names())}" -- "$1"; }}'
    print(shtab.complete(top, arguments.shell, preamble=known if arguments.shell == "bash" else ""))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument of every command."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for under in action.choices.values():
                yield from _actions(under)
