"""The inputs and outputs of a net in C: parameters of its functions, and the macros that say what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.emit.c.site import size_macro
from bittrue.emit.c.text import element_type
from bittrue.lower.ports import module_name
from bittrue.spec import Net, TensorType


@dataclass(frozen=True)
class End:
    """An input or an output: ``parameter`` of the functions, a pointer to words of the tensor's element type.

    ``size`` and ``frac`` are the macros of the words of a sample and of their fractional bits. A single input is called
    ``in``, a single output ``out``; of several, each has its name in what it is called.
    """

    tensor: str
    type: TensorType
    parameter: str
    size: str
    frac: str
    given: bool

    @property
    def element(self) -> str:
        """C type of a word."""
        return f"const {element_type(self.type.format)}" if self.given else element_type(self.type.format)


def inputs(net: Net) -> tuple[End, ...]:
    """In the order of the net."""
    return _ends(net, tuple(net.inputs), "in", "INPUT")


def outputs(net: Net) -> tuple[End, ...]:
    """In the order of the net."""
    return _ends(net, net.outputs, "out", "OUTPUT")


def _ends(net: Net, names: Sequence[str], parameter: str, macro: str) -> tuple[End, ...]:
    prefix, given = module_name(net).upper(), parameter == "in"
    if len(names) == 1:
        (name,) = names
        return (End(name, net.types[name], parameter, f"{prefix}_{macro}_SIZE", f"{prefix}_{macro}_FRAC", given),)
    return tuple(
        End(
            name,
            net.types[name],
            f"{parameter}_{name}",
            size_macro(prefix, name),
            f"{prefix}_FRAC_{name.upper()}",
            given,
        )
        for name in names
    )


def macros(net: Net) -> dict[str, int]:
    """The macros of the inputs and outputs, those of a size that every tensor has left out."""
    prefix, found = module_name(net).upper(), {}
    for end in (*inputs(net), *outputs(net)):
        if end.size != size_macro(prefix, end.tensor):
            found[end.size] = end.type.elements
        found[end.frac] = end.type.format.frac
    return found


def of_a_sample(net: Net) -> str:
    """Parameters of a function that takes one sample."""
    return _listed([f"{end.element} {end.parameter}[{end.size}]" for end in (*inputs(net), *outputs(net))], True)


def of_many(net: Net) -> str:
    """Parameters of a function that takes samples one after the other."""
    return _listed([f"{end.element} *{end.parameter}" for end in (*inputs(net), *outputs(net))], False)


def at(net: Net) -> str:
    """Arguments for sample ``t``."""
    ends = (*inputs(net), *outputs(net))
    joint = ", " if len(ends) == 2 else ",\n            "
    return joint.join(f"{end.parameter} + t * {end.size}" for end in ends)


def _listed(parameters: Sequence[str], long: bool) -> str:
    few = len(parameters) == 2 and not long
    return (", " if few else ",\n    ").join(parameters)
