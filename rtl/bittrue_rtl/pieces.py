"""A memory made of pieces that each fit a block RAM, with a register behind every one and the choice behind those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import memory

from bittrue.lower.bram import SHALLOW, shape
from bittrue_rtl.copies import Words
from bittrue_rtl.delay import delayed

UNSET = "bittrue_unset"
"""Attribute of a memory that may start with anything, so that Verilog has no line for each of its words."""


def stored(bits: int, words: Sequence[int], ports: int = 1, shallow: int = SHALLOW) -> list[dict[str, Words]]:
    """What the pieces hold, by their names: a dictionary for every piece of the depth, in it the lowest bits first.

    A memory of up to ``shallow`` words is one piece, ``words``; others are cut by `bittrue.lower.bram.shape`.
    """
    depth, width = shape(len(words), bits, ports)[:2] if len(words) > shallow else (len(words), bits)
    if depth >= len(words) and width >= bits:
        return [{"words": (bits, words)}]
    lows = range(0, bits, width)
    cut = {low: [(int(word) >> low) % (1 << min(width, bits - low)) for word in words] for low in lows if any(words)}
    return [
        {
            f"words{start // depth}_{low}": (min(width, bits - low), cut.get(low, words)[start : start + depth])
            for low in lows
        }
        for start in range(0, len(words), depth)
    ]


def rom_contents(bits: int, rows: Iterable[Sequence[int]]) -> dict[str, Words]:
    """The pieces of a component's ROMs ``rom0``, ``rom1``, ..., one a row, as `Copied.contents` names them."""
    return {
        f"rom{row}.{name}": held
        for row, words in enumerate(rows)
        for cut in stored(bits, words)
        for name, held in cut.items()
    }


class Pieces:
    """The memories of ``m`` that hold ``words``.

    Parameters
    ----------
    m : Module
    bits : int
        Width of a signed word.
    words : sequence of int
    ports : int
        Look-ups a clock.
    shallow : int
        Words of the deepest memory that is made of LUTs.
    attrs : mapping
        Of every memory.
    """

    def __init__(
        self, m: Module, bits: int, words: Sequence[int], ports: int, shallow: int, attrs: Mapping[str, str]
    ) -> None:
        self.m, self.bits, self._cut = m, bits, []
        for held in stored(bits, words, ports, shallow):
            row = []
            for name, (width, part) in held.items():
                init = [int(word) % (1 << width) for word in part] if any(part) else []
                m.submodules[name] = piece = memory.Memory(shape=width, depth=len(part), init=init, attrs=dict(attrs))
                row.append(piece)
            self._cut.append(row)
        self.depth_bits = (self._cut[0][0].depth - 1).bit_length()

    def __len__(self) -> int:
        return len(self._cut)

    def read(self, address: Value) -> list[Value]:
        """What every piece of the depth holds at the lower part of ``address``, a clock later."""
        found = []
        for row in self._cut:
            ports = [piece.read_port() for piece in row]
            self.m.d.comb += [port.addr.eq(address[: self.depth_bits]) for port in ports]
            found.append(Cat(*(port.data for port in ports)).as_signed())
        return found

    def write(self, enable: Value, address: Value, data: Value) -> None:
        """Write a word at the end of the clock."""
        for k, row in enumerate(self._cut):
            here = enable & (address[self.depth_bits :] == k) if len(self) > 1 else enable
            low = 0
            for piece in row:
                port = piece.write_port()
                width = len(port.data)
                self.m.d.comb += [
                    port.en.eq(here),
                    port.addr.eq(address[: self.depth_bits]),
                    port.data.eq(data[low : low + width]),
                ]
                low += width


def picked(m: Module, pieces: Sequence[Value], address: Value, name: str, keep: Value | None = None) -> Value:
    """The word at ``address``, two clocks later: one of ``pieces``, what they hold a clock after it, behind registers.

    A block RAM has such a register of its own, and it can be reset; the upper part of the address picks among them.

    Parameters
    ----------
    keep : Value, optional
        Whether the word is wanted, a clock after ``address``; 0 where not.
    """
    registers = []
    for k, piece in enumerate(pieces):
        register = Signal(signed(len(piece)), name=f"{name}_{k}" if k else name, reset_less=keep is not None)
        m.d.sync += register.eq(piece if keep is None else Mux(keep, piece, 0))
        registers.append(register)
    if len(pieces) == 1:
        return registers[0]
    which = delayed(m, address[-(len(pieces) - 1).bit_length() :], 2, f"{name}_which")
    return Array(registers)[which]
