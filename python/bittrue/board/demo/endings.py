"""How a demo ends: exit codes and one sentence for what went wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from bittrue.board.errors import BoardError
from bittrue.errors import BadInput

Prepared = TypeVar("Prepared")


def run(name: str, prepare: Callable[[], Prepared], show: Callable[[Prepared], int]) -> int:
    """The exit code: that of ``show`` on what ``prepare`` gives; 2 for bad input and for an overlay that is not whole;
    1 where the hardware fails. What is wrong goes to stderr behind the demo's name."""
    try:
        prepared = prepare()
    except (BadInput, BoardError) as error:
        return _stop(name, 2, error)
    try:
        return show(prepared)
    except BadInput as error:
        return _stop(name, 2, error)
    except BoardError as error:
        return _stop(name, 1, error)


def _stop(name: str, code: int, error: Exception) -> int:
    print(f"{name}: {error}", file=sys.stderr)
    return code
