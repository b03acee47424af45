"""Delays of the cells of a 7-series part, speed grade -1, in picoseconds, and what the parts of a path count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DELAYS: dict[str, Any] = json.loads(Path(__file__).with_name("xc7_speed1.json").read_text(encoding="utf-8"))
"""The table: SDF figures of the project X-Ray database, as the file says."""

LOGIC = 1
"""Levels of logic of a LUT, of a carry chain of any length, and of a read of a LUT's memory or shift register."""
DSP_STAGE = 4
"""Levels of one stage of a DSP48E1, its multiplier or its adder: such a path has no room for logic."""
BLOCK_RAM = 4
"""Levels of a read of a block RAM without its output register: a register must follow."""
MOST_LEVELS = 4
"""Most levels between two registers, by the design rule (docs/timing.md)."""

DSP_P_TO_REGISTER = -119
"""From P as an output to P as a register: by that the table's delays to P with and without PREG differ."""
