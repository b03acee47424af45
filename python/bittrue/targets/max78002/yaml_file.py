"""YAML as plain data: no objects, no key twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bittrue.errors import BadInput
from bittrue.files import read_bytes

BYTES = 1 << 20
"""Largest description that is read."""


class _Loader(yaml.SafeLoader):
    """The safe loader, which builds numbers, text, lists and mappings only, and refuses a key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = getattr(key, "value", None)
            if isinstance(name, str):
                if name in seen:
                    raise BadInput(f"line {key.start_mark.line + 1} gives {name!r} a second time; remove one of them")
                seen.add(name)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def read_yaml(path: str | Path, what: str) -> dict[str, Any]:
    """The mapping that a YAML file holds. Raises `BadInput`, naming ``what``, for anything else."""
    data = read_bytes(path, what)
    if len(data) > BYTES:
        raise BadInput(f"{path} has {len(data):,} bytes; {what} has at most {BYTES:,}")
    try:
        document = yaml.load(data, Loader=_Loader)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise BadInput(f"{path} is not YAML ({' '.join(str(error).split())[:200]}); correct that line") from None
    if not isinstance(document, dict):
        raise BadInput(f"{path} holds {type(document).__name__} and no keys; {what} is a mapping")
    return document
