"""YAML as plain data: no objects, no key twice, no merges, and no more of it than a description has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.limits import DEPTH
from bittrue.readers import DAMAGE, text

BYTES = 1 << 20
"""Largest description that is read."""

VALUES = 1 << 14
"""Most values of a description, each counted as often as it is referred to: a hundred layers have 5,000."""

BITS, DIGITS = 128, 200
"""Longest integer, in bits and in characters."""


class _Loader(yaml.SafeLoader):
    """The safe loader, which builds numbers, text, lists and mappings only, and refuses a key twice."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._values = self._depth = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        before, line = self._values, self.peek_event().start_mark.line + 1
        again = self.check_event(yaml.AliasEvent)
        self._depth += 1
        if self._depth > DEPTH:
            raise BadInput(f"line {line} is nested deeper than {DEPTH} levels; flatten it")
        node = super().compose_node(parent, index)
        self._depth -= 1
        if again and id(node) not in self._sizes:
            raise BadInput(f"line {line} refers to what it is a part of; write it out")
        self._values += self._sizes[id(node)] if again else 1
        if self._values > VALUES:
            raise BadInput(f"line {line} reaches more than {VALUES:,} values; a description has fewer")
        self._sizes[id(node)] = self._values - before
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise BadInput(f"line {key.start_mark.line + 1} merges mappings (<<); write their keys out")

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        number = int(super().construct_yaml_int(node)) if len(node.value) <= DIGITS else None
        if number is None or number.bit_length() > BITS:
            raise BadInput(
                f"line {node.start_mark.line + 1} holds {shown(node.value)}, an integer of more than {BITS} bits"
            )
        return number

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = getattr(key, "value", None)
            if isinstance(name, str):
                if name in seen:
                    raise BadInput(
                        f"line {key.start_mark.line + 1} gives {shown(name)} a second time; remove one of them"
                    )
                seen.add(name)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def read_yaml(path: str | Path, what: str) -> dict[str, Any]:
    """The mapping that a YAML file holds. Raises `BadInput`, naming ``what``, for anything else."""
    data = read_bytes(path, what)
    if len(data) > BYTES:
        raise BadInput(f"{path} has {len(data):,} bytes; {what} has at most {BYTES:,}")
    content = text(data, str(path))
    try:
        document = yaml.load(content, Loader=_Loader)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    except (yaml.YAMLError, *DAMAGE) as error:
        raise BadInput(f"{path} is not YAML ({' '.join(str(error).split())[:200]}); correct that line") from None
    if not isinstance(document, dict):
        raise BadInput(f"{path} holds {type(document).__name__} and no keys; {what} is a mapping")
    return document
