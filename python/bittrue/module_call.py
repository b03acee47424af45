"""Modules that are called like the function that they are named after."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def callable_as(name: str, function: Callable[..., Any]) -> None:
    """Let the module ``name`` be called: ``module(...)`` is ``function(...)``.

    ``bittrue.check`` and ``bittrue.cost`` are modules, and also two of the functions that ``bittrue`` itself has.
    A module's class may be assigned (Python's data model, "Customizing module attribute access"); all else stays.
    """
    module = sys.modules[name]
    module.__class__ = type("CallableModule", (ModuleType,), {"__call__": staticmethod(function)})
    module.__wrapped__ = function  # type: ignore[attr-defined]  # what inspect.signature and help() look at
