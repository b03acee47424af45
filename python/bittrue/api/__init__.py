"""What ``bittrue`` itself offers: every task of a user with one net, one function each (docs/python.md)."""

from bittrue.api.executor import Executor, run
from bittrue.api.generating import generate
from bittrue.api.printing import c, verilog
from bittrue.check.net import check_net as check
from bittrue.cost import cost
from bittrue.spec import load

__all__ = ["Executor", "c", "check", "cost", "generate", "load", "run", "verilog"]
