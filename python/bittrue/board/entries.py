"""An object of a JSON document, its values asked for by key, kind and bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bittrue.errors import BadInput, amount, shown

LINE = 400
"""Characters of a text."""


class Entries:
    """The entries of an object; every method raises `BadInput` for a value that is missing or not as asked for.

    Parameters
    ----------
    value : object
        As JSON gives it.
    what : str
        Subject of the sentences: ``"manifest x.json"``.
    fix : str
        End of the sentences.
    path : str
        Where the object is: ``"input."``.
    """

    def __init__(self, value: object, what: str, fix: str, path: str = "") -> None:
        self._what, self._fix, self._path = what, fix, path
        if not isinstance(value, Mapping):
            raise BadInput(f"{what}: {path.rstrip('.') or 'the document'} is {shown(value)}, not an object; {fix}")
        self._values: Mapping[str, Any] = value

    def get(self, key: str) -> object:
        """The value as it is, or None."""
        return self._values.get(key)

    def refused(self, key: str, wanted: str) -> BadInput:
        """The error for a value that is not as wanted."""
        if key not in self._values:
            return BadInput(f"{self._what} has no {self._path}{key}; {self._fix}")
        return BadInput(f"{self._what}: {self._path}{key} is {shown(self._values[key])}, not {wanted}; {self._fix}")

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self._values.get(key)
        if type(value) is not int or not low <= value <= high:
            raise self.refused(key, f"a whole number from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float) -> float:
        """A number from ``low`` to ``high``."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.refused(key, f"a number from {amount(low)} to {amount(high)}")
        return float(value)

    def truth(self, key: str) -> bool:
        """True or false."""
        value = self._values.get(key)
        if type(value) is not bool:
            raise self.refused(key, "true or false")
        return value

    def text(self, key: str, pattern: str = "", wanted: str = "") -> str:
        """A line of text, which matches a pattern as a whole where there is one."""
        value = self._values.get(key)
        if not isinstance(value, str) or not _is_line(value) or (pattern and not re.fullmatch(pattern, value)):
            raise self.refused(key, wanted or f"a text of 1 to {LINE} characters")
        return value

    def texts(self, key: str, most: int) -> tuple[str, ...]:
        """Up to ``most`` lines of text."""
        value = self._values.get(key)
        if not isinstance(value, list) or len(value) > most or not all(map(_is_line, value)):
            raise self.refused(key, f"a list of at most {most} texts of 1 to {LINE} characters")
        return tuple(value)

    def inner(self, key: str) -> Entries:
        """An object."""
        if key not in self._values:
            raise self.refused(key, "an object")
        return Entries(self._values[key], self._what, self._fix, f"{self._path}{key}.")

    def each(self, key: str, most: int) -> tuple[Entries, ...]:
        """1 to ``most`` objects."""
        value = self._values.get(key)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise self.refused(key, f"a list of 1 to {most} objects")
        return tuple(Entries(one, self._what, self._fix, f"{self._path}{key}[{k}].") for k, one in enumerate(value))


def _is_line(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= LINE and value.isprintable()
