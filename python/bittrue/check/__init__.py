"""Do all legs give the same bits? Vectors, legs, the comparison, and its report; called, the check of one net."""

from bittrue.check.compare import Divergence, LegVerdict, Verdict, check
from bittrue.check.legs import LEGS, Leg, Options, make, runnable
from bittrue.check.net import check_net
from bittrue.check.vectors import blocks
from bittrue.module_call import callable_as

__all__ = [
    "LEGS",
    "Divergence",
    "Leg",
    "LegVerdict",
    "Options",
    "Verdict",
    "blocks",
    "check",
    "check_net",
    "make",
    "runnable",
]

callable_as(__name__, check_net)
