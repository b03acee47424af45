"""Weight ROMs: a net's constant tensors as memory initialisation files, with their address map.

There is one ROM for each word width of the net, because a memory has one width: 16-bit weights share
``<module>_w16``, 32-bit biases ``<module>_w32``. In a ROM the tensors follow each other without gaps in the order of
the net, each in row-major order (C order): ``weight[o][i]`` stands at ``base + o * inputs + i``.

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
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.emit.folder import write_folder
from bittrue.errors import BadInput
from bittrue.lower.ports import module_name
from bittrue.num import Format
from bittrue.spec import Add, ComplexFIR, Dense, Layer, MemoryTaps, Net, Table, TensorType
from bittrue.spec.store import content_hash

JSON_FILE, MD_FILE = "address_map.json", "address_map.md"
VERSION = 1


@dataclass(frozen=True)
class Constant:
    """A constant tensor of a layer.

    Parameters
    ----------
    name : str
        Its name in the layer, as in the net's weight file.
    codes : int64 array
    frac : int
        Fractional bits.
    bits : int or None
        Word width; ``None`` for a bias, whose width is common to the net.
    """

    name: str
    codes: npt.NDArray[np.int64]
    frac: int
    bits: int | None


@singledispatch
def constants(layer: Layer, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    """The constant tensors of a layer that takes tensors of the given types."""
    raise BadInput(f"{type(layer).__name__}: no ROM export; register one in bittrue.emit.rom")


@constants.register(MemoryTaps)
@constants.register(Add)
def _none(layer: Layer, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return ()


@constants.register
def _(layer: Dense, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    weight = Constant("weight", layer.weight, layer.weight_format.frac, layer.weight_format.bits)
    return weight, Constant("bias", layer.bias, types[0].format.frac + layer.weight_format.frac, None)


@constants.register
def _(layer: ComplexFIR, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("weight", layer.weight, layer.weight_format.frac, layer.weight_format.bits),)


@constants.register
def _(layer: Table, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("values", layer.values, layer.output.frac, layer.output.bits),)


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


def layout(net: Net) -> dict[int, list[Tensor]]:
    """The tensors of every ROM by its word width, narrow ones first.

    Raises `BadInput` for a layer without ROM export.
    """
    found = [
        (f"{node.name}.{constant.name}", constant)
        for node in net.nodes
        for constant in constants(node.layer, net.input_types(node))
    ]
    narrow = Format(32, 0)
    fits = all(narrow.lo <= c.codes.min() and c.codes.max() <= narrow.hi for _, c in found if c.bits is None)
    bias_bits = 32 if fits else 64
    result: dict[int, list[Tensor]] = {}
    for name, constant in found:
        rom = result.setdefault(constant.bits or bias_bits, [])
        base = rom[-1].base + rom[-1].codes.size if rom else 0
        rom.append(Tensor(name, constant.codes, constant.frac, constant.bits or bias_bits, base))
    return dict(sorted(result.items()))


def roms(net: Net) -> dict[str, str]:
    """Text of every file by name: ``<module>_w<width>.mem``, ``.hex``, ``.coe`` for each ROM, and the address maps.

    The same net gives the same text everywhere. A net without weights has the address maps only.
    """
    title = f"net {net.name} {content_hash(net)}"
    files: dict[str, str] = {}
    plan = layout(net)
    for width, tensors in plan.items():
        stem = f"{module_name(net)}_w{width}"
        files[f"{stem}.mem"] = _mem(title, width, tensors)
        files[f"{stem}.hex"] = _intel_hex(width, tensors)
        files[f"{stem}.coe"] = _coe(title, width, tensors)
    document = _address_map(net, plan)
    files[JSON_FILE] = json.dumps(document, indent=1) + "\n"
    files[MD_FILE] = _markdown(document)
    return files


def write_roms(net: Net, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the files of `roms` into ``folder``, all or none, and return their paths.

    Raises `BadInput` where the folder cannot be made or written.
    """
    return write_folder(folder, roms(net))


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


def _address_map(net: Net, plan: dict[int, list[Tensor]]) -> dict[str, Any]:
    module = module_name(net)
    return {
        "format": "bittrue-address-map",
        "version": VERSION,
        "net": net.name,
        "hash": content_hash(net),
        "order": "row-major, no gaps; base and length in words",
        "roms": [
            {
                "files": [f"{module}_w{width}.{kind}" for kind in ("mem", "hex", "coe")],
                "width": width,
                "depth": sum(tensor.codes.size for tensor in tensors),
                "tensors": [
                    {
                        "name": tensor.name,
                        "base": tensor.base,
                        "length": tensor.codes.size,
                        "shape": list(tensor.codes.shape),
                        "width": tensor.width,
                        "format": tensor.format,
                    }
                    for tensor in tensors
                ],
            }
            for width, tensors in plan.items()
        ],
    }


def _markdown(document: dict[str, Any]) -> str:
    lines = [f"# Address map of {document['net']}", "", f"Content hash `{document['hash']}`."]
    lines += ["Tensors are stored in row-major order without gaps; addresses and lengths count words."]
    for rom in document["roms"]:
        lines += ["", f"## {Path(rom['files'][0]).stem}: {rom['depth']} words of {rom['width']} bits", ""]
        lines += [f"Files with the same words: {', '.join(f'`{name}`' for name in rom['files'])}.", ""]
        lines += ["| base | last | length | tensor | shape | format |", "|---:|---:|---:|---|---|---|"]
        for t in rom["tensors"]:
            shape = " x ".join(map(str, t["shape"]))
            last = t["base"] + t["length"] - 1
            lines.append(f"| {t['base']} | {last} | {t['length']} | {t['name']} | {shape} | {t['format']} |")
    if not document["roms"]:
        lines += ["", "The net has no weights."]
    return "\n".join(lines) + "\n"
