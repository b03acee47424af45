"""Files are read whole, within bounds, and written whole or not at all; what is no plain file is never replaced."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO

from bittrue.errors import BadInput
from bittrue.limits import FILE

_Identity = tuple[int, int]
_inputs: ContextVar[set[_Identity] | None] = ContextVar("inputs", default=None)
"""Device and inode of what was read since `protected_inputs`; ``None`` outside of it."""

_HOST = f"{zlib.crc32(os.uname().nodename.encode()):08x}"
_DRAFT = re.compile(r"\..{1,50}\.draft-([0-9a-f]{8})-(\d{1,10})\.[a-z0-9_]{8}")
_swept: set[Path] = set()
"""Folders that this process has looked through for drafts of others."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a disk"),
    (stat.S_ISSOCK, "a socket"),
)


def write_whole(path: str | os.PathLike[str], content: bytes | str, *, renew: bool = False) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new one and nothing between.

    Text is written as UTF-8. For links, devices, pipes, ``renew`` and what is raised see `write_together`.
    """
    write_together(Path(path).parent, {Path(path).name: content}, renew=renew)


def write_together(folder: str | os.PathLike[str], files: Mapping[str, bytes | str], *, renew: bool = False) -> None:
    """Write several files of one folder: all of them, or none where an error comes up on the way.

    All are on disk under temporary names, the old ones too, before the first is renamed; where a rename fails, those
    before it are taken back. Only a crash between two renames can leave a mixture, so files that belong together carry
    a hash. A link is followed: what it points to is written, and the link stays. A character device or a pipe
    (``/dev/null``, ``/dev/stdout``) is written through, after all files; it never becomes a file. So is what stands for
    an open file, as ``/dev/stdout`` does where output goes into one: the content follows what was written there before.
    A file that is replaced keeps its permissions.

    Parameters
    ----------
    folder : path
    files : mapping
        Content by name.
    renew : bool
        Inside `protected_inputs`, replace a file although it was read: for checkpoints, cards and the like, whose
        rewriting is what was asked for. (Content that is there already may always be written.)

    Raises
    ------
    BadInput
        Where the folder does not exist or cannot be written, a name is that of a folder, a disk or a socket, or an
        output is an input of the same command.
    """
    folder = Path(folder)
    new: dict[Path, Path] = {}
    old: dict[Path, Path] = {}
    through: list[tuple[Path, bytes]] = []
    done: list[Path] = []
    try:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            target, plain = _destination(folder / name, renew, data)
            if not plain:
                through.append((target, data))
                continue
            new[target] = _temporary(target, data)
            if len(files) > 1 and target.is_file():
                old[target] = _temporary(target, target.read_bytes())
        for target, temporary in new.items():
            temporary.replace(target)
            done.append(target)
        for target, data in through:
            _write_through(target, data)
    except BaseException as error:
        for target in done:
            if target in old:
                old[target].replace(target)
            else:
                target.unlink()
        if not isinstance(error, OSError) or isinstance(error, BrokenPipeError):
            raise
        raise BadInput(
            f"cannot write in {folder}: {error.strerror or error}; create the folder or choose another"
        ) from None
    finally:
        for temporary in (*new.values(), *old.values()):
            temporary.unlink(missing_ok=True)


def check_target(path: str | os.PathLike[str], suffixes: tuple[str, ...] = ()) -> None:
    """Raise `BadInput`, before the work begins, where a file cannot be written at ``path``.

    A plain file must end in one of ``suffixes``, where there are any; see `write_together` for the rest.
    """
    folder = Path(path).parent
    if not folder.is_dir():
        raise BadInput(f"cannot write {path}: there is no folder {folder}; create it or choose another")
    target, plain = _destination(Path(path))
    if not target.parent.is_dir():
        raise BadInput(
            f"cannot write {path}: it is a link into {target.parent}, which is no folder; create that folder"
        )
    if plain and suffixes and Path(path).suffix.lower() not in suffixes:
        raise BadInput(
            f"cannot write {path}: {' or '.join(suffixes)} is what this command writes; end the name in "
            f"{'it' if len(suffixes) == 1 else 'one of them'}"
        )
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise BadInput(f"cannot write {path}: permission denied; choose another place")


def draft_prefix(target: Path) -> str:
    """How the name of a draft of ``target`` beside it begins, `tempfile` makes up the rest: it says whose draft it is.

    The first time that this process asks for a folder, drafts are removed there whose processes of this host are gone.
    A draft is left behind by a process that is killed, and by nothing else.
    """
    folder = target.parent.absolute()
    if folder not in _swept:
        _swept.add(folder)
        _sweep(folder)
    return f".{target.name[:50]}.draft-{_HOST}-{os.getpid()}."


def _sweep(folder: Path) -> None:
    """Remove the drafts, files and folders, that dead processes of this host have left in a folder."""
    try:
        found = [entry for entry in os.scandir(folder) if entry.name.startswith(".")]
    except OSError:
        return
    for entry in found:
        match = _DRAFT.fullmatch(entry.name)
        if match and match[1] == _HOST and not _lives(int(match[2])):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    Path(entry.path).unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is somebody else's
        return True
    return True


@contextmanager
def protected_inputs() -> Iterator[None]:
    """Inside, no file that `read_bytes` has read is overwritten (except with ``renew``): input and output differ."""
    token = _inputs.set(set())
    try:
        yield
    finally:
        _inputs.reset(token)


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


def read_bytes(path: str | os.PathLike[str], what: str, limit: int = FILE) -> bytes:
    """Content of a plain file of at most ``limit`` bytes.

    Raises `BadInput`, naming ``what`` and the path, where it cannot be read, is larger, or is a device, a pipe or a
    folder: their end may never come.
    """
    try:
        about = Path(path).stat()
        if not stat.S_ISREG(about.st_mode):
            raise BadInput(f"cannot read {what} {path}: it is {_kind(about.st_mode)}; give a plain file")
        with Path(path).open("rb") as stream:
            content = _read(stream, limit) if about.st_size <= limit else b""
    except BadInput:
        raise
    except (OSError, ValueError) as error:  # ValueError: a path with a null in it
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"cannot read {what} {path}: {reason}; check the path") from None
    if max(about.st_size, len(content)) > limit:
        raise BadInput(f"{what} {path} has more than {limit:,} bytes, the most that are read; give a smaller file")
    if (inputs := _inputs.get()) is not None:
        inputs.add((about.st_dev, about.st_ino))
    return content


def _read(stream: BinaryIO, limit: int) -> bytes:
    """All of a file, or more than ``limit`` bytes of it; memory is taken for what there is, and not for the limit."""
    chunks: list[bytes] = []
    left = limit + 1
    while left > 0 and (chunk := stream.read(min(left, 1 << 20))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _kind(mode: int) -> str:
    return next((name for check, name in _KINDS if check(mode)), "no plain file")


def _destination(path: Path, renew: bool = False, data: bytes | None = None) -> tuple[Path, bool]:
    """Where writing ``path`` ends, links followed, and whether that is a plain file (or none yet).

    An input may be written where ``renew`` says so, and where ``data`` is what it holds anyway.
    """
    if path.name in ("", ".."):
        raise BadInput(f"cannot write {path}: it names no file; name one")
    try:
        about = path.stat()
    except FileNotFoundError:
        return Path(os.path.realpath(path)) if path.is_symlink() else path, True
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"cannot write {path}: {reason}; choose another name") from None
    if stat.S_ISCHR(about.st_mode) or stat.S_ISFIFO(about.st_mode):
        return path, False
    if not stat.S_ISREG(about.st_mode):
        raise BadInput(f"cannot write {path}: it is {_kind(about.st_mode)}; name a file")
    if not renew and (about.st_dev, about.st_ino) in (_inputs.get() or ()) and path.read_bytes() != data:
        raise BadInput(f"{path} is an input of this command and would be overwritten; choose another output")
    if _descriptor(path) is not None:
        return path, False
    return path.resolve() if path.is_symlink() else path, True


def _descriptor(path: Path) -> int | None:
    """The open file of this process that a path stands for, links followed: 1 for ``/dev/stdout``; None for others."""
    for _ in range(40):
        if re.fullmatch(r"\d{1,9}", path.name) and os.path.realpath(path.parent) == f"/proc/{os.getpid()}/fd":
            return int(path.name)
        if not path.is_symlink():
            break
        path = path.parent / path.readlink()
    return None


def _write_through(target: Path, data: bytes) -> None:
    descriptor = _descriptor(target)
    with target.open("wb", 0) if descriptor is None else os.fdopen(os.dup(descriptor), "wb", 0) as stream:
        while data:
            data = data[stream.write(data) or 0 :]


def _temporary(target: Path, data: bytes) -> Path:
    """A new file beside ``target`` that holds ``data``; nothing is left behind where that fails."""
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
    handle, name = tempfile.mkstemp(prefix=draft_prefix(target), dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), mode)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
