"""Which layer every leg has, read from the tables by which the legs find their rules; and why one is lacking."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bittrue.errors import BadInput
from bittrue.spec import LAYERS, Layer

Kinds = Collection[type]


def _ranges() -> Kinds:
    from bittrue.ranges import RULES

    return RULES


def _ref() -> Kinds:
    from bittrue.ref.evaluate import RULES

    return RULES


def _torch() -> Kinds:
    from bittrue.qat.exact import RULES

    return RULES


def _training() -> Kinds:
    from bittrue.qat.layers import MODULES

    return MODULES


def _c() -> Kinds:
    from bittrue.emit.c.rules import RULES

    return RULES


def _constants() -> Kinds:
    from bittrue.emit.constants import RULES

    return RULES


def _explain() -> Kinds:
    from bittrue.check.explain import RULES

    return RULES


def _verilog() -> Kinds:
    from bittrue.lower.schedule import HARDWARE

    return HARDWARE


LEGS: dict[str, Callable[[], Kinds]] = {
    "ranges": _ranges,
    "ref": _ref,
    "torch": _torch,
    "training": _training,
    "C": _c,
    "ROM": _constants,
    "report": _explain,
    "Verilog": _verilog,
}
"""The kinds of layers that a leg has a rule for; imported when asked, because torch may be missing."""

ABSENT: dict[str, dict[str, str]] = {}
"""Reasons by leg and layer: what is lacking and may be."""


def has(leg: str, kind: type[Layer]) -> bool:
    """Whether a leg has a rule for a kind of layer, or for one that this is. Raises `BadInput` for an unknown leg.

    Raises ImportError where a package of the leg is not installed.
    """
    if leg not in LEGS:
        raise BadInput(f"there is no leg {leg}; known are {', '.join(LEGS)}")
    known = LEGS[leg]()
    return any(parent in known for parent in kind.__mro__)


def matrix() -> dict[str, dict[str, bool | None]]:
    """Whether a leg has a layer, by layer and leg; None where a package of the leg is not installed."""
    found: dict[str, dict[str, bool | None]] = {name: {} for name in LAYERS}
    for leg in LEGS:
        for name, kind in LAYERS.items():
            try:
                found[name][leg] = has(leg, kind)
            except ImportError:
                found[name][leg] = None
    return found


def faults(found: Mapping[str, Mapping[str, bool | None]], absent: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What a matrix has and a table of declared absences does not allow, or the other way round, in sentences."""
    lines = []
    for name, legs in found.items():
        for leg, there in legs.items():
            declared = name in absent.get(leg, {})
            if there is False and not declared:
                lines.append(f"{leg} has no rule for {name}, and nobody says why; register one, or declare the reason")
            if there and declared:
                lines.append(f"{leg} has {name}, which is declared absent; take the declaration away")
    for leg, reasons in absent.items():
        unknown = [name for name in reasons if leg not in found.get(name, {})]
        lines += [f"the absence of {name} from {leg} is declared, and one of them does not exist" for name in unknown]
    return lines
