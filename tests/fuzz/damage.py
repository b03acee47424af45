"""Damaged copies of a good file: what disks, editors, transfers and attackers make of it."""

from __future__ import annotations

import random
import re

NUMBERS = (b"0", b"-1", b"1e400", b"2.5", b"9223372036854775808", b"1000000000000", b"1" * 400, b"NaN", b"null")
WORDS = (
    b"[]",
    b"{}",
    b'""',
    b"null",
    b"true",
    b"[[[[",
    b"]",
    b'"',
    b"\\",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\n",
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")


def damaged(data: bytes, draw: random.Random) -> bytes:
    """A copy of ``data`` with one to three changes, each of a kind that is drawn."""
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        data = draw.choice(KINDS)(data, draw)
    return data


def _place(data: bytes, draw: random.Random) -> int:
    """A place, the head of a file, where its structure is, being likelier than the rest."""
    return draw.randrange(min(len(data), draw.choice((64, 512, len(data) or 1))) or 1)


def _flip(data: bytes, draw: random.Random) -> bytes:
    if not data:
        return data
    at = _place(data, draw)
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _extreme(data: bytes, draw: random.Random) -> bytes:
    at, size = _place(data, draw), draw.choice((1, 2, 4, 8))
    return data[:at] + draw.choice((b"\x00", b"\xff", b"\x7f", b"\x80")) * size + data[at + size :]


def _cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _drop(data: bytes, draw: random.Random) -> bytes:
    at = _place(data, draw)
    return data[:at] + data[at + draw.randrange(1, 40) :]


def _double(data: bytes, draw: random.Random) -> bytes:
    at = _place(data, draw)
    piece = data[at : at + draw.randrange(1, 200)]
    return data[:at] + piece * draw.choice((2, 2, 50)) + data[at:]


def _number(data: bytes, draw: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data[:4096]))
    if not found:
        return _extreme(data, draw)
    match = draw.choice(found)
    return data[: match.start()] + draw.choice(NUMBERS) + data[match.end() :]


def _word(data: bytes, draw: random.Random) -> bytes:
    at = _place(data, draw)
    return data[:at] + draw.choice(WORDS) + data[at + draw.choice((0, 0, 1, 5)) :]


def _move(data: bytes, draw: random.Random) -> bytes:
    one, other = _place(data, draw), _place(data, draw)
    return data[:one] + data[other : other + draw.randrange(1, 100)] + data[one:]


KINDS = (_flip, _extreme, _cut, _drop, _double, _number, _word, _move)
