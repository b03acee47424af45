"""Results of an ablation: sentences, tables, a picture, a page and the numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from bittrue.apps.dpd.ablation.ablation import Ablation, Effect
from bittrue.apps.dpd.ablation.ablation_run import METRICS, PROTOCOL, Figures
from bittrue.files import write_together
from bittrue.kit.figures import canvas, encoded
from bittrue.kit.page import Picture, Section, Sheet, page

NUMBERS = "ablation.json"
NAMES = {"evm": "EVM", "worse_aclr": "worse ACLR"}
COLOURS = {"helps": "#2e8b57", "hurts": "#d1495b", "adds nothing here": "#8c8c8c"}
LEAD = (
    "Every figure is simulated through a model of the amplifier, integer nets, test split; nothing here is an RF "
    "measurement. A switch helps or hurts only where its mean difference is beyond what luck with the seeds explains "
    "(Student's t at 95 %, for each switch by itself: of twenty that do nothing, one may look as if it did) and every "
    "seed agrees in sign; otherwise it adds nothing here."
)


def titles(found: Ablation) -> dict[str, str]:
    """Judges in words, and whether the nets were trained through them."""
    taught = found.base.data.amplifier
    names = {name: f"the {name} model ({'' if name == taught else 'not '}trained through)" for name in found.judges}
    return names | {PROTOCOL: "the Arena's protocol"}


def sentences(found: Ablation) -> list[str]:
    """One a switch and judge: the main judge, and every model that was not trained through."""
    named, taught = titles(found), found.base.data.amplifier
    shown = [judge for k, judge in enumerate(found.judges) if not k or judge not in (PROTOCOL, taught)]
    return [switch.sentence(judge, named) for switch in found.switches for judge in shown]


def tables(found: Ablation) -> list[Sheet]:
    """What every switch is worth by every judge, and what the base reaches."""
    return [_worth(found, judge) for judge in found.judges] + [_base(found)]


def _worth(found: Ablation, judge: str) -> Sheet:
    columns = ["switch", "base has it"]
    for metric in METRICS:
        columns += [f"{NAMES[metric]}: worth", "by seed", "spread", "margin", "worst with", "worst without", "verdict"]
    rows = []
    for switch in found.switches:
        cells = [switch.variant.switch.title, "no" if switch.variant.adds else "yes"]
        for metric in METRICS:
            effect = switch.effects[judge, metric]
            seeds = " ".join(f"{value:+.2f}" for value in effect.differences)
            worst = f"{max(effect.with_):.2f}", f"{max(effect.without):.2f}"
            cells += [
                f"{effect.mean:+.2f}",
                seeds,
                f"{effect.spread:.2f}",
                f"{effect.margin:.2f}",
                *worst,
                effect.verdict,
            ]
        rows.append(cells)
    return Sheet(
        f"Worth in dB, by {titles(found)[judge]}",
        columns,
        rows,
        f"Simulated, test split, integer nets, seeds {', '.join(map(str, found.seeds))}. Worth: without minus with, "
        "mean over the seeds; positive is better with it. Spread: standard deviation over the seeds of one recipe; "
        "margin: what seeds alone explain (95 %).",
    )


def _base(found: Ablation) -> Sheet:
    rows = []
    for judge in found.judges:
        for metric in METRICS:
            for kind in ("integer", "parent"):
                sets: list[Figures] = [getattr(result, kind) for result in found.results]
                values = [figures[judge][metric] for figures in sets]
                name = f"{NAMES[metric]}, {'integer' if kind == 'integer' else 'float parent'}"
                rows.append((titles(found)[judge], name, f"{fmean(values):.2f}", f"{max(values):.2f}"))
    return Sheet("The base recipe", ("judge", "figure", "mean, dB", "worst seed, dB"), rows, "Simulated, test split.")


def picture(found: Ablation, judge: str) -> bytes:
    """A dot a seed for every switch, the mean as a bar, EVM and ACLR side by side."""
    figure = canvas(11, 1.6 + 0.42 * len(found.switches))
    panels = figure.subplots(1, 2, sharey=True)
    names = [switch.variant.switch.title for switch in found.switches]
    for axes, metric in zip(panels, METRICS, strict=True):
        for place, switch in enumerate(found.switches):
            effect: Effect = switch.effects[judge, metric]
            colour = COLOURS[effect.verdict]
            axes.barh(place, 2 * effect.margin, left=-effect.margin, height=0.7, color="#e6e6e6", zorder=1)
            axes.plot(effect.differences, [place] * len(found.seeds), "o", color=colour, markersize=5, zorder=3)
            axes.plot([effect.mean] * 2, [place - 0.3, place + 0.3], color=colour, linewidth=2.5, zorder=2)
        axes.axvline(0, color="#222222", linewidth=0.8)
        axes.set(xlabel=f"{NAMES[metric]}: better with it by dB", ylim=(len(names) - 0.5, -0.5))
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(names)), names)
    for verdict, colour in COLOURS.items():
        panels[1].plot([], [], "o", color=colour, label=verdict)
    panels[1].plot([], [], color="#e6e6e6", linewidth=8, label="what seeds explain")
    panels[1].legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(
        f"what each switch of {found.base.name} is worth, by {titles(found)[judge]}; a dot a seed, bar: mean\n"
        "simulated through a model of the amplifier (not an RF measurement)",
        fontsize=10,
    )
    return encoded(figure)


def numbers(found: Ablation, command: str) -> str:
    """Everything as JSON."""
    switches = []
    for switch in found.switches:
        effects = [
            {
                "judge": judge,
                "metric": metric,
                "with": effect.with_,
                "without": effect.without,
                "worth_db": effect.mean,
                "spread_db": effect.spread,
                "margin_db": effect.margin,
                "verdict": effect.verdict,
            }
            for (judge, metric), effect in switch.effects.items()
        ]
        switches.append(
            {"switch": switch.variant.switch.key, "base_has_it": not switch.variant.adds, "effects": effects}
        )
    base = [vars(result) for result in found.results]
    content = {"simulated": True, "split": "test", "command": command, "seeds": found.seeds, "base": base}
    return json.dumps(content | {"switches": switches}, indent=1) + "\n"


def write(folder: Path, found: Ablation, command: str) -> list[Path]:
    """Write ``ablation.html``, ``ablation.json`` and ``ablation.png`` into a folder that exists; their paths."""
    main = found.judges[0]
    drawn = [
        Picture(picture(found, judge), f"worth by {judge}", f"By {titles(found)[judge]}; simulated; {command}.")
        for judge in found.judges
    ]
    text: Sequence[str] = sentences(found)
    sections = [
        Section("What was found", text),
        Section("Pictures", (), (), drawn),
        Section("Tables", (), tables(found)),
        Section(
            "Base recipe", [f"Command: {command}"], [Sheet("", ("",), [(line,) for line in _lines(found)], words=True)]
        ),
    ]
    files: dict[str, bytes | str] = {
        "ablation.html": page(f"What each part of {found.base.name} is worth, simulated", LEAD, sections),
        NUMBERS: numbers(found, command),
        "ablation.png": picture(found, main),
    }
    write_together(folder, files)
    return [folder / name for name in files]


def _lines(found: Ablation) -> list[str]:
    return [line for line in found.base.text.splitlines() if line.strip()]
