"""The reference leg: NumPy, integer, vectorised. It is the meaning of a net in executable form."""

from bittrue.ref.banks import run_banks, saturated
from bittrue.ref.run import outputs, run, taps

__all__ = ["outputs", "run", "run_banks", "saturated", "taps"]
