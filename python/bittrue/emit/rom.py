"""Weight ROMs: a net's constant tensors as memory initialisation files, with their address map.

There is one ROM for each word width of the net, because a memory has one width: 16-bit weights share
``<module>_w16``, 32-bit biases ``<module>_w32``. In a ROM the tensors follow each other without gaps in the order of
the net, each in row-major order (C order): ``weight[o][i]`` stands at ``base + o * inputs + i``; or, on request, in the
order in which the lanes of the hardware hold them (`bittrue.emit.lanes`).

The word width is that of the tensor's format, not rounded up. Biases have no format of their own but the scale of
their accumulator; they take 32 bits where every bias of the net fits, else 64, so that retraining does not change the
width of a memory. A word holds the code in two's complement; digits beyond the word width are zero.

Each ROM comes in three formats that hold the same words:

``.mem``
    Verilog ``$readmemh``: one word a line, ``ceil(width / 4)`` hexadecimal digits, ``//`` comments.
``.hex``
    Intel HEX as in Intel's specification of 1988: *byte* addresses, ``ceil(width / 8)`` bytes a word, the most
    significant first, extended linear address records beyond 64 KiB. Flash programmers and ``objcopy`` read it. Quartus
    counts words in its own dialect by default; give it the ``.mem`` by ``$readmemh``.
``.coe``
    Xilinx block memory generator, radix 16.

``address_map.json`` (for programs) and ``address_map.md`` (for people) say where every tensor lies.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.emit.constants import constants
from bittrue.emit.folder import write_folder
from bittrue.emit.lanes import in_lanes, lane_order
from bittrue.lower.ports import module_name
from bittrue.num import Format
from bittrue.spec import Net
from bittrue.spec.store import content_hash

JSON_FILE, MD_FILE = "address_map.json", "address_map.md"
VERSION = 1


@dataclass(frozen=True)
class Tensor:
    """A constant in its ROM: ``codes`` of ``width`` bits from word address ``base`` on."""

    name: str
    codes: npt.NDArray[np.int64]
    frac: int
    width: int
    base: int

    @property
    def format(self) -> str:
        """``Qm.n`` of the stored words."""
        return f"Q{self.width - self.frac}.{self.frac}"


ROWS = "row-major, no gaps; base and length in words"
"""The order of words where nothing else is asked for."""


def layout(net: Net, interval: int | None = None, bias_bits: int | None = None) -> dict[int, list[Tensor]]:
    """The tensors of every ROM by its word width, narrow ones first.

    Parameters
    ----------
    net : Net
    interval : int, optional
        Order the words as the lanes of hardware for one sample every ``interval`` clocks hold them
        (`bittrue.emit.lanes`); row-major if not given.
    bias_bits : int, optional
        Width of biases, 32 or 64; `bias_width` of the net if not given.

    Raises `BadInput` for a layer without ROM export.
    """
    by_lane = in_lanes(net, interval) if interval is not None else {}
    bits = bias_bits or bias_width(net)
    result: dict[int, list[Tensor]] = {}
    for node in net.nodes:
        for constant in by_lane.get(node.name) or constants(node.layer, net.input_types(node)):
            width = constant.bits or bits
            rom = result.setdefault(width, [])
            base = rom[-1].base + rom[-1].codes.size if rom else 0
            rom.append(Tensor(f"{node.name}.{constant.name}", constant.codes, constant.frac, width, base))
    return dict(sorted(result.items()))


def bias_width(net: Net) -> int:
    """32 where every bias of the net fits that, else 64."""
    found = [c for node in net.nodes for c in constants(node.layer, net.input_types(node)) if c.bits is None]
    narrow = Format(32, 0)
    return 32 if all(narrow.lo <= c.codes.min() and c.codes.max() <= narrow.hi for c in found) else 64


def roms(net: Net, interval: int | None = None, bias_bits: int | None = None) -> dict[str, str]:
    """Text of every file by name: ``<module>_w<width>.mem``, ``.hex``, ``.coe`` for each ROM, and the address maps.

    The same net gives the same text everywhere. A net without weights has the address maps only. Parameters as in
    `layout`.
    """
    title = f"net {net.name} {content_hash(net)}"
    plan = layout(net, interval, bias_bits)
    files = memory_files(module_name(net), title, plan)
    document = _address_map(net, plan, ROWS if interval is None else lane_order(interval))
    files[JSON_FILE] = json.dumps(document, indent=1) + "\n"
    files[MD_FILE] = _markdown(document)
    return files


def memory_files(stem: str, title: str, plan: Mapping[int, Sequence[Tensor]]) -> dict[str, str]:
    """``<stem>_w<width>.mem``, ``.hex`` and ``.coe`` of tensors that follow each other without gaps, by file name."""
    files: dict[str, str] = {}
    for width, tensors in plan.items():
        files[f"{stem}_w{width}.mem"] = _mem(title, width, tensors)
        files[f"{stem}_w{width}.hex"] = _intel_hex(width, tensors)
        files[f"{stem}_w{width}.coe"] = _coe(title, width, tensors)
    return files


def write_roms(net: Net, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the files of `roms` into ``folder``, all or none, and return their paths.

    Raises `BadInput` where the folder cannot be made or written, or holds the ROMs of another net.
    """
    return write_folder(folder, roms(net), net.name)


def _words(tensor: Tensor) -> list[int]:
    """Codes as unsigned words of the tensor's width, row-major."""
    mask = (1 << tensor.width) - 1
    return [int(code) & mask for code in tensor.codes.ravel()]


def _place(tensor: Tensor) -> str:
    shape = "".join(f"[{n}]" for n in tensor.codes.shape)
    return f"{tensor.name}{shape} {tensor.format}, words {tensor.base} to {tensor.base + tensor.codes.size - 1}"


def _mem(title: str, width: int, tensors: Sequence[Tensor]) -> str:
    digits = -(-width // 4)
    lines = [f"// {title}, {width}-bit words"]
    for tensor in tensors:
        lines += [f"// {_place(tensor)}", *(f"{word:0{digits}x}" for word in _words(tensor))]
    return "\n".join(lines) + "\n"


def _coe(title: str, width: int, tensors: Sequence[Tensor]) -> str:
    digits = -(-width // 4)
    words = ",\n".join(f"{word:0{digits}x}" for tensor in tensors for word in _words(tensor))
    head = [f"; {title}, {width}-bit words", *(f"; {_place(tensor)}" for tensor in tensors)]
    return "\n".join([*head, "memory_initialization_radix=16;", "memory_initialization_vector=", words + ";"]) + "\n"


def _intel_hex(width: int, tensors: Sequence[Tensor]) -> str:
    size = -(-width // 8)
    data = b"".join(word.to_bytes(size, "big") for tensor in tensors for word in _words(tensor))
    lines = []
    for start in range(0, len(data), 16):
        if start and start % 0x10000 == 0:
            lines.append(_record(0, 4, (start >> 16).to_bytes(2, "big")))
        lines.append(_record(start & 0xFFFF, 0, data[start : start + 16]))
    return "\n".join([*lines, _record(0, 1, b"")]) + "\n"


def _record(address: int, kind: int, data: bytes) -> str:
    content = bytes([len(data), address >> 8, address & 0xFF, kind]) + data
    return f":{content.hex()}{-sum(content) & 0xFF:02x}".upper()


def _address_map(net: Net, plan: dict[int, list[Tensor]], order: str) -> dict[str, Any]:
    module = module_name(net)
    return {
        "format": "bittrue-address-map",
        "version": VERSION,
        "net": net.name,
        "hash": content_hash(net),
        "order": order,
        "roms": [
            {
                "files": [f"{module}_w{width}.{kind}" for kind in ("mem", "hex", "coe")],
                "width": width,
                "depth": sum(tensor.codes.size for tensor in tensors),
                "tensors": [entry(tensor) for tensor in tensors],
            }
            for width, tensors in plan.items()
        ],
    }


def entry(tensor: Tensor) -> dict[str, Any]:
    """What an address map says about a tensor."""
    return {
        "name": tensor.name,
        "base": tensor.base,
        "length": tensor.codes.size,
        "shape": list(tensor.codes.shape),
        "width": tensor.width,
        "format": tensor.format,
    }


def table(tensors: Sequence[dict[str, Any]]) -> list[str]:
    """Lines of a Markdown table of such entries."""
    lines = ["| base | last | length | tensor | shape | format |", "|---:|---:|---:|---|---|---|"]
    for t in tensors:
        shape = " x ".join(map(str, t["shape"]))
        last = t["base"] + t["length"] - 1
        lines.append(f"| {t['base']} | {last} | {t['length']} | {t['name']} | {shape} | {t['format']} |")
    return lines


def _markdown(document: dict[str, Any]) -> str:
    lines = [f"# Address map of {document['net']}", "", f"Content hash `{document['hash']}`."]
    order = "row-major order without gaps" if document["order"] == ROWS else document["order"].partition(";")[0]
    lines += [f"Tensors are stored in {order}; addresses and lengths count words."]
    for rom in document["roms"]:
        lines += ["", f"## {Path(rom['files'][0]).stem}: {rom['depth']} words of {rom['width']} bits", ""]
        lines += [f"Files with the same words: {', '.join(f'`{name}`' for name in rom['files'])}.", ""]
        lines += table(rom["tensors"])
    if not document["roms"]:
        lines += ["", "There are no weights."]
    return "\n".join(lines) + "\n"
