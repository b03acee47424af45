"""The register map of the AXI shell for readers and for programs: a Markdown page, a C header, a Python module.

All three are made from `bittrue.lower.registers` and are the same for every net. The page and the module are committed;
``python -m bittrue.emit.registers FOLDER`` writes them into a checkout anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bittrue.files import write_whole
from bittrue.lower.registers import (
    ACCESS,
    BY_NAME,
    HASH_WORDS,
    MAJOR,
    MOST_BANKS,
    MOST_PARAMETERS,
    REGISTERS,
    Field,
    Register,
)

PAGE, MODULE, HEADER = "docs/registers.md", "python/bittrue/board/registers.py", "registers.h"
"""Where the page and the module stand in a checkout, and the header's name."""


def markdown() -> str:
    """Text of the page."""
    lines = [
        "# Registers",
        "",
        "The AXI4-Lite slave `s_axi_ctrl` of a generated shell. This page is made from `bittrue.lower.registers`, as",
        "are the decoder in the hardware, the header `registers.h` and the driver's map `bittrue.board.registers`.",
        "",
        "Registers are 32 bits wide and are read and written as words; the two lowest address bits are ignored. Bytes",
        "whose WSTRB is low stay as they are, and a write without any does nothing. Every access ends in OKAY: an",
        "address without a register reads as 0 and takes writes without effect, because an error response would end",
        "the host's process with a bus fault. A write's effects are visible to any read that follows its response.",
        "",
        "| access | meaning |",
        "|---|---|",
        *(f"| {name} | {meaning} |" for name, meaning in ACCESS.items()),
        "",
        '`aresetn` sets every register to its reset value; "built" is what the hardware was made with, "kept" what it',
        'held before. Registers with a mark under "soft" go back to their reset value at a soft reset, too.',
        "",
        "| offset | register | reset | soft | what it is for |",
        "|---|---|---|---|---|",
        *(_row(register) for register in REGISTERS),
        "",
        "## Fields",
        "",
        "| register | bits | field | access | meaning |",
        "|---|---|---|---|---|",
        *(_field_row(register, field) for register in REGISTERS for field in register.fields),
    ]
    return "\n".join(lines) + "\n"


def c_header() -> str:
    """Text of the C header: offsets, and the mask and lowest bit of every field."""
    lines = [
        "/* Registers of a bittrue shell, made from bittrue.lower.registers. Offsets are in bytes. */",
        "#ifndef BITTRUE_REGISTERS_H",
        "#define BITTRUE_REGISTERS_H",
        "",
        f"#define BITTRUE_ID_VALUE 0x{BY_NAME['ID'].reset:08X}u",
        f"#define BITTRUE_MAJOR {MAJOR}u",
        f"#define BITTRUE_BANK_HASH_WORDS {HASH_WORDS}u",
        f"#define BITTRUE_MOST_BANKS {MOST_BANKS}u",
        f"#define BITTRUE_MOST_PARAMETERS {MOST_PARAMETERS}u",
    ]
    for register in REGISTERS:
        lines += ["", f"/* {register.about} */", f"#define BITTRUE_{register.name} 0x{register.offset:03X}u"]
        for field in register.fields:
            if field.bits < 32:
                name = f"BITTRUE_{register.name}_{field.name.upper()}"
                lines += [f"#define {name}_MASK 0x{field.mask:08X}u", f"#define {name}_SHIFT {field.low}u"]
    return "\n".join([*lines, "", "#endif"]) + "\n"


def python_module() -> str:
    """Text of the driver's map: an offset a register, and the fields of those that are not one whole word."""
    lines = [
        '"""Registers of a bittrue shell, made from its one declaration by bittrue.emit.registers: do not edit."""',
        "",
        f"ID_VALUE = 0x{BY_NAME['ID'].reset:08X}",
        f"MAJOR = {MAJOR}",
        f"BANK_HASH_WORDS = {HASH_WORDS}",
        f"MOST_BANKS = {MOST_BANKS}",
        f"MOST_PARAMETERS = {MOST_PARAMETERS}",
        "",
        "# offsets in bytes",
        *(f"{register.name} = 0x{register.offset:03X}" for register in REGISTERS),
        "",
        "FIELDS = {",
    ]
    for register in REGISTERS:
        parts = [f'"{f.name}": ({f.low}, {f.bits}, {f.signed})' for f in register.fields if f.bits < 32]
        if parts:
            lines += [f'    "{register.name}": {{', *(f"        {part}," for part in parts), "    },"]
    lines += ["}", '"""Lowest bit, number of bits, and whether it is signed, of every field of a register by name."""']
    return "\n".join(lines) + "\n"


def _row(register: Register) -> str:
    last = register.offset + 4 * (register.words - 1)
    offset = f"`0x{register.offset:03X}`" + (f" to `0x{last:03X}`" if register.words > 1 else "")
    reset = f"`0x{register.reset:08X}`" if register.reset is not None else _unset(register)
    return f"| {offset} | {register.name} | {reset} | {'yes' if register.soft else ''} | {register.about} |"


def _unset(register: Register) -> str:
    if register.name == "STATUS":
        return "bank 0 busy"
    return "kept" if any(field.access == "rw" for field in register.fields) else "built"


def _field_row(register: Register, field: Field) -> str:
    bits = f"{field.low + field.bits - 1}:{field.low}" if field.bits > 1 else f"{field.low}"
    signed = ", signed" if field.signed else ""
    return f"| {register.name} | {bits} | {field.name} | {field.access} | {field.about}{signed} |"


def main(folder: str) -> None:
    """Write the page and the module into the checkout ``folder``."""
    write_whole(Path(folder) / PAGE, markdown())
    write_whole(Path(folder) / MODULE, python_module())


if __name__ == "__main__":
    main(sys.argv[1])
