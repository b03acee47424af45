"""Commands of applications: which have one, their options, what they print. Everything comes from the register."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from bittrue.applications import APPLICATIONS
from bittrue.cli.parser import Commands, Parser, add_command, add_json, console, print_json, remark
from bittrue.cli.tables import show
from bittrue.errors import BadInput
from bittrue.kit.application import Application, Command, Option, Printed, Remark, Result, of_command

__all__ = ["APPLICATIONS", "add_options", "add_own", "add_top", "add_under", "add_verb", "printed", "run"]


def add_verb(commands: Commands[Parser], verb: str, call: Callable[[argparse.Namespace], int], does: str) -> Parser:
    """A new command ``bittrue VERB APPLICATION``, for the applications that have it."""
    known = of_command(verb)
    examples = [line for command in known.values() for line in command.examples]
    parser = add_command(commands, verb, call, does, net=False, examples=examples)
    about = "; ".join(f"{name}: {command.about}" for name, command in known.items())
    parser.add_argument("application", choices=tuple(known), help=about)
    if all(command.result for command in known.values()):
        add_json(parser)
    return parser


def add_options(parser: Parser, verb: str) -> None:
    """The options of all applications; one that some lack is marked with those that have it."""
    known = of_command(verb)
    for flag, owners in _owners(verb).items():
        first = next(iter(owners.values()))
        if any(_plain(other) != _plain(first) for other in owners.values()):
            raise ValueError(f"applications disagree about {flag} of bittrue {verb}")
        texts: dict[str, list[str]] = {}
        for name, option in owners.items():
            texts.setdefault(option.help, []).append(name)
        alone = len(texts) == 1 and len(owners) == len(known)
        text = first.help if alone else "; ".join(f"{', '.join(names)}: {said}" for said, names in texts.items())
        parser.add_argument(*first.flags, help=text, **first.settings)


def run(verb: str, arguments: argparse.Namespace) -> int:
    """Do what the application does, and print what it says. Raises `BadInput` for options of other applications."""
    for flag, owners in _owners(verb).items():
        if arguments.application not in owners and next(iter(owners.values())).given(arguments):
            known = " and ".join(f"`bittrue {verb} {name}`" for name in owners)
            raise BadInput(f"{flag} belongs to {known}; leave it out")
    return printed(of_command(verb)[arguments.application].run(arguments), getattr(arguments, "json", False))


def printed(parts: Printed, as_json: bool = False) -> int:
    """Print tables, lines and remarks as they come; or remarks, and the result as JSON."""
    out = console()
    for part in parts:
        if isinstance(part, Remark):
            remark(part)
        elif isinstance(part, Result):
            if as_json:
                print_json(part.document)
        elif as_json:
            continue
        elif isinstance(part, str):
            out.print(part, markup=False, soft_wrap=True)
        else:
            show(out, part)
    return 0


def add_own(commands: Commands[Parser]) -> None:
    """``bittrue NAME`` for every application with commands of its own that has no such command yet."""
    for name, application in APPLICATIONS.items():
        if application.own and name not in commands.choices:
            does = "; ".join(command.about for command in application.own.values())
            parent = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
            add_under(parent.add_subparsers(metavar="what", required=True), application)


def add_top(commands: Commands[Parser]) -> None:
    """The commands of applications that stand beside ``bittrue NAME``."""
    for application in APPLICATIONS.values():
        add_commands(commands, application.top)


def add_under(under: Commands[Parser], application: Application) -> None:
    """An application's own commands below ``bittrue NAME``."""
    add_commands(under, application.own)


def add_commands(parent: Commands[Parser], made: Mapping[str, Command]) -> None:
    """Commands with their options, by name."""
    for name, command in made.items():

        def call(arguments: argparse.Namespace, command: Command = command) -> int:
            return printed(command.run(arguments), getattr(arguments, "json", False))

        parser = add_command(parent, name, call, command.about, net=False, examples=command.examples)
        if command.result:
            add_json(parser)
        for option in command.options:
            parser.add_argument(*option.flags, help=option.help, **option.settings)


def _plain(option: Option) -> dict[str, object]:
    """The settings that can be compared: a type is a function."""
    return {key: value for key, value in option.settings.items() if key != "type"}


def _owners(verb: str) -> dict[str, dict[str, Option]]:
    """Options of a verb by flag, each by application."""
    found: dict[str, dict[str, Option]] = {}
    for name, command in of_command(verb).items():
        for option in command.options:
            found.setdefault(option.flag, {})[name] = option
    return found
