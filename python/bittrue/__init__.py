"""bittrue: one integer definition of a network; the same bits in PyTorch, NumPy, Verilog and C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bittrue.api import Executor, c, check, cost, generate, load, run, verilog
    from bittrue.api.modules import ptq

__version__ = "0.1.0"

__all__ = ["Executor", "__version__", "c", "check", "cost", "generate", "load", "ptq", "run", "verilog"]
"""The stable names, explained in docs/python.md; they are imported when they are first used."""


def __getattr__(name: str) -> Any:
    if name in ("ptq", "qat"):
        from bittrue.api import modules

        return globals().setdefault(name, getattr(modules, name))
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from bittrue import api

    # check and cost are modules too, and callable; importing the functions has put the modules here
    return globals().setdefault(name, getattr(api, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
