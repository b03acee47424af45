"""What a reader of foreign files is to the fuzzer: good files, and how one is read."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A reader: good files, and a call that reads a file's bytes (in a folder for what must lie beside)."""

    name: str
    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes, Path], object]


TARGETS: dict[str, Target] = {}


def target(seeds: Callable[[], list[bytes]]) -> Callable[[Callable[[bytes, Path], object]], Callable[..., object]]:
    """Register a function ``name(data, folder)`` as the reader of that name."""

    def register(read: Callable[[bytes, Path], object]) -> Callable[..., object]:
        TARGETS[read.__name__] = Target(read.__name__, seeds, read)
        return read

    return register


def saved(write: Callable[..., None], *values: object, **named: object) -> bytes:
    stream = io.BytesIO()
    write(stream, *values, **named)
    return stream.getvalue()
