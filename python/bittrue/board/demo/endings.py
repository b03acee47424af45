"""How a demo begins and ends: its overlay and data, exit codes, one sentence for what went wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from bittrue.board.demo import options, showing
from bittrue.board.demo.bundle import FILE
from bittrue.board.demo.showing import Sink
from bittrue.board.errors import BoardError
from bittrue.errors import BadInput


class Bundle(Protocol):
    """The module of a demo's data."""

    def load(self, path: Path) -> Any:
        """The data of a file."""

    def check(self, found: Any, manifest: Any) -> None:
        """Raise `BadInput` where they are not the overlay's."""


def run(
    script: str,
    chosen: argparse.Namespace,
    bundle: Bundle,
    manifest_of: Callable[[Path], Any],
    show: Callable[[Path, Any], int],
) -> int:
    """The exit code: that of ``show`` on the overlay and its data; 2 for bad input and for an overlay that is not
    whole; 1 where the hardware fails. What is wrong goes to stderr behind the demo's name.

    Parameters
    ----------
    script : str
        The demo's file.
    chosen : namespace
        With ``overlay`` and ``data``.
    bundle : module
    manifest_of : callable
        Checks the overlay's files and reads its manifest.
    show : callable
        Plays the data on the overlay.
    """
    name = Path(script).stem
    try:
        bit = options.overlay_of(chosen.overlay, script)
        data = bundle.load(chosen.data or bit.with_name(FILE))
        bundle.check(data, manifest_of(bit))
    except (BadInput, BoardError) as error:
        return _stop(name, 2, error)
    try:
        return show(bit, data)
    except BadInput as error:
        return _stop(name, 2, error)
    except BoardError as error:
        return _stop(name, 1, error)


def _stop(name: str, code: int, error: Exception) -> int:
    print(f"{name}: {error}", file=sys.stderr)
    return code


def told(sinks: Sequence[Sink], verdict: str, different: int) -> int:
    """Say which pictures were written and the verdict; the exit code: 1 where codes were ``different``, else 0."""
    for path in showing.written(sinks):
        print(f"picture: {path}")
    print(verdict)
    return 1 if different else 0
