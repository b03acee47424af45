"""Estimated clocks of the committed nets: prints the Markdown tables of docs/timing.md and writes build/timing.json.

    python benchmarks/timing.py [--page docs/timing.md]

Yosys takes minutes for all designs, the first time; its netlists are kept in the build cache by the Verilog's hash, so
that an interrupted run goes on where it was and a second one is quick.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bittrue import spec
from bittrue.cosim.cache import build_root
from bittrue.files import made_folder, write_whole
from bittrue.timing import Timing
from bittrue.timing.delays import MOST_LEVELS
from bittrue.timing.designs import net_timing, shell_timing
from bittrue_sim.synth import xc7_use

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
USE = {"LUT": "LUT", "FF": "FF", "DSP": "DSP48E1", "RAMB18": "RAMB18"}
BEGIN, END = "<!-- written by make timing -->", "<!-- until here -->"
"""Between these the tables stand in the page."""


@dataclass(frozen=True)
class Design:
    """A row of the table: a committed net at an interval, in the shell of an overlay or by itself."""

    net: str
    interval: int
    shell: bool = False

    @property
    def name(self) -> str:
        """What the row is called."""
        return f"AXI shell, {self.net}" if self.shell else self.net

    def timing(self) -> Timing:
        """The estimate."""
        net = spec.load(WEIGHTS / self.net)
        return shell_timing(net, self.interval, [net]) if self.shell else net_timing(net, self.interval)


DESIGNS = (
    *(Design("tdnn-wide", interval) for interval in (8, 16, 32, 64)),
    Design("tdnn-wide", 16, shell=True),
    *(Design("ecg-tiny", interval) for interval in (2048, 65536)),
)


def row(design: Design, found: Timing) -> dict[str, Any]:
    """The figures of a design, as they go to build/timing.json."""
    use = xc7_use(found.cells)
    return {
        "design": design.name,
        "interval": design.interval,
        "mhz": float(f"{found.mhz:.1f}"),
        "ps": found.paths[0].delay,
        **{title: use[kind] for title, kind in USE.items()},
        "over_levels": found.breaks,
        "layers": {
            name: {
                "ps": layer.slowest.delay,
                "path": str(layer.slowest),
                "ends": layer.ends,
                "over_levels": layer.breaks,
            }
            for name, layer in found.layers.items()
        },
    }


def markdown(rows: list[dict[str, Any]]) -> str:
    """Both tables: a row a design, and the slowest path of each of its layers."""
    heads = ("design", "interval", "MHz", "slowest path", *USE, f"over {MOST_LEVELS} levels")
    lines = [f"pyosys {importlib.metadata.version('pyosys')}.", "", f"| {' | '.join(heads)} |"]
    lines.append("|---|---:|---:|---|" + "---:|" * (len(USE) + 1))
    for found in rows:
        slowest = next(iter(found["layers"].values()))["path"]
        figures = " | ".join(f"{found[title]:,}" for title in (*USE, "over_levels"))
        lines.append(f"| {found['design']} | {found['interval']:,} | {found['mhz']:.0f} | {slowest} | {figures} |")
    lines += ["", f"| design | interval | paths into | MHz | slowest path | over {MOST_LEVELS} levels | of |"]
    lines.append("|---|---:|---|---:|---|---:|---:|")
    for found in rows:
        for name, layer in found["layers"].items():
            figures = f"{1e6 / layer['ps']:.0f} | {layer['path']} | {layer['over_levels']:,} | {layer['ends']:,}"
            lines.append(f"| {found['design']} | {found['interval']:,} | {name} | {figures} |")
    return "\n".join(lines)


def main() -> None:
    """Estimate every design; print, and write, what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", type=Path, metavar="FILE", help="page whose tables are replaced by those of this run")
    chosen = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for count, design in enumerate(DESIGNS, 1):
        print(f"{count} of {len(DESIGNS)}: {design.name} at interval {design.interval}", file=sys.stderr, flush=True)
        rows.append(row(design, design.timing()))
        with made_folder(build_root()) as folder:
            write_whole(folder / "timing.json", json.dumps({"designs": rows}, indent=2) + "\n")
    tables = markdown(rows)
    print(tables)
    if chosen.page:
        before, found, after = chosen.page.read_text(encoding="utf-8").partition(BEGIN)
        if not found or END not in after:
            raise SystemExit(f"{chosen.page} has no place for the tables: {BEGIN} and {END}")
        write_whole(chosen.page, f"{before}{BEGIN}\n{tables}\n{END}{after.partition(END)[2]}")


if __name__ == "__main__":
    main()
