"""bittrue: one integer definition of a network; the same bits in PyTorch, NumPy, Verilog and C."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bittrue.api import Executor, c, check, cost, load, run, verilog
    from bittrue.qat import ptq

__version__ = "0.1.0"

__all__ = ["Executor", "__version__", "c", "check", "cost", "load", "ptq", "run", "verilog"]
"""The stable names, explained in docs/python.md; they are imported when they are first used."""


def __getattr__(name: str) -> Any:
    if name == "qat":
        return import_module("bittrue.qat")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module("bittrue.qat" if name == "ptq" else "bittrue.api"), name)
    # check and cost are modules too, and callable; importing the functions has put the modules here
    return globals().setdefault(name, found)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
