"""One run at a time in a folder whose work goes on where it was stopped."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bittrue.errors import BadInput
from bittrue.readers import DAMAGE, json_document

FILE = ".lock"
"""In the folder while somebody works there: process id and host as JSON."""


@contextmanager
def locked(folder: str | os.PathLike[str], going_on: str = "") -> Iterator[Path]:
    """The folder, made if need be, for this process alone until the block ends.

    The system gives the lock back when its owner dies, so that a killed run stands in nobody's way. An interrupt inside
    gets the sentence ``going_on``, without one that the same command goes on (`resumable`).

    Raises
    ------
    BadInput
        Where another process works there, with its id and host; where the folder cannot be made or written; and where
        a file of another host was left there, whose process nobody here can see.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _taken(folder / FILE)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror or error}; choose another output folder") from None
    try:
        with resumable(going_on or f"the same command goes on from what is in {folder}"):
            yield folder
    finally:
        with suppress(OSError):
            (folder / FILE).unlink()
        os.close(handle)


@contextmanager
def resumable(sentence: str) -> Iterator[None]:
    """A block whose interrupt says by ``sentence`` how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(sentence) from None


def _taken(path: Path) -> int:
    """An open file that holds the lock; it is the file at ``path``, whatever others do meanwhile."""
    here = os.uname().nodename
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            free = _asked(handle)
            if free and not _is_at(handle, path):  # its owner removed it between the two calls
                os.close(handle)
                continue
            pid, host = _owner(handle)
            if not free or host not in ("", here):
                gone = "" if host in ("", here) else f", or remove {path} if it no longer runs"
                raise BadInput(
                    f"process {pid} on {host or here} works in {path.parent}; wait until it is done, stop it{gone}, or "
                    f"choose another output folder"
                )
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps({"pid": os.getpid(), "host": here}).encode(), 0)
            return handle
        except BaseException:
            os.close(handle)
            raise


def _asked(handle: int) -> bool:
    """Whether the lock was free; on a file system without locks it always is."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _owner(handle: int) -> tuple[str, str]:
    """Process id and host of a lock file; ``?`` and nothing where it does not say."""
    try:
        content = json_document(os.pread(handle, 4096, 0), FILE)
        return str(int(content["pid"])), str(content["host"])[:100]
    except DAMAGE:
        return "?", ""
