"""safetensors files: one tensor a name, and a header that says nothing twice."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from bittrue.errors import BadInput
from bittrue.limits import TEXT
from bittrue.readers.damage import refusing
from bittrue.readers.documents import json_document


def tensors(data: bytes, what: str) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a safetensors file by name.

    Raises `BadInput` for a damaged file, a name twice in its header, and a number type that NumPy does not have.
    """
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(TEXT, len(data) - 8):
        raise BadInput(f"{what} is corrupt (it is shorter than its header says); restore the file")
    json_document(data[8 : 8 + length], f"the header of {what}")
    with refusing(what):
        try:
            return safetensors.numpy.load(data)
        except SafetensorError as error:
            raise BadInput(f"{what} is corrupt ({error}); restore the file") from None
