"""Shelf of the recipes of noise generators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bittrue.kit.recipes import Shelf

GAN, HARDWARE = "dataloader_specs", "architecture"
"""What only the dictionary of a GAN has, and what only the recipe of a hardware net has."""


def is_hardware(table: Mapping[str, Any]) -> bool:
    """Whether a table is the recipe of a hardware net."""
    return HARDWARE in table


def _is_ours(table: Mapping[str, Any]) -> bool:
    return "process" in table or GAN in table


SHELF = Shelf("noise", "bittrue.apps.noise", looks_like=_is_ours)
