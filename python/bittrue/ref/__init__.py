"""The reference leg: NumPy, integer, vectorised. It is the meaning of a net in executable form."""

from bittrue.ref.banks import run_banks, saturated
from bittrue.ref.run import run, taps

__all__ = ["run", "run_banks", "saturated", "taps"]
