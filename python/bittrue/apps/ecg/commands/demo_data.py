"""``bittrue demo-data``: the heartbeats that the demo on the board plays, and what the reference makes of them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from bittrue.kit.application import Demonstration, Option, Printed, Remark, Result
from bittrue.kit.arguments import whole
from bittrue.kit.optional import needed
from bittrue.lower.schedule import has_frames
from bittrue.spec import Net


def check(banks: Mapping[str, Net]) -> None:
    """Nothing: what a net must take is in the recipe beside it, by which `write` refuses it first of all."""


def write(folder: Path, banks: Mapping[str, Net], arguments: argparse.Namespace) -> Printed:
    """Write demo.npz and say what is in it."""
    with needed("beats need", "scipy"):
        from bittrue.apps.ecg import recipe
        from bittrue.apps.ecg.demonstrating import demo_data
    net = next(iter(banks.values()))
    own = Path(arguments.nets[0]) / "recipe.toml"
    plan = recipe.load(own) if own.is_file() else recipe.named("ecg-tiny")
    demo_data.check(net, plan)
    people, reason = demo_data.of(arguments.records, arguments.data)
    if reason:
        yield Remark(reason)
    path, count, title = demo_data.write(folder, net, plan, people, arguments.count)
    yield f"{path}: {count:,} beats of {title}"
    yield Result({"beats": count, "patients": title}, [path])


def suits(net: Net) -> bool:
    """Whether a net takes frames and gives words that belong to no place, as those of classes."""
    return has_frames(net) and len(net.outputs) == 1 and len(net.output.shape) == 1


DEMONSTRATION = Demonstration(
    "heartbeats",
    suits,
    check,
    write,
    (
        Option("--data", "of heartbeats: folder of the MIT-BIH records, or of others", {"metavar": "DIR"}),
        Option(
            "--records",
            "of heartbeats: records or parts (default: 213; made-up ones without data)",
            {"metavar": "NAME,.."},
        ),
        Option("--count", "of heartbeats: the first N (default all)", {"type": whole(1, 1 << 20), "metavar": "N"}),
    ),
    ("bittrue demo-data weights/ecg-tiny -o build/demo/overlay --records 213 --data mitdb",),
)
