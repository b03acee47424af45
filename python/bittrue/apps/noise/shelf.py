"""Shelf of the recipes of noise generators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bittrue.kit.recipes import Shelf


def _is_ours(table: Mapping[str, Any]) -> bool:
    return "process" in table or "dataloader_specs" in table


SHELF = Shelf("noise", "bittrue.apps.noise", looks_like=_is_ours)
