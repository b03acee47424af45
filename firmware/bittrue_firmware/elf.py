"""The part of an ELF file that a processor sees: segments, entry, symbols."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.readers import refusing

_ARM = 40


@dataclass(frozen=True)
class Elf:
    """An executable.

    Parameters
    ----------
    entry : int
    segments : tuple of (int, bytes)
        Address and content, as loaded.
    symbols : mapping of str to (int, int)
        Address and size in bytes.
    """

    entry: int
    segments: tuple[tuple[int, bytes], ...]
    symbols: dict[str, tuple[int, int]]


def read_elf(data: bytes) -> Elf:
    """An ELF file of a 32-bit Arm. Raises `BadInput` for anything else."""
    if data[:7] != b"\x7fELF\x01\x01\x01" or len(data) < 52 or struct.unpack_from("<H", data, 18)[0] != _ARM:
        raise BadInput("the compiled firmware is no 32-bit Arm ELF file; check the compiler")
    with refusing("the compiled firmware", "check the compiler"):
        return _elf(data)


def _elf(data: bytes) -> Elf:
    entry, programs, sections = struct.unpack_from("<III", data, 24)
    program_size, program_count, section_size, section_count = struct.unpack_from("<HHHH", data, 42)
    segments = []
    for number in range(program_count):
        kind, offset, _, address, size = struct.unpack_from("<IIIII", data, programs + number * program_size)
        if kind == 1 and size:
            segments.append((address, data[offset : offset + size]))
    headers = [struct.unpack_from("<10I", data, sections + n * section_size) for n in range(section_count)]
    return Elf(entry, tuple(segments), _symbols(data, headers))


def _symbols(data: bytes, headers: list[tuple[int, ...]]) -> dict[str, tuple[int, int]]:
    found = {}
    for header in headers:
        if header[1] != 2:  # no symbol table
            continue
        names = headers[header[6]][4]
        for place in range(header[4], header[4] + header[5], 16):
            name, address, size = struct.unpack_from("<III", data, place)
            text = data[names + name : data.index(b"\0", names + name)].decode("ascii", "replace")
            if text:
                found[text] = address, size
    return found
