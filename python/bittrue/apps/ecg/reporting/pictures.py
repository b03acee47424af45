"""The pictures of a report on ECG nets, with their captions."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.apps.ecg import picture, plots
from bittrue.apps.ecg.beats.beats import Input
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.reporting.judging import Judged
from bittrue.kit.page import Picture, Section


def sections(nets: Sequence[Judged], names: Sequence[str], command: str) -> list[Section]:
    """Confusion matrices side by side, then for every net beats that it answers rightly and wrongly, and its input."""
    matrices = [_matrix(net, name, command) for net, name in zip(nets, names, strict=True)]
    made = [Section("Confusion", (), (), matrices)]
    for net, name in zip(nets, names, strict=True):
        made.append(Section(f"Beats: {name}", (), (), [_beats(net, name, command)]))
    seen: list[Input] = []
    inputs = []
    for net, name in zip(nets, names, strict=True):
        if net.folder.plan.input not in seen:
            seen.append(net.folder.plan.input)
            inputs.append(_input(net, name, command))
    return [*made, Section("What the net sees", (), (), inputs)]


def _matrix(net: Judged, name: str, command: str) -> Picture:
    title = f"{name}, integer, simulated\n{net.patients.title}"
    text = "; ".join(f"{CLASSES[i]} called {CLASSES[j]}: {int(count):,}" for (i, j), count in _cells(net) if count)
    caption = (
        f"Confusion of {name} on {net.patients.title}: beats, and percent of the annotated class. Simulated, integer "
        f"net by bittrue.ref; {command}."
    )
    return Picture(picture.confusion_png(net.verdict, title), f"confusion of {name}: {text}", caption)


def _cells(net: Judged) -> list[tuple[tuple[int, int], int]]:
    table = net.verdict.confusion
    return [((i, j), int(table[i, j])) for i in range(len(CLASSES)) for j in range(len(CLASSES))]


def _beats(net: Judged, name: str, command: str) -> Picture:
    plan = net.folder.plan.input
    chosen = plots.choose(net.beats, net.answers)
    shown = plots.strips(net.patients, net.beats, net.answers, plan, chosen)
    listed = [strip for pair in shown.values() for part in pair for strip in part]
    caption = (
        f"Beats that {name} answers rightly (left) and wrongly (right), drawn at random (seed 0), records taking "
        f"turns. Lead {plan.lead} as recorded; letters: annotated class of every beat; shaded: the ECG that the net "
        f"sees. Answers simulated, integer net by bittrue.ref; {command}."
    )
    alt = "; ".join(strip.title.replace("\n", ", ") for strip in listed)
    return Picture(plots.strips_png(shown, plan), alt, caption)


def _input(net: Judged, name: str, command: str) -> Picture:
    channels = net.folder.plan.input.channels
    caption = (
        f"The int8 channels that {name} gets of a beat of each class, and its answer. {net.patients.title}; {command}."
    )
    png = picture.examples_png(net.beats, channels, [int(k) for k in net.answers])
    return Picture(png, f"channels {', '.join(channels)} of a beat of each class", caption)
