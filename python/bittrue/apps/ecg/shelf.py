"""Shelf of the recipes of nets for heartbeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bittrue.kit.recipes import Shelf


def _is_ours(table: Mapping[str, Any]) -> bool:
    net = table.get("net")
    return isinstance(net, Mapping) and "conv" in net


SHELF = Shelf("ecg", "bittrue.apps.ecg", looks_like=_is_ours)
