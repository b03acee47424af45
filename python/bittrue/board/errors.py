"""What goes wrong on the board."""

from __future__ import annotations


class BoardError(RuntimeError):
    """One sentence that names the thing, what was expected, what was found, and the fix."""
