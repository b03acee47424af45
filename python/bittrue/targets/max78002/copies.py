"""Copies of results that must lie in two places: a stage without weights for each.

A source of an element-wise operation lies between the other operands, and one whose channels are joined beside the
others (`bittrue.targets.max78002.joins`). It can lie so only once. Whatever else reads it must read over the gaps,
which the MAX78000 cannot, nor any chip with more than 64 channels, nor where it flattens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bittrue.spec.net import INPUT
from bittrue.spec.stages import Stage, stage_types
from bittrue.targets.max78002.devices import PROCESSORS, Device
from bittrue.targets.max78002.joins import spots

Group = tuple[bool, tuple[str, ...]]
"""Whether sources are joined as channels, and which they are: the same ones may be read by several layers."""


def with_copies(stages: Sequence[Stage], shape: tuple[int, ...], device: Device) -> list[Stage]:
    """The stages, and before those that need one a copy of a source, ``<source>_copy``.

    ``shape`` is that of the net's input. Raises `BadInput` as `joins.spots` does.
    """
    types = {INPUT: shape} | {
        stage.name: made.shape for stage, (_, made) in zip(stages, stage_types(shape, stages), strict=True)
    }
    found: list[Stage] = []
    homes: dict[str, Group] = {}
    moved: dict[Group, tuple[str, ...]] = {}
    for stage in stages:
        if stage.join is None:
            found.append(stage)
            continue
        group = stage.join == "concat", stage.sources
        if group not in moved:
            gaps = [spot.gap for spot in spots(stage, [types[source][0] for source in stage.sources])]
            sources: list[str] = []
            for source, gap in zip(stage.sources, gaps, strict=True):
                stays = homes.get(source, group) == group and source not in sources
                if stays and not _readable(source, gap, group, stages, types, device):
                    stays = False
                if stays:
                    homes[source] = group
                    sources.append(source)
                else:
                    copy = _named(f"{source}_copy", types)
                    found.append(Stage(copy, "none", sources=(source,)))
                    types[copy] = types[source]
                    sources.append(copy)
            moved[group] = tuple(sources)
        found.append(replace(stage, sources=moved[group]))
    return found


def original(name: str, stages: Sequence[Stage]) -> str:
    """The node whose values a stage puts out: of a copy, that of which it is one."""
    by_name = {stage.name: stage for stage in stages}
    while name in by_name and _is_copy(by_name[name]):
        (name,) = by_name[name].sources
    return name


def _is_copy(stage: Stage) -> bool:
    plain = stage.weight is None and stage.join is None and stage.pool is None and stage.shape is None
    return plain and bool(stage.sources) and stage.name.startswith(f"{stage.sources[0]}_copy")


def _readable(
    source: str,
    gap: int,
    group: Group,
    stages: Sequence[Stage],
    types: dict[str, tuple[int, ...]],
    device: Device,
) -> bool:
    """Whether all else that reads ``source`` can do so where it lies with such gaps."""
    if not gap:
        return True
    if source == INPUT:
        return False
    others = [stage for stage in stages if source in stage.sources and (stage.join == "concat", stage.sources) != group]
    alone = not others and group[1].count(source) == 1
    flattened = any(stage.operation == "linear" for stage in others)
    return alone or (device.read_gaps and types[source][0] <= PROCESSORS and not flattened)


def _named(name: str, taken: dict[str, tuple[int, ...]]) -> str:
    """``name``, with a number where it is taken."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}{number}", number + 1
    return found
