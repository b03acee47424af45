"""Shelves of recipes: of predistorters, and of amplifier models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bittrue.kit.recipes import Shelf


def _is_predistorter(table: Mapping[str, Any]) -> bool:
    net = table.get("net")
    return isinstance(net, Mapping) and "conv" not in net


def _is_amplifier(table: Mapping[str, Any]) -> bool:
    return bool({"updates", "window", "gains"} & table.keys())


SHELF = Shelf("dpd", "bittrue.apps.dpd", looks_like=_is_predistorter)
AMPLIFIERS = Shelf("pa", "bittrue.apps.dpd", "recipes/amplifiers", _is_amplifier)
