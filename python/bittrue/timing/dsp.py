"""The DSP48E1: which of its registers are on decides where its paths begin and end.

Its multiplier and its adder are a stage each. A, B, C, OPMODE, ALUMODE and CARRYIN may have a register behind the pin,
the product one (M), the result one (P). A path that begins before a stage and ends behind it has passed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.timing.delays import DELAYS, DSP_P_TO_REGISTER, DSP_STAGE
from bittrue.timing.edges import CellTiming, Drive, End, Way, ends, nets
from bittrue.timing.netlist import Cell

TABLE = DELAYS["DSP48E1"]
REGISTERS = {name: f"{name}REG" for name in ("A", "B", "C", "OPMODE", "ALUMODE", "CARRYIN")}
"""Pins that may have a register, and the parameter with the number of theirs."""
CASCADES = {"A": "ACIN", "B": "BCIN"}
"""Pins that may be taken from the block below instead."""


@dataclass(frozen=True)
class _Source:
    """A pin that leads to the multiplier or the adder.

    ``pin`` is what is connected (``ACIN`` in place of ``A`` where that is chosen), ``stages`` those from it to P: 2 for
    a factor, 1 for a term. ``registered``: there is a register behind the pin.
    """

    name: str
    pin: str
    stages: int
    registered: bool


def dsp48e1(cell: Cell) -> CellTiming:
    """The paths of a block. Raises `BadInput` for the pre-adder, and for pins that the delay table does not have."""
    if str(cell.parameters.get("USE_DPORT", "FALSE")).strip() == "TRUE":
        raise BadInput(f"cell {cell.name} (DSP48E1) uses its pre-adder, which the delay table lacks; leave it out")
    multiplies = str(cell.parameters.get("USE_MULT", "MULTIPLY")).strip() != "NONE"
    m, p = multiplies and cell.number("MREG", 1) > 0, cell.number("PREG", 1) > 0
    sources = tuple(_sources(cell, multiplies))
    _only_known_pins(cell, sources)
    drives = [*_results(cell, sources, m, p), *_cascades(cell, sources)]
    return CellTiming(tuple(drives), (*_ends(cell, sources, m, p), *ends(cell, TABLE["enable"])))


def _sources(cell: Cell, multiplies: bool) -> Iterator[_Source]:
    for name, parameter in REGISTERS.items():
        chosen = str(cell.parameters.get(f"{name}_INPUT", "DIRECT")).strip()
        pin = CASCADES[name] if chosen == "CASCADE" and name in CASCADES else name
        yield _Source(name, pin, 2 if multiplies and name in CASCADES else 1, cell.number(parameter, 1) > 0)
    yield _Source("PCIN", "PCIN", 1, False)


def _only_known_pins(cell: Cell, sources: tuple[_Source, ...]) -> None:
    known = {source.pin for source in sources} | set(TABLE["enable"]) | {"CLK"}
    used = [pin for pin, bits in cell.inputs.items() if nets(bits)]
    if strange := next((pin for pin in used if pin not in known), ""):
        raise BadInput(
            f"cell {cell.name} (DSP48E1) uses pin {strange}, which the delay table does not have; tie it to a constant"
        )


def _stage_of(stages: int) -> str:
    return "adder" if stages == 1 else "multiplier_and_adder"


def _results(cell: Cell, sources: tuple[_Source, ...], m: bool, p: bool) -> Iterator[Drive]:
    """P and PCOUT."""
    for pin in ("P", "PCOUT"):
        bits = nets(cell.outputs.get(pin, ()))
        if not bits:
            continue
        if p:
            yield Drive(cell, pin, bits, (TABLE["clock_of_P"][pin], 0))
            continue
        clocks, ways = [], []
        if m:
            clocks.append((TABLE["clock_through_adder"]["M"][pin], DSP_STAGE))
        for source in sources:
            given, stage = nets(cell.inputs.get(source.pin, ())), _stage_of(source.stages)
            if not given or (m and source.stages == 2):
                continue
            if source.registered:
                delay = TABLE[f"clock_through_{stage}"][source.name][pin]
                clocks.append((delay, source.stages * DSP_STAGE))
            else:
                delay = TABLE[f"through_{stage}"][source.pin][pin]
                ways += [Way(bit, source.pin, delay, source.stages * DSP_STAGE) for bit in given]
        clock = (max(delay for delay, _ in clocks), max(level for _, level in clocks)) if clocks else None
        yield Drive(cell, pin, bits, clock, tuple(ways))


def _cascades(cell: Cell, sources: tuple[_Source, ...]) -> Iterator[Drive]:
    """ACOUT and BCOUT: the operand, handed to the block above."""
    for source in sources[:2]:
        pin, table = f"{source.name}COUT", TABLE["cascade"][source.name]
        bits, given = nets(cell.outputs.get(pin, ())), nets(cell.inputs.get(source.pin, ()))
        if bits and source.registered:
            yield Drive(cell, pin, bits, clock=(table["clock"], 0))
        elif bits:
            delay = table["pin" if source.pin == source.name else "cascade"]
            yield Drive(cell, pin, bits, ways=tuple(Way(bit, source.pin, delay, 0) for bit in given))


def _ends(cell: Cell, sources: tuple[_Source, ...], m: bool, p: bool) -> Iterator[End]:
    """Ends at the pins, and the paths from one register of the block to the next."""
    for source in sources:
        given, stage = nets(cell.inputs.get(source.pin, ())), _stage_of(source.stages)
        to_m = source.stages == 2 and m
        if not given:
            continue
        if source.registered:
            yield from (End(cell, source.pin, bit, TABLE["registered"][source.pin]) for bit in given)
            if p and not to_m:
                through = TABLE[f"clock_through_{stage}"][source.name]["P"] + DSP_P_TO_REGISTER
                yield End(cell, f"{source.name} register to P", None, through, source.stages * DSP_STAGE)
        elif to_m:
            yield from (End(cell, source.pin, bit, TABLE["multiplier"][source.pin], DSP_STAGE) for bit in given)
        elif p:
            yield from (
                End(cell, source.pin, bit, TABLE[stage][source.pin], source.stages * DSP_STAGE) for bit in given
            )
    if m and p:
        through = TABLE["clock_through_adder"]["M"]["P"] + DSP_P_TO_REGISTER
        yield End(cell, "M register to P", None, through, DSP_STAGE)
