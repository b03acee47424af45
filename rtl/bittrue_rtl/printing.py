"""Print a component as Verilog and memory files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from amaranth.back import rtlil
from amaranth.back.verilog import _convert_rtlil_text as verilog_of_rtlil
from amaranth.lib import wiring

from bittrue.lower.sources import LARGEST, Sources
from bittrue_rtl.copies import Copies, Words
from bittrue_rtl.pieces import UNSET

_MODULE = re.compile(r"^module \\(\S+)\n.*?^end$", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"^  cell \\(bittrue_copy_\d+) \\(\S+)$", re.MULTILINE)
_CONTENTS = re.compile(
    r"^  cell \$meminit_v2 \S+\n    parameter \\MEMID \"\\\\(\S+)\"\n.*?"
    r"    parameter \\WIDTH (\d+)\n.*?    connect \\DATA \d+'([01]+)\n.*?^  end\n\n?",
    re.MULTILINE | re.DOTALL,
)
_MEMORY = re.compile(r"^  memory width .* \\(\S+)$", re.MULTILINE)
_MARK = "bittrue_memory"
"""Attribute that names a memory, from RTLIL to Verilog, whose contents are put in at the end."""
_UNSET = re.compile(rf"^  attribute \\{UNSET} .*\n(?=(?:  attribute .*\n)*  memory width .* \\(\S+)$)", re.MULTILINE)
_MARKED = re.compile(
    rf'^ *\(\* {_MARK} = "([^"]+)" \*\)\n((?: *\(\*.*\*\)\n)*)( *)(reg .*?)(\\\S+ |\w+) \[(\d+):0\];\n', re.MULTILINE
)
_VERILOG = re.compile(r"^module \\(\S+) .*?^endmodule\n", re.MULTILINE | re.DOTALL)


Contents = dict[str, tuple[int, str]]
"""Of memories, by module and name: bits of a word, and the words in hexadecimal, one a line."""


def printed(component: wiring.Component, name: str) -> Sources:
    """Verilog-2005 of ``component`` as module ``name``, with clock ``clk`` and reset ``rst`` where it has that domain.

    A module is called by its place in the design, a memory by that and its own name. A memory of more than
    `bittrue.lower.sources.LARGEST` bits that does not start all zero is read from a file called after it:
    ``<name>.network.n3.rom0.words.mem``. What is `bittrue_rtl.copies.Copied` is elaborated once a likeness.
    """
    copies, contents, places = Copies(), Contents(), dict[str, str]()
    text = rtlil.convert(component, name=name, platform=copies, emit_src=False)
    text = _MODULE.sub(lambda module: _marked(_placed(module[0], module[1], places), module[1], contents), text)
    groups = [[(places[copy], memories) for copy, memories in group] for group in copies.alike.values()]
    for first, group in zip(copies.first.values(), groups, strict=True):
        alone = rtlil.convert(first, name=group[0][0], emit_src=False)
        text += _MODULE.sub(lambda module: _marked(module[0], module[1], contents, every=True), alone)
    verilog = verilog_of_rtlil(text, strip_internal_attrs=True)
    modules = {module[1]: module[0] for module in _VERILOG.finditer(verilog)} if groups else {}
    verilog += "".join(chain.from_iterable(_copied(modules, group, contents) for group in groups))
    files: dict[str, str] = {}
    verilog = _MARKED.sub(lambda memory: _filled(memory, contents, files), verilog)
    return Sources(verilog, {file: content for content, file in files.items()})


def _placed(text: str, module: str, places: dict[str, str]) -> str:
    """RTLIL of a module with the copies in it called by their places, which are noted by the names they had."""

    def cell(found: re.Match[str]) -> str:
        places[found[1]] = f"{module}.{found[2]}"
        return f"  cell \\{places[found[1]]} \\{found[2]}"

    return _CELL.sub(cell, text)


def _marked(text: str, module: str, contents: Contents, *, every: bool = False) -> str:
    """RTLIL of a module whose large memories, or ``every`` one, carry a mark instead of contents, which are noted.
    Those that start with anything have none."""
    cut, unset = set(), set(_UNSET.findall(text))
    text = _UNSET.sub("", text)

    def note(found: re.Match[str]) -> str:
        memory, width, bits = found.groups()
        if memory in unset:
            return ""
        if not every and (len(bits) <= LARGEST or "1" not in bits):
            return found[0]
        starts = range(len(bits) - int(width), -1, -int(width))
        words = (int(bits[start : start + int(width)], 2) for start in starts)
        contents[f"{module}.{memory}"] = int(width), _hexadecimal(words, int(width))
        cut.add(memory)
        return ""

    def mark(found: re.Match[str]) -> str:
        attribute = f'  attribute \\{_MARK} "{module}.{found[1]}"\n' if found[1] in cut else ""
        return attribute + found[0]

    return _MEMORY.sub(mark, _CONTENTS.sub(note, text))


def _copied(
    modules: Mapping[str, str], group: Sequence[tuple[str, Mapping[str, Words]]], contents: Contents
) -> Iterator[str]:
    """Verilog of all but the first of a group, by that of the first: its modules with memories and those around them.

    The contents of their memories are noted.
    """
    first, own = group[0]
    known = sorted(key for key in contents if key.startswith(f"{first}."))
    assert known == sorted(f"{first}.{memory}" for memory in own), f"{first} has the memories {known}"
    inside = [name for name in modules if f"{name}.".startswith(f"{first}.")]
    parts = [name for name in inside if name == first or any(key.startswith(f"{name}.") for key in known)]
    text = "".join(modules[name] for name in parts).replace(f'"{first}.', '"\0.')
    for name in parts:
        text = text.replace(f"\\{name} ", f"\\\0{name.removeprefix(first)} ")
    for place, memories in group[1:]:
        for memory, (width, words) in memories.items():
            digits = (int(word) % (1 << width) for word in words)
            contents[f"{place}.{memory}"] = width, _hexadecimal(digits, width)
        yield text.replace("\0", place)


def _hexadecimal(words: Iterable[int], width: int) -> str:
    """A word a line."""
    digits = -(-width // 4)
    return "".join(f"{word:0{digits}x}\n" for word in words)


def _filled(found: re.Match[str], contents: Contents, files: dict[str, str]) -> str:
    """The declaration of a memory, and its contents or the name of their file, which ``files`` has by them.

    The addresses of one that is read from a file ascend: its first line is that of address 0, by every edition of the
    standard.
    """
    key, attributes, indent, kind, memory, last = found.groups()
    width, content = contents[key]
    words = content.split()
    if len(words) * width > LARGEST and any(int(word, 16) for word in words):
        file = files.setdefault(content, f"{key}.mem")
        return f'{attributes}{indent}{kind}{memory} [0:{last}];\n{indent}initial $readmemh("{file}", {memory});\n'
    lines = "".join(f"{indent}  {memory}[{k}] = {width}'h{word};\n" for k, word in enumerate(words))
    return f"{attributes}{indent}{kind}{memory} [{last}:0];\n{indent}initial begin\n{lines}{indent}end\n"
