"""Files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from bittrue.errors import BadInput


def write_whole(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new one and nothing between.

    Text is written as UTF-8. Raises `BadInput` where the folder does not exist or cannot be written.
    """
    write_together(Path(path).parent, {Path(path).name: content})


def write_together(folder: str | os.PathLike[str], files: Mapping[str, bytes | str]) -> None:
    """Write several files of one folder: all of them, or none where an error comes up on the way.

    All are on disk under temporary names, the old ones too, before the first is renamed; where a rename fails, those
    before it are taken back. Only a crash between two renames can leave a mixture, so files that belong together carry
    a hash. Raises `BadInput` where the folder does not exist or cannot be written.
    """
    folder = Path(folder)
    new: dict[Path, Path] = {}
    old: dict[Path, Path] = {}
    done: list[Path] = []
    try:
        for name, content in files.items():
            target = folder / name
            new[target] = _temporary(target, content.encode() if isinstance(content, str) else content)
            if len(files) > 1 and target.is_file():
                old[target] = _temporary(target, target.read_bytes())
        for target, temporary in new.items():
            temporary.replace(target)
            done.append(target)
    except BaseException as error:
        for target in done:
            if target in old:
                old[target].replace(target)
            else:
                target.unlink()
        if not isinstance(error, OSError):
            raise
        raise BadInput(
            f"cannot write in {folder}: {error.strerror or error}; create the folder or choose another"
        ) from None
    finally:
        for temporary in (*new.values(), *old.values()):
            temporary.unlink(missing_ok=True)


@contextmanager
def made_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder, made if need be with those it lies in, in which files can be written.

    Where an error comes up inside, the folders that were made are gone again, as far as they are empty. Raises
    `BadInput` where the folder cannot be made or nothing can be written there.
    """
    folder = Path(path)
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise BadInput(f"cannot write in folder {folder}: {error.strerror or error}; choose another") from None
        yield folder
    except BaseException:
        for each in new:
            with suppress(OSError):
                each.rmdir()
        raise


def _temporary(target: Path, data: bytes) -> Path:
    """A new file beside ``target`` that holds ``data``; nothing is left behind where that fails."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), 0o644)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def read_bytes(path: str | os.PathLike[str], what: str) -> bytes:
    """Content of a file; `BadInput`, naming ``what`` and the path, where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {what} {path}: {error.strerror or error}; check the path") from None
