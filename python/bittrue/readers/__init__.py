"""Readers of what others wrote: each takes bytes, and gives plain values or one `BadInput` that names the file.

They need NumPy and the standard library, so that they run on a board too; `bittrue.readers.tensors`, which also needs
safetensors, is imported by itself.
"""

from bittrue.readers.arrays import npy, npz
from bittrue.readers.damage import DAMAGE, refusing
from bittrue.readers.documents import json_document, text, toml_document

__all__ = ["DAMAGE", "json_document", "npy", "npz", "refusing", "text", "toml_document"]
