"""The tables of a report on ECG nets, and its sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.metrics import JUDGED, Real, Verdict, always
from bittrue.apps.ecg.patients import counts
from bittrue.apps.ecg.reporting.judging import Judged, labels, seeds
from bittrue.kit.page import Sheet

SOURCE = "Simulated: the integer net executed by bittrue.ref"
COLUMNS = ("of", "accuracy", *(f"{name} Se / PPV" for name in CLASSES), "macro-F1")


def values(verdict: Verdict) -> Real:
    """Accuracy, Se of the five classes, PPV of the five, macro-F1: float64 ``(12,)``, NaN where nothing can be said."""
    return np.array([verdict.accuracy, *verdict.sensitivity, *verdict.precision, verdict.macro_f1])


def mean_and_worst(verdicts: Sequence[Verdict]) -> tuple[Real, Real]:
    """Figure by figure, over those nets where it can be said; NaN where it can be said of none."""
    all_values = np.stack([values(verdict) for verdict in verdicts])
    known = ~np.isnan(all_values)
    count = known.sum(axis=0)
    mean = np.where(count > 0, np.where(known, all_values, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
    worst = np.where(count > 0, np.where(known, all_values, np.inf).min(axis=0), np.nan)
    return mean, worst


def rows(nets: Sequence[Judged]) -> tuple[list[tuple[str, ...]], frozenset[int]]:
    """Lines of `COLUMNS`: every net, integer and float, mean and worst of seeds, always N; which are an integer net's.

    The nets were judged on the same patients.
    """
    found: list[tuple[str, ...]] = []
    ours, names = set(), labels(nets)
    for name, net in zip(names, nets, strict=True):
        ours.add(len(found))
        found.append(_row(f"{name}, integer", values(net.verdict)))
        if net.float_verdict is not None:
            found.append(_row(f"{name}, float", values(net.float_verdict)))
    for members in seeds(nets):
        group = [nets[k] for k in members]
        for kind, verdicts in _kinds(group):
            mean, worst = mean_and_worst(verdicts)
            if kind == "integer":
                ours |= {len(found), len(found) + 1}
            found.append(_row(f"mean of {len(group)} seeds, {kind}", mean))
            found.append(_row(f"worst of {len(group)} seeds, {kind}", worst))
    found.append(_row("always N", values(always(nets[0].beats.y))))
    return found, frozenset(ours)


def _kinds(group: Sequence[Judged]) -> list[tuple[str, list[Verdict]]]:
    floats = [net.float_verdict for net in group if net.float_verdict is not None]
    integers = [net.verdict for net in group]
    return [("integer", integers), *([("float", floats)] if len(floats) == len(group) else [])]


def figures(nets: Sequence[Judged]) -> Sheet:
    """Accuracy, Se and PPV a class, macro-F1 of nets that were judged on the same patients."""
    lines, ours = rows(nets)
    first = nets[0]
    caption = (
        f"{SOURCE}; in percent but for macro-F1. Beats: {counts(first.beats)} of {len(first.beats.names)} patients "
        f"({first.patients.title}). Se: share of a class's beats that is found; PPV: share of what is said that is "
        "right; -: never said, or no such beat; macro-F1: over N, S and V. "
        "Mean and worst: figure by figure, over the nets where it can be said."
    )
    return Sheet(f"Figures on {first.patients.title}", COLUMNS, lines, caption, ours)


def differences(nets: Sequence[Judged]) -> Sheet | None:
    """The integer nets against their float parents; None where there is no float parent."""
    lines = []
    for name, net in zip(labels(nets), nets, strict=True):
        if net.float_verdict is None or net.floats is None:
            continue
        other = int((net.floats != net.answers).sum())
        f1 = (net.verdict.macro_f1, net.float_verdict.macro_f1)
        accuracy = 100 * (net.verdict.accuracy - net.float_verdict.accuracy)
        share = f"{other:,} ({100 * other / len(net.answers):.2f} %)"
        points = 100 * (f1[0] - f1[1])
        lines.append((name, f"{f1[0]:.4f}", f"{f1[1]:.4f}", f"{points:+.2f}", f"{accuracy:+.2f}", share))
    columns = ("net", "macro-F1, integer", "float", "points", "accuracy, points", "beats answered otherwise")
    caption = "Float: before batch norm was folded and anything was quantised. A point is 0.01 of macro-F1, 1 %."
    return Sheet("Integer against float", columns, lines, caption) if lines else None


def uncertainty(nets: Sequence[Judged]) -> Sheet:
    """What the figures are uncertain by: patients drawn with replacement."""
    columns = ("figure", *labels(nets))
    lines = []
    for key in nets[0].spread:
        cells = [_span(net.spread[key], key == "macro_f1") for net in nets]
        lines.append((key.replace("macro_f1", "macro-F1 (N, S, V)"), *cells))
    people = len(nets[0].beats.names)
    caption = (
        f"The middle 95 % of 1,000 draws of {people} patients with replacement: beats of one patient resemble each "
        "other, so patients are what a figure is uncertain by. Integer nets."
    )
    return Sheet("Uncertainty by patients", columns, lines, caption)


def _span(pair: tuple[float, float], plain: bool) -> str:
    """Lowest and highest: as it is, or in percent."""
    if np.isnan(pair[0]):
        return "-"
    return " to ".join(f"{value:.3f}" if plain else _percent(value) for value in pair)


def records(name: str, net: Judged) -> Sheet:
    """Which record errs: beats a class, Se and PPV of S and V, and the commonest mistakes."""
    at = {kind: CLASSES.index(kind) for kind in JUDGED}
    columns = ("record", *CLASSES, "wrong", "accuracy", *(f"{kind} Se / PPV" for kind in JUDGED), "commonest mistakes")
    lines = []
    for number, record in enumerate(net.beats.names):
        verdict = record_verdict(net, number)
        if verdict is None:
            lines.append((record, *["0"] * len(CLASSES), *["-"] * (len(columns) - 1 - len(CLASSES))))
            continue
        wrong = int(verdict.confusion.sum() - verdict.confusion.trace())
        pairs = [_pair(verdict.sensitivity[k], verdict.precision[k]) for k in at.values()]
        cells = [f"{count:,}" for count in verdict.beats]
        lines.append((record, *cells, f"{wrong:,}", _percent(verdict.accuracy), *pairs, _mistakes(verdict)))
    return Sheet(f"Records: {name}", columns, lines, f"{SOURCE}. Se and PPV in percent; {net.patients.title}.")


def record_verdict(net: Judged, number: int) -> Verdict | None:
    """The verdict on one record, by its index; None where it has no beat."""
    own = net.beats.record == number
    if not own.any():
        return None
    confusion = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(confusion, (net.beats.y[own], net.answers[own]), 1)
    return Verdict(confusion)


def _mistakes(verdict: Verdict, most: int = 2) -> str:
    wrong = verdict.confusion * (1 - np.eye(len(CLASSES), dtype=np.int64))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    places = [np.unravel_index(k, wrong.shape) for k in order if wrong.flat[k]]
    return ", ".join(f"{wrong[i, j]:,} {CLASSES[i]} called {CLASSES[j]}" for i, j in places)


def sizes(nets: Sequence[Judged]) -> Sheet:
    """What a net takes, and what it is fed."""
    lines = []
    for name, net in zip(labels(nets), nets, strict=True):
        size, plan = net.size, net.folder.plan
        fed = f"{', '.join(plan.input.channels)}: {plan.input.length} samples at {plan.input.rate:g} Hz"
        cells = [f"{number:,}" for number in (size.weights, size.biases, size.bytes, size.macs)]
        lines.append((name, *cells, str(plan.train.seed), fed))
    columns = ("net", "weights", "biases", "bytes", "MACs a beat", "seed", "input")
    caption = "Bytes: weights with their bits, a byte a bias. MACs: multiplications of weights, those with padding too."
    return Sheet("Size", columns, lines, caption)


def sentences(nets: Sequence[Judged]) -> list[str]:
    """What was found, in plain sentences, for nets that were judged on the same patients."""
    said, names = [], labels(nets)
    line = values(always(nets[0].beats.y))
    for name, net in zip(names, nets, strict=True):
        low, high = net.spread["macro_f1"]
        said.append(
            f"{name} on {net.patients.title}: macro-F1 {net.verdict.macro_f1:.3f} (by patients {low:.3f} to "
            f"{high:.3f}), accuracy {_percent(net.verdict.accuracy)} %; always N has {line[-1]:.3f} and "
            f"{_percent(line[0])} %."
        )
    for members in seeds(nets):
        said.append(_seeds_said([nets[k] for k in members], [names[k] for k in members]))
    said += [f"No float line for {name}: {net.missing}." for name, net in zip(names, nets, strict=True) if net.missing]
    return said


def _seeds_said(group: Sequence[Judged], names: Sequence[str]) -> str:
    mean, worst = mean_and_worst([net.verdict for net in group])
    at = {f"{kind} {what}": 1 + CLASSES.index(kind) + 5 * k for kind in "SV" for k, what in enumerate(("Se", "PPV"))}
    parts = [f"{key} {_percent(mean[k])} (worst {_percent(worst[k])})" for key, k in at.items()]
    return (
        f"{'; '.join(names)} are one recipe: mean macro-F1 {mean[-1]:.3f} (worst {worst[-1]:.3f}), in percent "
        f"accuracy {_percent(mean[0])} (worst {_percent(worst[0])}), {', '.join(parts)}."
    )


def by_patients(nets: Sequence[Judged]) -> list[list[Judged]]:
    """The nets in groups that were judged on the same patients, so that they can stand in one table."""
    groups: dict[tuple[str, ...], list[Judged]] = {}
    for net in nets:
        groups.setdefault(net.patients.names, []).append(net)
    return list(groups.values())


def per_group(nets: Sequence[Judged], make: Callable[[Sequence[Judged]], Sheet | None]) -> list[Sheet]:
    """A table for every group of `by_patients` that has one."""
    made = [make(group) for group in by_patients(nets)]
    return [sheet for sheet in made if sheet is not None]


def _row(name: str, figures: Real) -> tuple[str, ...]:
    count = len(CLASSES)
    pairs = [_pair(figures[1 + k], figures[1 + count + k]) for k in range(count)]
    return (name, _percent(figures[0]), *pairs, f"{figures[-1]:.3f}")


def _pair(se: float, ppv: float) -> str:
    return f"{_percent(se)} / {_percent(ppv)}"


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:.1f}"
