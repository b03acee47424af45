"""Makes `big_evaluator` and the net strategies of tests/equal importable here; hypothesis draws the same every time."""

import sys
from pathlib import Path

from hypothesis import settings

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "equal")]

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
