"""How many samples a check takes where nobody says."""

from __future__ import annotations

from bittrue.check.vectors import needed
from bittrue.cost import macs
from bittrue.spec import Net, Pool

SAMPLES = 100_000
"""Samples where nothing else is said, of a net of few multiplications."""
MACS = 10_000_000_000
"""Multiplications that this may take a leg: a net of more than 100,000 a sample gets fewer samples, 100 at least."""
RTL_MACS = 200_000_000
"""The same of a net of frames whose hardware is simulated: Verilator computes some 10,000,000 a second."""
WORD = 8
"""A word that is written and compared counts as so many multiplications."""
WORDS = 100_000_000
"""Words of all tensors that 100 samples may have; of a net with larger samples, fewer than 100 are compared."""


def usual_samples(net: Net, hardware: bool = False) -> int:
    """How many samples are compared where nothing else is said, by ``hardware`` too: enough to reach every delay."""
    words = WORD * net.elements
    words += sum(net.types[n.name].elements * n.layer.places for n in net.nodes if isinstance(n.layer, Pool))
    work = max(words, sum(macs(node.layer, net.types[node.name]) for node in net.nodes))
    budget = RTL_MACS if hardware and any(len(given.shape) > 1 for given in net.inputs.values()) else MACS
    least = min(100, max(1, WORDS // net.elements))
    reaching = needed(net) if needed(net) * work <= 4 * budget else 0
    return max(least, reaching, min(SAMPLES, budget // work))
