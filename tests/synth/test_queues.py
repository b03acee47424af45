"""What Yosys makes of queues of beats: block RAM where the formula says so, of as many blocks, and else none."""

from __future__ import annotations

import importlib.util

import pytest

from bittrue.lower.bram import rom_blocks
from bittrue.lower.slack import Slack, is_deep
from bittrue_rtl.beats import BeatQueue, BeatStreamQueue
from bittrue_rtl.deep_queue import DeepStreamQueue
from bittrue_rtl.printing import printed
from bittrue_sim.synth import xc7_report, xc7_use

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyosys") is None, reason="no pyosys: pip install -e '.[synth]'"
)
LARGE = [pytest.param(*case, marks=pytest.mark.heavy) for case in ((320, 8), (2000, 9), (5000, 16), (70, 100))]


@pytest.mark.parametrize("words, bits", [(321, 8), (40000, 8), *LARGE])
def test_a_queue_where_branches_meet(words: int, bits: int) -> None:
    queue = Slack(words - 1, bits, is_deep(words, bits))
    kind = DeepStreamQueue if queue.deep else BeatStreamQueue
    used = xc7_use(xc7_report(printed(kind(bits, queue.words), "queue"), "queue"))
    assert used["RAMB18"] == queue.ramb18 and (queue.ramb18 > 0) == queue.deep
    assert used["FF"] >= queue.stored.ff and used["LUT"] >= queue.stored.lutram


@pytest.mark.parametrize("words", [64, 72])
def test_a_queue_of_results(words: int) -> None:
    used = xc7_use(xc7_report(printed(BeatQueue(8, words), "queue"), "queue"))
    assert used["RAMB18"] == rom_blocks(words, 8) == int(words > 64)
