"""Shelf of the recipes of integer radio nets; configurations of published models lie beside them as yaml."""

from __future__ import annotations

from bittrue.kit.recipes import Shelf

SHELF = Shelf("radio", __package__, looks_like=lambda table: "cities" in table)
DEFAULT = "radio-map"
"""The recipe that is trained where none is named."""
