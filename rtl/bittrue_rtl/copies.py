"""Components of which a design holds many, alike but for the contents of their memories: elaborated once."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from amaranth.hdl import ClockSignal, Instance, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

Words = tuple[int, Sequence[int]]
"""Bits of a word, and the words of a memory from address 0 on."""


class Copied(wiring.Component):
    """A component that depends on ``apart``, arguments of its constructor, in its memories' `contents` alone.

    `bittrue_rtl.printing` elaborates one of those that agree in all other arguments, and prints the others as copies;
    everything else takes it as any component.
    """

    apart: ClassVar[tuple[str, ...]] = ()
    likeness: tuple[Any, ...]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Note what the component is made of."""
        self = super().__new__(cls)
        given = inspect.signature(cls.__init__).bind(self, *args, **kwargs)
        given.apply_defaults()
        own = [tuple(v) if isinstance(v, list) else v for k, v in given.arguments.items() if k not in cls.apart][1:]
        self.likeness = (cls, *own)
        return self

    def contents(self) -> Mapping[str, Words] | None:
        """Of every memory that is not all zero, by its submodule and name, as ``rom0.words``; None where it is made
        for its place and cannot be copied."""
        raise NotImplementedError

    def circuit(self) -> Module:
        """What `elaborate` gives."""
        raise NotImplementedError

    def elaborate(self, platform: object) -> Module | Instance:
        """Build the circuit, or name it."""
        contents = self.contents() if isinstance(platform, Copies) else None
        if contents is None:
            return self.circuit()
        assert isinstance(platform, Copies)
        return platform.instance(self, contents)


class Copies:
    """What is elaborated for printing; the components to be printed apart, in the order of the numbers in their names.

    Parameters
    ----------
    alike : list of lists of (int, mapping)
        For every likeness, number and contents of each component.
    first : list of Copied
        One of each likeness.
    """

    def __init__(self) -> None:
        self.alike: dict[tuple[Any, ...], list[tuple[str, Mapping[str, Words]]]] = {}
        self.first: dict[tuple[Any, ...], Copied] = {}
        self.count = 0

    def instance(self, component: Copied, contents: Mapping[str, Words]) -> Instance:
        """The component as an instance of a module that is printed apart."""
        name = f"bittrue_copy_{self.count}"
        self.count += 1
        self.first.setdefault(component.likeness, component)
        self.alike.setdefault(component.likeness, []).append((name, contents))
        ports = {
            f"{'i' if member.flow is In else 'o'}_{'__'.join(map(str, path))}": value
            for path, member, value in component.signature.flatten(component)
        }
        return Instance(name, i_clk=ClockSignal(), i_rst=ResetSignal(), **ports)
