"""The built-in configurations of the radio application lie as yaml in recipes/; none is a TOML recipe."""

from __future__ import annotations

from bittrue.kit.recipes import Shelf

SHELF = Shelf("radio", __package__)
