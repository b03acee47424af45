"""A memory polynomial as a net: one ComplexFIR, its formats by the ranges of a signal, its float parent beside it."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np

from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.captures.data import to_iq
from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.parent import Parameters, fitted
from bittrue.spec import ComplexFIR, Net, Node, TensorType, Term

NODE, WORD = "fir", 16
"""Name of the layer, and bits of what it takes and gives."""

POWERS = range(5)
"""Powers of the envelope that a ComplexFIR has."""


def net_of(
    name: str, structure: Structure, coefficients: Complex, x: Complex, peak: float, weight_bits: int
) -> tuple[Net, Parameters]:
    """The integer net of ``sum_t c[t] * x[n-m] * |x[n-m]|**p``, and the parameters of its float parent.

    Parameters
    ----------
    name : str
    structure : Structure
        Terms ``(p, m, 0)`` with ``p`` of `POWERS`.
    coefficients : complex array (terms,)
    x : complex array (N,)
        A signal whose range the net must hold, with ``|x| <= peak``; the drive is limited to that by the transmitter.
    peak : float
    weight_bits : int

    Raises
    ------
    BadInput
        For a term that a ComplexFIR does not have: another power, or an envelope of another delay than the signal's.
    """
    foreign = [term for term in structure.terms if term[0] not in POWERS or term[2]]
    if foreign:
        p, m, lag = foreign[0]
        raise BadInput(
            f"the term x[n-{m}] |x[n-{m + lag}]|^{p} is none of a ComplexFIR, which has x |x|^p of one delay with p up "
            f"to {POWERS[-1]}; fit a memory polynomial of such terms"
        )
    order = sorted(range(len(structure.terms)), key=lambda t: structure.terms[t])
    terms = tuple(
        Term(power, tuple(structure.terms[t][1] for t in own))
        for power, own in groupby(order, key=lambda t: structure.terms[t][0])
    )
    parts = to_iq(coefficients[order])
    words = holding(abs(to_iq(x)).max(), WORD), holding(max(peak, peak ** len(POWERS)), WORD), holding(peak, WORD)
    start = Format(weight_bits, weight_bits - 1)
    layer = ComplexFIR(terms, np.zeros(parts.shape, np.int64), start, words[1], words[2])
    net = Net(name, TensorType((2,), words[0]), (Node(NODE, layer, ("input",)),))
    own: Parameters = {f"{NODE}.weight": parts}
    return fitted(net, own), own


def holding(largest: float, bits: int) -> Format:
    """The finest format of so many bits, one or more before the point, that holds ``+-largest`` to a thousandth."""
    whole = 1 + max(0, math.ceil(math.log2(largest) - 1e-3)) if largest > 0 else 1
    return Format(bits, bits - whole)
