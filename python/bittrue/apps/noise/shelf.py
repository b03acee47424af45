"""Shelf of the recipes of noise generators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bittrue.kit.recipes import Shelf

GAN, HARDWARE = "dataloader_specs", ("architecture", "spectrogram")
"""What only the dictionary of a GAN has, and of which the recipe of a hardware net has one."""


def is_hardware(table: Mapping[str, Any]) -> bool:
    """Whether a table is the recipe of a hardware net."""
    return any(name in table for name in HARDWARE)


def _is_ours(table: Mapping[str, Any]) -> bool:
    return "process" in table or GAN in table


SHELF = Shelf("noise", "bittrue.apps.noise", looks_like=_is_ours)
