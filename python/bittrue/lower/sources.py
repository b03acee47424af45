"""Verilog and the files that its memories are initialised from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bittrue.errors import BadInput
from bittrue.files import read_bytes

LARGEST = 1024
"""Bits of the largest memory whose contents stand in the Verilog: about 3 kB of text at 8 bits a word."""

SUMS = ".sha256"
"""Suffix of the list of the files and their SHA-256, as ``sha256sum -c`` reads it."""

_LISTED = re.compile(r"([0-9a-f]{64})  ([\w$-][\w.$-]*)")
_READ = re.compile(r'\$readmemh\("([^"\\]+)"')


@dataclass(frozen=True)
class Sources:
    """What a tool needs of a design.

    Parameters
    ----------
    verilog : str
        ``$readmemh("NAME", memory);`` in it names a memory file, without a folder.
    memories : mapping of file name to text
        The words of a memory from address 0 on in hexadecimal, one a line and nothing else, as Vivado asks for it.
        Memories that hold the same share a file.
    """

    verilog: str
    memories: Mapping[str, str] = field(default_factory=dict)

    def files(self, verilog: str) -> dict[str, str]:
        """All by file name, ``verilog`` that of the Verilog, to lie in one folder."""
        return {verilog: self.verilog, **self.memories}

    def listed_files(self, stem: str) -> dict[str, str]:
        """`files` with ``<stem>.v``, and ``<stem>.sha256``, which lists them."""
        files = self.files(f"{stem}.v")
        lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in files.items()]
        return files | {f"{stem}{SUMS}": "".join(lines)}

    def extended(self, verilog: str) -> Sources:
        """With more Verilog behind the last module."""
        return replace(self, verilog=f"{self.verilog}\n{verilog}")

    def placed(self, folder: Path) -> Sources:
        """With the files named where they lie, in the absolute path ``folder``: simulators look for others where they
        run."""
        place = str(folder).replace("\\", "\\\\").replace('"', '\\"')
        verilog = _READ.sub(
            lambda found: f'$readmemh("{place}/{found[1]}"' if found[1] in self.memories else found[0], self.verilog
        )
        return replace(self, verilog=verilog)


def read_sources(path: Path) -> Sources:
    """What `Sources.listed_files` wrote, by the path of the Verilog.

    Raises `BadInput` where a file is missing, or is not the one that the list beside it names.
    """
    sums, fix = path.with_suffix(SUMS), "write the folder again"
    files: dict[str, str] = {}
    for line in _text(sums, read_bytes(sums, "file")).splitlines():
        found = _LISTED.fullmatch(line)
        if found is None:
            raise BadInput(f"{sums} is damaged: it holds a line that is not a SHA-256 and a file name; {fix}")
        file = path.with_name(found[2])
        content = read_bytes(file, "file")
        if hashlib.sha256(content).hexdigest() != found[1]:
            raise BadInput(f"{file} is not the file that {sums} lists; {fix}")
        files[found[2]] = _text(file, content)
    missing = {path.name, *_READ.findall(files.get(path.name, ""))} - set(files)
    if missing:
        raise BadInput(f"{sums} does not list {min(missing)}; {fix}")
    return Sources(files.pop(path.name), files)


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise BadInput(f"{path} is no text; write the folder again") from None
