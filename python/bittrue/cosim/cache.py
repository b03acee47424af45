"""Where compiled models are kept, so that the same source is compiled once."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

from bittrue.errors import BadInput
from bittrue.files import draft_prefix
from bittrue.places import checkout

_log = logging.getLogger(__name__)
VARIABLE = "BITTRUE_BUILD"
"""Environment variable that names the build folder."""


def build_root() -> Path:
    """``$BITTRUE_BUILD``, else ``build/`` of the checkout this package lies in, else the user's cache folder.

    The last is the platform's: ``$XDG_CACHE_HOME/bittrue`` or ``~/.cache/bittrue`` on Linux.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    if root := checkout():
        return root / "build"
    from platformdirs import user_cache_path

    return user_cache_path("bittrue", appauthor=False)


def cache_dir(kind: str, key: str) -> Path:
    """Folder ``build_root()/kind/key`` of one build. It exists exactly where that build was published.

    Parameters
    ----------
    kind : str
        What is built, for example ``"c"`` or ``"rtl"``.
    key : str
        Digest of everything the result depends on: sources, flags, the tool's version.
    """
    folder = build_root() / kind / key
    if folder.is_dir():
        _log.info("%s: built before, in %s", kind, folder)
    return folder


def staging_dir(final_dir: Path) -> Path:
    """A new empty folder beside ``final_dir`` (same file system) to build in before `publish`.

    Raises `BadInput` where the build folder cannot be written.
    """
    _log.info("%s: building in %s", final_dir.parent.name, final_dir)
    try:
        final_dir.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=draft_prefix(final_dir), dir=final_dir.parent))
    except OSError as error:
        raise BadInput(
            f"cannot build in {final_dir.parent}: {error.strerror or error}; set {VARIABLE} to a folder you can write"
        ) from None


def publish(temp_dir: Path, final_dir: Path) -> Path:
    """Move a finished build to its place in one rename and return ``final_dir``.

    Where another process published the same build first, that one stays and ``temp_dir`` is removed. Both must lie on
    one file system (`staging_dir`). Raises `BadInput` where the folder cannot be written.
    """
    try:
        final_dir.parent.mkdir(parents=True, exist_ok=True)
        temp_dir.chmod(0o755)
        temp_dir.rename(final_dir)
    except OSError as error:
        if not final_dir.is_dir():
            raise BadInput(
                f"cannot publish {final_dir}: {error.strerror or error}; set {VARIABLE} to a folder you can write"
            ) from None
        shutil.rmtree(temp_dir, ignore_errors=True)
    return final_dir
