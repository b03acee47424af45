"""Keys of one layer of a description, taken one by one; what is left at the end is unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bittrue.errors import BadInput, shown

DIGITS = 9
"""Most digits of a number that is written as text."""


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
        given = self._values.get(key) if value is None else value
        return BadInput(f"{self._place}: {key}" + (f" {shown(given)}" if given is not None else "") + f": {reason}")

    def text(self, key: str, default: str) -> str:
        """A text."""
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.bad(key, "give a text", value)
        return value

    def word(self, key: str, default: str, words: Collection[str], advice: str) -> str:
        """One of ``words``, written in any case, or ``default`` where the key is missing or null."""
        value = self.take(key)
        if value is not None and (not isinstance(value, str) or value.lower() not in words):
            raise self.bad(key, advice, value)
        return default if value is None else value.lower()

    def reference(self, key: str, value: Any) -> int | str | None:
        """``value``, which names a layer: its number, or its name in lower case."""
        if isinstance(value, bool) or not isinstance(value, int | str | None):
            raise self.bad(key, "give the number or the name of a layer", value)
        return value.lower() if isinstance(value, str) else value

    def flag(self, key: str, default: bool = False) -> bool:
        """true or false, also as 1 or 0, or ``default`` where the key is missing."""
        value = self.take(key, default)
        if not isinstance(value, int) or value not in (0, 1):
            raise self.bad(key, "give true or false", value)
        return bool(value)

    def optional(self, key: str, least: int) -> int | None:
        """A whole number of at least ``least``, or ``None`` where the key is missing."""
        return self.whole(key, least, least) if self.has(key) else None

    def whole(self, key: str, default: int, least: int, most: int = 1 << 16) -> int:
        """A whole number; of a list ``[rows, columns]`` the first, as columns are 1 in one dimension."""
        value = self.take(key, default)
        rows, *columns = value if isinstance(value, list) and 0 < len(value) <= 2 else [value]
        number = _whole(rows)
        if number is None or not least <= number <= most or any(_whole(other) is None for other in columns):
            raise self.bad(key, f"give a whole number from {least} to {most}", value)
        return number

    def pair(self, key: str, default: int, least: int, alone: int | None = None) -> tuple[int, int]:
        """Numbers for rows and columns; one number counts for both, or for rows where columns have one if ``alone``."""
        value = self.take(key, default)
        given = value if isinstance(value, list) else [value] if alone is None else [value, alone]
        numbers = [_whole(one) for one in ([*given, alone or given[0]] if len(given) == 1 else given)]
        found = [number for number in numbers if number is not None and least <= number <= 1 << 16]
        if len(found) != 2 or len(numbers) != 2:
            raise self.bad(key, f"give a whole number from {least} to {1 << 16}, or [rows, columns]", value)
        return found[0], found[1]

    def either(self, key: str, other: str, default: int, least: int) -> int:
        """A whole number that has two names, of which one may be given."""
        if self.has(key) and self.has(other):
            raise self.bad(other, f"{key} says the same; keep one of them")
        return self.whole(key if self.has(key) else other, default, least)

    def choice(self, key: str, default: int, choices: tuple[int, ...]) -> int:
        """One of the given numbers."""
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value not in choices:
            raise self.bad(key, f"choose {' or '.join(map(str, choices))}", value)
        return value

    def finish(self) -> None:
        """Raise `BadInput` where a key was not taken."""
        for key in self._left:
            raise self.bad(key if isinstance(key, str) else shown(key), "unknown key; correct or remove it")


def _whole(value: Any) -> int | None:
    """A whole number, which may be written as text; ``None`` for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= DIGITS:
        return int(value)
    return None if isinstance(value, bool) or not isinstance(value, int) else value
