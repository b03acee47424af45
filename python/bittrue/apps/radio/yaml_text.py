"""YAML as plain data: mappings, lists, numbers, text; no objects, anchors, merges or keys twice; bounded."""

from __future__ import annotations

from typing import Any

import yaml

from bittrue.errors import BadInput, shown
from bittrue.limits import DEPTH
from bittrue.readers import refusing, text

BYTES = 1 << 16
"""Largest configuration that is read."""
TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null"))
"""What a value may be; ``!!float 1e-4`` is one of them."""


def document(data: bytes, what: str) -> dict[str, Any]:
    """The mapping that a YAML text holds. Raises `BadInput`, naming ``what``, for anything else."""
    if len(data) > BYTES:
        raise BadInput(f"{what} has {len(data):,} bytes; a configuration has at most {BYTES:,}")
    content = text(data, what)
    with refusing(what, "correct it"):
        try:
            node = yaml.compose(content, Loader=_Loader)
        except BadInput as error:
            raise BadInput(f"{what}: {error}") from None
        except yaml.YAMLError as error:
            raise BadInput(f"{what} is not YAML ({' '.join(str(error).split())[:200]}); correct that line") from None
        if not isinstance(node, yaml.MappingNode):
            raise BadInput(f"{what} has no keys; a configuration is a mapping of model, data, trainer")
        found: dict[str, Any] = _value(node, what)
        return found


class _Loader(yaml.SafeLoader):
    """The safe loader, which refuses anchors: nothing is referred to, so nothing grows."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        if self.check_event(yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadInput(f"line {event.start_mark.line + 1} uses an anchor (& or *); write it out")
        depth = getattr(self, "_depth", 0) + 1
        if depth > DEPTH:
            raise BadInput(f"line {event.start_mark.line + 1} is nested deeper than {DEPTH} levels; flatten it")
        self._depth = depth
        node = super().compose_node(parent, index)
        self._depth = depth - 1
        return node


def _value(node: yaml.Node, what: str) -> Any:
    line = node.start_mark.line + 1
    if node.tag not in TAGS:
        raise BadInput(f"{what} holds a value of kind {shown(node.tag)} in line {line}; write text, numbers or lists")
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, what) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise BadInput(f"{what} has a key in line {line} that is no word; name it")
            if key.value in found:
                raise BadInput(f"{what} gives {shown(key.value)} a second time in line {key.start_mark.line + 1}")
            found[key.value] = _value(value, what)
        return found
    if len(node.value) > 400 and node.tag != TAGS[2]:
        raise BadInput(f"{what} holds a number of {len(node.value):,} characters in line {line}; shorten it")
    return yaml.SafeLoader("").construct_object(node)
