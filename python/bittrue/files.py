"""Files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bittrue.errors import BadInput


def write_whole(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new one and nothing between.

    Text is written as UTF-8. Raises `BadInput` where the folder does not exist or cannot be written.
    """
    write_together(Path(path).parent, {Path(path).name: content})


def write_together(folder: str | os.PathLike[str], files: Mapping[str, bytes | str]) -> None:
    """Write several files of one folder: all are on disk under temporary names before the first is renamed."""
    folder = Path(folder)
    staged: list[tuple[str, Path]] = []
    try:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
            staged.append((temporary, folder / name))
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                os.fchmod(stream.fileno(), 0o644)
        for temporary, target in staged:
            os.replace(temporary, target)
        staged.clear()
    except OSError as error:
        raise BadInput(
            f"cannot write in {folder}: {error.strerror or error}; create the folder or choose another"
        ) from None
    finally:
        for temporary, _ in staged:
            Path(temporary).unlink(missing_ok=True)


def read_bytes(path: str | os.PathLike[str], what: str) -> bytes:
    """Content of a file; `BadInput`, naming ``what`` and the path, where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {what} {path}: {error.strerror or error}; check the path") from None
