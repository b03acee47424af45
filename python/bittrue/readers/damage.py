"""The list of what foreign bytes can make a reader raise, and its one translation into a sentence."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from tokenize import TokenError
from zipfile import BadZipFile

from bittrue.errors import BadInput

DAMAGE: tuple[type[Exception], ...] = (
    ValueError,  # also UnicodeError, json.JSONDecodeError, tomllib.TOMLDecodeError
    TypeError,
    LookupError,  # KeyError, IndexError, an unknown encoding
    AttributeError,
    AssertionError,  # pickletools
    ArithmeticError,  # OverflowError, ZeroDivisionError
    EOFError,
    OSError,
    MemoryError,
    RuntimeError,  # RecursionError, NotImplementedError: zipfile for an encrypted or a newer file
    SyntaxError,  # numpy: the header of an array is a Python literal
    TokenError,
    BadZipFile,
    struct.error,
    zlib.error,
)
"""What readers of the standard library and of NumPy raise for bytes that are not what they expect."""


@contextmanager
def refusing(what: str, fix: str = "restore the file") -> Iterator[None]:
    """Turn whatever damaged bytes raise inside into a `BadInput` about ``what``; one that comes up passes as it is."""
    try:
        yield
    except BadInput:
        raise
    except DAMAGE as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise BadInput(f"{what} is damaged or of another kind ({reason}); {fix}") from None
