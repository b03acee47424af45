"""Schema of recipes: TOML tables as frozen dataclasses, every complaint naming the section and the key."""

from __future__ import annotations

import math
import types
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from bittrue.errors import BadInput, listed, shown
from bittrue.num import Format

LARGEST = 1 << 53
"""Largest whole number, which float64 still holds."""
LONGEST = 1 << 16
"""Most items of a list."""


def build(kind: type[Any], table: Mapping[str, Any], section: str = "", hidden: tuple[str, ...] = ()) -> Any:
    """An instance of the dataclass ``kind`` from the keys of a table.

    Fields are ``bool``, ``int``, ``float`` (finite; whole numbers do), ``str``, ``Literal`` of strings, `Format`,
    tuples of these, other dataclasses (sections), tuples of them (lists of tables), and any of them ``| None``
    (optional, no value in TOML).

    Parameters
    ----------
    kind : dataclass
        Its own checks raise `BadInput` with a sentence that begins with the field's name.
    table : mapping
    section : str
        Prefix of the keys in messages, such as ``"train."``.
    hidden : tuple of str
        Fields that no table may set.

    Raises
    ------
    BadInput
        For a key that is unknown, missing, or of another type, with the names of those that are known and the nearest
        of them; for a number beyond `LARGEST` and a list beyond `LONGEST`.
    """
    hints = {key: hint for key, hint in get_type_hints(kind).items() if key not in hidden}
    for key in table:
        if key not in hints:
            known = [section + name for name in hints]
            name = f"{section}{key}" if len(key) <= 100 else shown(f"{section}{key}")
            raise BadInput(f"unknown key {name}; known are {listed(known)}{nearest(section + key, known)}")
    required = [f.name for f in fields(kind) if f.name not in table and f.default is f.default_factory]
    if required:
        raise BadInput(f"key {section}{required[0]} is missing; add it")
    values = {key: _value(hints[key], value, f"{section}{key}") for key, value in table.items()}
    try:
        return kind(**values)
    except BadInput as error:
        raise BadInput(f"{section}{error}") from None


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` with the known word that is most like this one, or nothing where none is."""
    found = get_close_matches(word[:100], known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _value(hint: Any, value: Any, key: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        (hint,) = (part for part in get_args(hint) if part is not type(None))
        return _value(hint, value, key)
    if origin is Literal:
        if value not in get_args(hint):
            near = nearest(value, get_args(hint)) if isinstance(value, str) else ""
            raise BadInput(f"{key} is {shown(value)}; choose {' or '.join(get_args(hint))}{near}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise BadInput(f"{key} is {shown(value)}; a list is needed")
        if len(value) > LONGEST:
            raise BadInput(f"{key} is a list of {len(value):,}; at most {LONGEST:,} items are taken")
        return tuple(_value(get_args(hint)[0], item, f"{key}[{at}]") for at, item in enumerate(value))
    if isinstance(hint, type) and is_dataclass(hint) and hint is not Format:
        if not isinstance(value, dict):
            what = "table" if key.endswith("]") else f"section [{key}]"
            raise BadInput(f"{key} is {shown(value)}; a {what} is needed")
        return build(hint, value, f"{key}.")
    return _plain(hint, value, key)


def _plain(hint: Any, value: Any, key: str) -> Any:
    if hint is Format:
        if not isinstance(value, str):
            raise BadInput(f'{key} is {shown(value)}; a format such as "Q1.15" is needed')
        try:
            return Format.parse(value)
        except BadInput as error:
            raise BadInput(f"{key}: {error}") from None
    if type(value) is int and hint in (int, float) and abs(value) > LARGEST:
        raise BadInput(f"{key} is {shown(value)}; whole numbers go up to {LARGEST:,}")
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise BadInput(f"{key} is {shown(value)}; it must be of type {hint.__name__}")
    if hint is float and not math.isfinite(value):
        raise BadInput(f"{key} is {value}; a finite number is needed")
    return value
