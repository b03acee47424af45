"""The commands of the heartbeat nets: ``bittrue train`` and ``report``."""

from __future__ import annotations

PATIENTS = ("DS2", "held-out", "synthetic")
"""Whom a report may judge on: the test half, the patients of the recipe's fold, people who do not exist."""
