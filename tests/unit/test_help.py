"""Every command's help ends with examples, and they are commands that the parser takes."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator

import pytest

from bittrue.cli import parser


def leaves(above: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of commands that have no commands under them."""
    under = [action for action in above._actions if isinstance(action, argparse._SubParsersAction)]
    if not under:
        yield above
    for action in under:
        for each in action.choices.values():
            yield from leaves(each)


COMMANDS = {each.prog: each for each in leaves(parser())}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples_that_parse(command):
    head, *examples = (COMMANDS[command].epilog or "").split("\n")
    assert head == "examples:" and examples, f"{command}: give add_command examples"
    for example in examples:
        words = shlex.split(example.strip(), comments=True)
        for end in (">", "|", "&&"):
            words = words[: words.index(end)] if end in words else words
        assert " ".join(words).startswith(command), example
        parser().parse_args(words[1:])
