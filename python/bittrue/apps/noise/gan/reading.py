"""Files of configurations: JSON, TOML, or the literal in a Python file, which is read and never executed."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bittrue.apps.noise.gan import ofdm_layout
from bittrue.apps.noise.gan.configuration import Configuration, checked
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.readers import json_document, refusing, text, toml_document

LARGEST = 1 << 20
"""Most bytes of a configuration."""


def load(path: str | Path) -> Configuration:
    """The configuration of a file.

    A Python file has one dictionary literal: alone, or assigned to a name. The layout of OFDM-GAN, where the model's
    keys stand at the top beside ``model_type``, is taken too (`ofdm_layout`).

    Raises `BadInput` for another ending, for what is no dictionary, and for keys and values as `checked` does.
    """
    return configured(table(path), f"the configuration {path}")


def table(path: str | Path) -> Any:
    """What a file holds, before any look at its keys."""
    suffix = Path(path).suffix.lower()
    if suffix not in READERS:
        raise BadInput(f"{path} is no configuration by its name; end it in {', '.join(READERS)}")
    return READERS[suffix](read_bytes(path, "the configuration", LARGEST), f"the configuration {path}")


def configured(found: Any, what: str) -> Configuration:
    """The configuration of a dictionary; errors name ``what``."""
    try:
        return checked(ofdm_layout.translated(found) if ofdm_layout.is_one(found) else found)
    except BadInput as error:
        raise BadInput(f"{what}: {error}") from None


def literal(content: bytes, what: str) -> Any:
    """The one dictionary literal of a Python file; nothing in it is executed.

    Raises `BadInput` for a file that does not parse, has no or several dictionaries, or one that is no literal.
    """
    with refusing(what, "write one dictionary of plain values"):
        body = ast.parse(text(content, what)).body
        values = [node.value for node in body if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr)]
        found = [value for value in values if isinstance(value, ast.Dict)]
        if len(found) != 1:
            raise BadInput(f"{what} has {len(found)} dictionaries at its top level; one is needed")
        try:
            return ast.literal_eval(found[0])
        except ValueError:
            raise BadInput(f"{what} computes something; write plain values, nothing in it is executed") from None


READERS: dict[str, Callable[[bytes, str], Any]] = {".json": json_document, ".toml": toml_document, ".py": literal}
