"""Do all legs give the same bits? Vectors, legs, the comparison, and its report."""

from bittrue.check.compare import Divergence, LegVerdict, Verdict, check
from bittrue.check.legs import LEGS, Leg, Options, make, runnable
from bittrue.check.vectors import blocks

__all__ = ["LEGS", "Divergence", "Leg", "LegVerdict", "Options", "Verdict", "blocks", "check", "make", "runnable"]
