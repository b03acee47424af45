"""The guard for packages that only some commands need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bittrue.errors import BadInput
from bittrue.extras import install

CALLED = {"torch": "PyTorch"}
"""What people call a package, where that is not the name it is imported by."""


@contextmanager
def needed(what: str, *packages: str, extra: str = "train") -> Iterator[None]:
    """A block that imports: where one of ``packages`` is missing, `BadInput` says what needs it and how to get it.

    Parameters
    ----------
    what : str
        What the block is for, with its verb: ``"training needs"``.
    packages : str
        Top names of those that may be missing; any other `ImportError` passes.
    extra : str
        The extra of bittrue that brings them.
    """
    try:
        yield
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in packages:
            raise
        raise BadInput(f"{what} {CALLED.get(missing, missing)}, which is not installed; {install(extra)}") from None
