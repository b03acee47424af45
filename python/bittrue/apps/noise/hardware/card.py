"""CARD.md of a hardware net of noise: what it is and what was measured, written by the program that measured it."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.apps.noise.hardware.judging import AGAIN, FILTERED, LIKENESS, REFERENCE, Distances, Judged
from bittrue.apps.noise.hardware.recipe import DRAWN, RECIPES, Recipe
from bittrue.apps.noise.hardware.trainer import Fitted
from bittrue.kit import card as parts
from bittrue.spec.source import Source, seam
from bittrue.spec.store import content_hash

WORDS = {
    "geodesic": "Geodesic distance of the spectra",
    "geodesic in band": "Geodesic distance of the spectra, in band",
    "out of band dB": "Power out of the band, dB more than the target's",
    "quantiles": "Quantiles of all samples, on the scale asinh(x / s)",
    "kurtosis": "Kurtosis, relative to the target's",
    "ACF": "Autocorrelation, lags 1 to 64",
    "ACF of |x|": "Autocorrelation of |x|, lags 1 to 64",
}
IMAGES = (
    "an image each, with latents of its own. A signal of several images overlaps by half a block where they meet, and "
    "has no correlation beyond"
)
SPECTROGRAMS = (
    "\nThe net makes spectrograms, integers; its signals are their inverse lapped transform in float64\n"
    "(`bittrue.apps.noise.lapped`, `bittrue noise generate --waveform`), which no hardware here computes.\n"
)
WORDS |= {LIKENESS: "Correlation of two signals of a set, root mean square over pairs, more than the process has"}
CPU = "processor time of training"


def text(recipe: Recipe, source: Source, fitted: Fitted, judged: Sequence[Judged], notes: str = "") -> str:
    """The text of CARD.md: free of dates; of two runs of one recipe only the line `CPU` differs.

    ``notes`` are sections of Markdown that a person wrote about the net; they come behind the measures.
    """
    sections = [
        f"# {recipe.name}\n",
        f"A source of noise: {_named(recipe)}. Every sample is an integer that Python, C and hardware agree about.\n",
        _facts(recipe, source, fitted),
        "## Layers\n",
        parts.layers(source.net, shapes=True),
        "## What was measured\n",
        _method(recipe),
        *_tables(judged),
        "## Against AR(32)\n",
        "\n".join(f"- {line}" for line in sentences(judged)) + "\n",
        *([notes.strip() + "\n"] if notes.strip() else []),
        "## What was executed\n",
        "Everything is simulated: `bittrue.generate` by the reference made the signals of the integer net; the other\n"
        "legs give the same samples (`bittrue sim`). Nothing ran on a board.\n",
        "## Files\n",
        "| file | what it is |\n|---|---|\n"
        "| net.json, weights.safetensors, source.json | the integer net and how its inputs are filled |\n"
        "| known-signals.safetensors | known answers: two frames of seed 1 for each value of the parameter |\n"
        "| float.safetensors | the float net before the quantised stage |\n"
        "| looks.csv | the loss by the looks of both stages |\n"
        "| recipe.toml | what it was trained by |\n",
        parts.recipe(recipe.text),
    ]
    return "\n".join(sections)


def sentences(judged: Sequence[Judged]) -> list[str]:
    """For every measure on which of its sets the net is nearer than AR(32) for all seeds, and on which not."""
    said = []
    for key in _keys(judged):
        given = [one for one in judged if key in one.floor]
        near = [one for one in given if _worst(one, key) <= abs(_number(one, one.filters[32], key))]
        far = [one for one in given if one not in near]
        said.append(f"{WORDS.get(key, key)}: nearer, or as near, on {_listed(near)}; not on {_listed(far)}")
    return said


def _named(recipe: Recipe) -> str:
    sets = ", ".join(recipe.process.sets)
    if recipe.parameter is None:
        return sets
    own = recipe.parameter
    return f"{sets}, by the parameter {own.name} from {own.low:g} to {own.high:g}"


def _facts(recipe: Recipe, source: Source, fitted: Fitted) -> str:
    image = recipe.spectrogram is not None
    frames = IMAGES if image else seam(source) or "all of them are one signal without borders"
    rows = [
        ("command", parts.command("noise", recipe.name, RECIPES.has(recipe))),
        ("seed", str(recipe.seed)),
        *([("weights to begin with", recipe.beginning)] if recipe.beginning != DRAWN else []),
        ("weights and biases", f"{recipe.spec.parameters:,}"),
        ("multiplications", f"{recipe.spec.macs:,.0f} a sample{'' if image else ', frames without end'}"),
        ("frames", f"{source.samples:,} samples; {frames}"),
        ("steps", f"{recipe.train.steps:,} float, {recipe.quantise.steps:,} quantised"),
        *([("last layer", f"{recipe.last_layer.taps} taps, fitted behind both stages")] if recipe.last_layer else []),
        (CPU, f"{fitted.cpu:.0f} s, one thread"),
        ("hash", f"`{content_hash(source.net)}`"),
    ]
    return parts.facts(rows)


def _method(recipe: Recipe) -> str:
    plan = recipe.measure
    more = SPECTROGRAMS if recipe.spectrogram else ""
    return (
        f"{plan.signals:,} signals of {plan.length:,} samples of each set, simulated: the process with seed "
        f"{REFERENCE}; floor: the\nprocess again, seed {AGAIN}; AR: autoregressions with resampled residuals, fitted "
        f"to the set of the floor and drawn\nwith seed {FILTERED}; net: the integer net, seeds 1 to {plan.seeds}. 0 is "
        f"best. Geodesic distances of AR and net are what is\nbeyond the floor, `sqrt(max(d^2 - floor^2, 0))`.\n{more}"
    )


def _keys(judged: Sequence[Judged]) -> list[str]:
    """Measures that stand in the card, in the order of the first set; of a band not the distance over all."""
    found: dict[str, None] = {}
    for one in judged:
        banded = "geodesic in band" in one.floor
        found |= {key: None for key in one.floor if not (banded and key == "geodesic")}
    return list(found)


def _tables(judged: Sequence[Judged]) -> list[str]:
    found = []
    for key in _keys(judged):
        rows = []
        for one in judged:
            if key in one.floor:
                net = [_number(one, each, key) for each in one.net]
                cells = [one.floor[key], *(_number(one, one.filters[order], key) for order in one.filters)]
                cells += [sum(net) / len(net), max(net, key=abs)]
                rows.append((one.name, *(f"{cell:.4f}" for cell in cells)))
        head = ("set", "floor", *(f"AR({order})" for order in judged[0].filters), "net, mean", "net, worst")
        found += [f"{WORDS.get(key, key)}:\n", parts.table(head, rows, right=True)]
    return found


def _number(one: Judged, found: Distances, key: str) -> float:
    return one.excess(found) if key == one.key else found.get(key, 0.0)


def _worst(one: Judged, key: str) -> float:
    return max(abs(_number(one, each, key)) for each in one.net)


def _listed(judged: Sequence[Judged]) -> str:
    return ", ".join(one.name for one in judged) or "none"
