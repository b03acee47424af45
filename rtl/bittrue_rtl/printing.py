"""Print a component as Verilog and memory files."""

from __future__ import annotations

import re
from functools import partial

from amaranth.back import rtlil
from amaranth.back.verilog import _convert_rtlil_text as verilog_of_rtlil
from amaranth.lib import wiring

from bittrue.lower.sources import LARGEST, Sources

_MODULE = re.compile(r"^module \\(\S+)\n.*?^end$", re.MULTILINE | re.DOTALL)
_CONTENTS = re.compile(
    r"^  cell \$meminit_v2 \S+\n    parameter \\MEMID \"\\\\(\S+)\"\n.*?"
    r"    parameter \\WIDTH (\d+)\n.*?    connect \\DATA \d+'([01]+)\n.*?^  end\n\n?",
    re.MULTILINE | re.DOTALL,
)
_MARK = "bittrue_memory"
"""Attribute that carries the name of a memory's file from RTLIL to Verilog."""
_MARKED = re.compile(
    rf'^ *\(\* {_MARK} = "([^"]+)" \*\)\n((?: *\(\*.*\*\)\n)*)( *)(reg .*?)(\\\S+ |\w+) \[(\d+):0\];\n', re.MULTILINE
)


def printed(component: wiring.Component, name: str) -> Sources:
    """Verilog-2005 of ``component`` as module ``name``, with clock ``clk`` and reset ``rst`` where it has that domain.

    A memory of more than `bittrue.lower.sources.LARGEST` bits that does not start all zero is read from a file called
    after its module, which is called by its place in the design, and the memory: ``<name>.network.n3.rom0.words.mem``.
    """
    files: dict[str, str] = {}
    text = rtlil.convert(component, name=name, emit_src=False)
    text = _MODULE.sub(lambda module: _without_contents(module[0], module[1], files), text)
    verilog = verilog_of_rtlil(text, strip_internal_attrs=True)
    return Sources(_MARKED.sub(_reading, verilog), {file: content for content, file in files.items()})


def _without_contents(text: str, module: str, files: dict[str, str]) -> str:
    """RTLIL of a module whose large memories name a file instead of holding what is in it; ``files`` by content."""
    cut: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        memory, width, bits = found.groups()
        if len(bits) <= LARGEST or "1" not in bits:
            return found[0]
        cut[memory] = files.setdefault(_hexadecimal(bits, int(width)), f"{module}.{memory}.mem")
        return ""

    text = _CONTENTS.sub(name, text)
    for memory, file in cut.items():
        declared, mark = rf"(?m)^  memory width .* \\{re.escape(memory)}$", f'  attribute \\{_MARK} "{file}"\n'
        text = re.sub(declared, partial(_behind, mark), text)
    return text


def _behind(mark: str, found: re.Match[str]) -> str:
    return mark + found[0]


def _hexadecimal(bits: str, width: int) -> str:
    """A word a line, from address 0 on, of binary digits with the last word first."""
    digits = -(-width // 4)
    starts = range(len(bits) - width, -1, -width)
    return "".join(f"{int(bits[start : start + width], 2):0{digits}x}\n" for start in starts)


def _reading(found: re.Match[str]) -> str:
    """The declaration of a memory that reads its file. Its addresses ascend: the first line is that of address 0, by
    every edition of the standard."""
    file, attributes, indent, kind, memory, last = found.groups()
    return f'{attributes}{indent}{kind}{memory} [0:{last}];\n{indent}initial $readmemh("{file}", {memory});\n'
