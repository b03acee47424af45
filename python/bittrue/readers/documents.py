"""Descriptions, read strictly: JSON with one meaning, TOML, and plain text; UTF-8, bounded in size and depth."""

from __future__ import annotations

import codecs
import json
import math
import sys
from typing import Any

from bittrue.errors import BadInput, shown
from bittrue.limits import DEPTH, TEXT
from bittrue.readers.damage import refusing

_DIGITS = 400
"""Longest number in characters: Python reads longer ones in more than linear time."""


def text(data: bytes, what: str, *, mark: bool = True) -> str:
    """UTF-8 text, without the byte order mark that it may begin with where ``mark`` allows one.

    Raises `BadInput` for more than `bittrue.limits.TEXT` bytes and for any other encoding.
    """
    if len(data) > TEXT:
        raise BadInput(f"{what} has {len(data):,} bytes, more than the {TEXT:,} that are read; split it")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        raise BadInput(f"{what} is text in UTF-16 or UTF-32; save it as UTF-8")
    if data.startswith(codecs.BOM_UTF8):
        if not mark:
            raise BadInput(f"{what} begins with a byte order mark; save it as UTF-8 without one")
        data = data[len(codecs.BOM_UTF8) :]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{what} is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def json_document(data: bytes, what: str) -> Any:
    """The value of a JSON text (RFC 8259) that every reader understands in the same way.

    Refused, beside what is no JSON: a byte order mark, an encoding other than UTF-8, a key twice in an object, ``NaN``
    and ``Infinity``, numbers beyond float64 and integers beyond 64 bits, more than `bittrue.limits.DEPTH` levels or
    `bittrue.limits.TEXT` bytes.

    Parameters
    ----------
    data : bytes
    what : str
        Subject of the sentence, such as ``"the manifest build/x.json"``.

    Raises
    ------
    BadInput
    """
    characters = text(data, what, mark=False)
    try:
        document = json.loads(
            characters, object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant
        )
    except BadInput as error:
        raise BadInput(f"{what} {error}") from None
    except RecursionError:
        raise BadInput(f"{what} has lists in lists beyond {DEPTH} levels; flatten it") from None
    except ValueError as error:
        raise BadInput(f"{what} is not JSON ({error}); restore the file") from None
    _bounded(document, what)
    return document


def toml_document(data: bytes, what: str) -> dict[str, Any]:
    """The table of a TOML text, bounded as in `json_document`. Raises `BadInput`."""
    if sys.version_info >= (3, 11):  # here and not above: the board has neither
        import tomllib
    else:
        import tomli as tomllib
    characters = text(data, what)
    try:
        document = tomllib.loads(characters)
    except RecursionError:
        raise BadInput(f"{what} has lists in lists beyond {DEPTH} levels; flatten it") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{what} is not TOML: {error}; correct it") from None
    except ValueError:  # more digits than Python converts
        raise BadInput(f"{what} holds a number of thousands of digits; shorten it") from None
    _bounded(document, what)
    return document


def _bounded(document: Any, what: str) -> None:
    """Raise `BadInput` for a value that is nested too deep, and for a number that has no 64 bits."""
    with refusing(what):
        level = [document]
        for _ in range(DEPTH + 1):
            for value in level:
                if isinstance(value, float) and not math.isfinite(value):
                    raise BadInput(f"{what} holds {value}; write finite numbers")
                if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
                    raise BadInput(f"{what} holds {shown(value)}, an integer beyond 64 bits; write a smaller one")
            inner = [value for value in level if isinstance(value, dict | list)]
            level = [item for value in inner for item in (value.values() if isinstance(value, dict) else value)]
            if not inner:
                return
        raise BadInput(f"{what} has lists in lists beyond {DEPTH} levels; flatten it")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise BadInput(f"has the key {shown(twice)} twice in one object; leave one of them")
    return result


def _int(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise BadInput(f"holds an integer of {len(digits):,} digits; write one of 64 bits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits) if len(digits) <= _DIGITS else math.inf
    if not math.isfinite(value):
        raise BadInput(f"holds {digits[:40]}, a number that float64 does not hold; write a smaller one")
    return value


def _constant(name: str) -> Any:
    raise BadInput(f"holds {name}, which JSON does not have; write a number")
