"""Keys of one layer of a description, taken one by one; what is left at the end is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bittrue.errors import BadInput


class Keys:
    """The keys of a mapping, each to be taken once.

    Parameters
    ----------
    values : mapping
    place : str
        What begins every sentence: the file and the layer.
    """

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self._values, self._place, self._left = values, place, dict(values)

    def has(self, key: str) -> bool:
        """Whether the mapping has the key, taken or not."""
        return key in self._values

    def take(self, key: str, default: Any = None) -> Any:
        """The value of a key, or ``default``."""
        return self._left.pop(key, default)

    def bad(self, key: str, reason: str, value: Any = None) -> BadInput:
        """The exception that says why a key cannot stay."""
        shown = self._values.get(key) if value is None else value
        return BadInput(f"{self._place}: {key}" + (f" {shown!r}" if shown is not None else "") + f": {reason}")

    def text(self, key: str, default: str) -> str:
        """A text."""
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.bad(key, "give a text", value)
        return value

    def flag(self, key: str) -> bool:
        """true or false; false where the key is missing."""
        value = self.take(key, False)
        if not isinstance(value, bool):
            raise self.bad(key, "give true or false", value)
        return value

    def optional(self, key: str, least: int) -> int | None:
        """A whole number of at least ``least``, or ``None`` where the key is missing."""
        return self.whole(key, least, least) if self.has(key) else None

    def whole(self, key: str, default: int, least: int, most: int = 1 << 16) -> int:
        """A whole number; of a list ``[rows, columns]`` the first, as columns are 1 in one dimension."""
        value = self.take(key, default)
        first = value[0] if isinstance(value, list) and 0 < len(value) <= 2 else value
        if isinstance(first, str) and first.isdecimal():
            first = int(first)
        if isinstance(first, bool) or not isinstance(first, int) or not least <= first <= most:
            raise self.bad(key, f"give a whole number from {least} to {most}", value)
        return first

    def either(self, key: str, other: str, default: int, least: int) -> int:
        """A whole number that has two names, of which one may be given."""
        if self.has(key) and self.has(other):
            raise self.bad(other, f"{key} says the same; keep one of them")
        return self.whole(key if self.has(key) else other, default, least)

    def choice(self, key: str, default: int, choices: tuple[int, ...]) -> int:
        """One of the given numbers."""
        value = self.take(key, default)
        if isinstance(value, bool) or value not in choices:
            raise self.bad(key, f"choose {' or '.join(map(str, choices))}", value)
        return int(value)

    def finish(self) -> None:
        """Raise `BadInput` where a key was not taken."""
        for key in self._left:
            raise self.bad(str(key), "unknown key; correct or remove it")
