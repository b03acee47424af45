"""Where files of the project lie that are not Python: in a checkout, or in the wheel, which has a copy of some."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
"""The folder of this package."""


def checkout() -> Path | None:
    """The root of the checkout that this package is run from, or ``None`` where it was installed from a wheel."""
    root = PACKAGE.parents[1]
    return root if (root / "pyproject.toml").is_file() and (root / "python" / "bittrue").is_dir() else None


def shipped(path: str) -> Path:
    """A file or folder by its path in the repository, such as ``"weights"``; it may be missing in a wheel.

    A wheel has what `pyproject.toml` names under ``bittrue/data``, in the same folders.
    """
    return (checkout() or PACKAGE / "data") / path
