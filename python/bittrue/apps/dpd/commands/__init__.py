"""The commands of the predistorters: ``bittrue train``, ``report``, ``search`` and ``ablate``."""

from __future__ import annotations

from pathlib import Path

PARAMETERS = 250
"""Real numbers of a polynomial where nobody says how many."""

ABLATED = "tdnn-gan"
"""The recipe that is ablated where none is named."""

STUDY, ABLATION = Path("build") / "search" / "study.db", Path("build") / "ablation"
