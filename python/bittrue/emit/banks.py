"""Several trained sets of weights of one network in one memory: a bank each, chosen at run time.

Every bank gets the files of `bittrue.emit.rom` in a folder of its own, and all banks together one ROM for each word
width: ``<module>_banks_w<width>.mem``, ``.hex`` and ``.coe``. There, bank ``k`` begins at word ``k * stride`` with
``stride`` a power of two, so the bank select is the upper part of the address and a word is at::

    address = select << address_bits | base + index

Words between the end of a bank and the next one are zero. ``bank_map.json`` and ``bank_map.md`` say which bank is
which, and where every tensor lies in a bank.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bittrue.emit.lanes import lane_order
from bittrue.emit.rom import ROWS, Tensor, bias_width, entry, layout, memory_files, roms, table
from bittrue.lower.ports import module_name
from bittrue.spec import Net
from bittrue.spec.alike import check_alike
from bittrue.spec.store import content_hash

JSON_FILE, MD_FILE = "bank_map.json", "bank_map.md"
VERSION = 1


def bank_roms(banks: Mapping[str, Net], interval: int | None = None) -> dict[str, str]:
    """Text of every file by its path below the output folder.

    Parameters
    ----------
    banks : mapping of name to Net
        In the order of their select codes; nets that differ in their codes alone.
    interval : int, optional
        Order of the words, as in `bittrue.emit.rom.layout`.

    Raises
    ------
    BadInput
        As `check_alike` does, and for what `bittrue.emit.rom` cannot export.
    """
    check_alike(banks)
    bits = max(bias_width(net) for net in banks.values())
    files = {f"{name}/{file}": text for name, net in banks.items() for file, text in roms(net, interval, bits).items()}
    plans = {name: layout(net, interval, bits) for name, net in banks.items()}
    first, net = next(iter(plans.values())), next(iter(banks.values()))
    stem, title = f"{module_name(net)}_banks", f"net {net.name}, banks {', '.join(banks)}"
    strides = {width: _stride(tensors) for width, tensors in first.items()}
    joined = {
        width: [
            tensor for k, name in enumerate(plans) for tensor in _placed(name, k * stride, stride, plans[name][width])
        ]
        for width, stride in strides.items()
    }
    files |= memory_files(stem, title, joined)
    document = {
        "format": "bittrue-bank-map",
        "version": VERSION,
        "net": net.name,
        "order": ROWS if interval is None else lane_order(interval),
        "address": "select << address_bits | base + index",
        "banks": [
            {"select": k, "name": name, "hash": content_hash(bank)} for k, (name, bank) in enumerate(banks.items())
        ],
        "roms": [
            {
                "files": [f"{stem}_w{width}.{kind}" for kind in ("mem", "hex", "coe")],
                "width": width,
                "depth": len(banks) * stride,
                "stride": stride,
                "address_bits": stride.bit_length() - 1,
                "used": sum(tensor.codes.size for tensor in first[width]),
                "tensors": [entry(tensor) for tensor in first[width]],
            }
            for width, stride in strides.items()
        ],
    }
    return files | {JSON_FILE: json.dumps(document, indent=1) + "\n", MD_FILE: _markdown(document)}


def _stride(tensors: list[Tensor]) -> int:
    """The power of two that holds all words of a bank."""
    return 1 << (sum(tensor.codes.size for tensor in tensors) - 1).bit_length()


def _placed(bank: str, start: int, stride: int, tensors: list[Tensor]) -> list[Tensor]:
    """A bank's tensors from address ``start`` on, then zeros up to the next bank."""
    placed = [Tensor(f"{bank}: {t.name}", t.codes, t.frac, t.width, start + t.base) for t in tensors]
    used = sum(t.codes.size for t in tensors)
    if used < stride:
        width = tensors[0].width
        placed.append(Tensor(f"{bank}: not used", np.zeros(stride - used, np.int64), 0, width, start + used))
    return placed


def _markdown(document: dict[str, Any]) -> str:
    order = "row-major order" if document["order"] == ROWS else document["order"].partition(";")[0]
    lines = [f"# Bank map of {document['net']}", "", "| select | bank | content hash |", "|---:|---|---|"]
    lines += [f"| {bank['select']} | {bank['name']} | `{bank['hash']}` |" for bank in document["banks"]]
    lines += [
        "",
        f"A word stands at `{document['address']}`. In a bank, words stand in {order}; addresses count words.",
    ]
    for rom in document["roms"]:
        size = f"{rom['depth']} words of {rom['width']} bits, {rom['stride']} a bank ({rom['used']} used)"
        lines += ["", f"## {Path(rom['files'][0]).stem}: {size}", ""]
        lines += [
            f"`address_bits` is {rom['address_bits']}. Files: {', '.join(f'`{name}`' for name in rom['files'])}.",
            "",
        ]
        lines += table(rom["tensors"])
    return "\n".join(lines) + "\n"
