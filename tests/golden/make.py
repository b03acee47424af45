"""Known answers of every layer's example, one JSON file a layer beside this script.

    python tests/golden/make.py            compares, prints what differs, writes nothing; exit code 1 where it differs
    python tests/golden/make.py --force    the same, and writes; commit the files with the reason for the change

A file holds the net's hash, input codes of one stream from zero history, and the codes of every tensor for them. Both
the reference and the big-integer evaluator compute them, and nothing is written where the two disagree.
"""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "unit"))

from big_evaluator import BigNet  # noqa: E402

from bittrue import ref  # noqa: E402
from bittrue.spec import LAYERS, Net, save  # noqa: E402
from bittrue.spec.store import content_hash  # noqa: E402

SAMPLES = 48
"""Random samples of a file; corners come before them."""


def name_of(layer: str) -> str:
    return f"{layer}.json"


def stimulus(net: Net) -> list[Any]:
    """Corners of the input format, held and alternating, then samples over the full range."""
    fmt, width = net.input.format, math.prod(net.input.shape)
    corners = [[code] * width for code in (fmt.lo, fmt.hi, 0, 1, -1)]
    mixed = [[fmt.lo if k % 2 else fmt.hi for k in range(width)], [fmt.hi if k % 2 else fmt.lo for k in range(width)]]
    draw = random.Random(net.name).random  # the one method whose sequence Python promises to keep
    noise = [[fmt.lo + int(draw() * (fmt.hi - fmt.lo + 1)) for _ in range(width)] for _ in range(SAMPLES)]
    rows = [row for row in corners for _ in range(2)] + mixed * 2 + noise
    for length in reversed(net.input.shape[1:]):
        rows = [[row[k : k + length] for k in range(0, len(row), length)] for row in rows]
    return rows


def flat(sample: Any) -> list[int]:
    """The codes of a sample in C order, whatever its shape."""
    return [code for row in sample for code in flat(row)] if isinstance(sample, list) else [sample]


def answers(layer: str, samples: list[Any]) -> dict[str, Any]:
    """The content of one file for the given input codes."""
    net = LAYERS[layer].example()
    taps = {name: codes.tolist() for name, codes in ref.taps(net, samples).items()}
    with tempfile.TemporaryDirectory() as folder:
        save(net, folder)
        judge = BigNet(folder)
        slow = [judge.feed(flat(sample)) for sample in samples]
    for name, codes in taps.items():
        if [flat(sample) for sample in codes] != [sample[name] for sample in slow]:
            sys.exit(f"{layer}: the reference and the big integers disagree at {name}; nothing was written")
    return {"net": content_hash(net), "input": samples, "taps": taps}


def text(content: dict[str, Any]) -> str:
    """JSON with one sample a line, so that a change shows in a diff."""

    def rows(samples: list[Any]) -> str:
        return "[\n" + ",\n".join(json.dumps(sample) for sample in samples) + "\n]"

    taps = ",\n".join(f'"{name}": {rows(codes)}' for name, codes in content["taps"].items())
    return f'{{\n"net": "{content["net"]}",\n"input": {rows(content["input"])},\n"taps": {{\n{taps}\n}}\n}}\n'


def difference(old: dict[str, Any] | None, new: dict[str, Any]) -> list[str]:
    """What changed, in lines."""
    if old is None:
        return ["is new"]
    lines = [f"net {old['net']} -> {new['net']}"] if old["net"] != new["net"] else []
    lines += ["other input codes"] if old["input"] != new["input"] else []
    for name in sorted(set(old["taps"]) | set(new["taps"])):
        before, after = old["taps"].get(name), new["taps"].get(name)
        if before is None or after is None:
            lines.append(f"tensor {name} {'is new' if before is None else 'is gone'}")
        elif bad := [n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]]:
            lines.append(
                f"{name}: {len(bad)} samples differ, the first at {bad[0]}: {before[bad[0]]} -> {after[bad[0]]}"
            )
        elif len(before) != len(after):
            lines.append(f"{name}: {len(before)} -> {len(after)} samples")
    return lines


def make(folder: Path, force: bool) -> int:
    """Compare all files, with ``force`` write those that differ; 0 where nothing differs or all was written."""
    changed = False
    for layer in sorted(LAYERS):
        path = folder / name_of(layer)
        old = json.loads(path.read_text()) if path.exists() else None
        new = answers(layer, stimulus(LAYERS[layer].example()))
        lines = difference(old, new)
        print(f"{path.name}: {'; '.join(lines) or 'unchanged'}")
        if lines and force:
            path.write_text(text(new))
        changed |= bool(lines)
    if changed and not force:
        print("nothing was written; --force writes")
    return int(changed and not force)


if __name__ == "__main__":
    sys.exit(make(HERE, sys.argv[1:] == ["--force"]))
