"""CARD.md: what a trained ECG net is and what was measured, written by the program that measured it."""

from __future__ import annotations

import shlex

from bittrue.apps.ecg import recipe
from bittrue.apps.ecg.datasets import Material
from bittrue.apps.ecg.metrics import table
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.size import size_of
from bittrue.apps.ecg.training_result import Trained
from bittrue.kit import card as parts
from bittrue.spec import Net
from bittrue.spec.store import content_hash

LARGE = 2_000_000
"""Bytes of float weights that are not kept with the code."""

ORIGIN = {
    "made up": "",
    "own": " (not the published files; bittrue knows nothing of their origin and licence)",
    "published": " (MIT-BIH Arrhythmia Database, ODC-By 1.0)",
}
"""What is said of where the beats come from, behind their title."""

ROWS = {"float": "float", "folded": "float, batch norm folded", "integer": "**integer**"}


def text(plan: Recipe, beats: Material, trained: Trained) -> str:
    """The text of CARD.md: free of dates, so that the same run gives the same file.

    The section about DS2 is empty: `bittrue.apps.ecg.reporting.card_section` fills it in when the net is finished.

    Parameters
    ----------
    plan : Recipe
    beats : Material
        What was trained and validated on.
    trained : Trained
    """
    sections = [
        f"# {plan.name}\n",
        "A net that names the beats of an electrocardiogram: normal (N), supraventricular ectopic (S), ventricular\n"
        "ectopic (V), fusion (F), unknown (Q), the classes of ANSI/AAMI EC57. **It is no medical device.**\n",
        _facts(plan, beats, trained.net),
        "## Layers\n",
        parts.layers(trained.net, shapes=True),
        "## Results on patients held out\n",
        _held(plan, beats, trained),
        "## Results on DS2\n",
        "Not measured. `bittrue report ecg` does it, once, for a net that is finished.\n",
        "## What was executed\n",
        "Every figure is simulated: `bittrue.ref` computed the integer net's answers to recorded beats; the other\n"
        "legs give the same bits (`bittrue check`). Nothing ran on a chip or on a person. The positions of the beats\n"
        "are the annotations; a detector would add its own misses.\n",
        "## Files\n",
        _files(beats, trained.net),
        parts.recipe(plan.text),
    ]
    return "\n".join(sections)


def command(plan: Recipe, beats: Material) -> str:
    """The command that trains the net again."""
    source, seed = "recipe.toml", ""
    if plan.name in recipe.names():
        known = recipe.builtin(plan.name)
        if known.text == plan.text:
            source = plan.name
        elif recipe.reseeded(known, plan.train.seed).text == plan.text:
            source, seed = plan.name, f" --seed {plan.train.seed}"
    output = "build" if beats.made_up else "weights"
    data = " --synthetic" if beats.made_up else "" if beats.own is None else f" --data {shlex.quote(str(beats.own))}"
    return f"bittrue train ecg --recipe {source}{seed}{data} --output {output}/{plan.name}"


def _facts(plan: Recipe, beats: Material, net: Net) -> str:
    size = size_of(net)
    origin = ORIGIN["made up" if beats.made_up else "own" if beats.own else "published"]
    rows = [
        ("command", f"`{command(plan, beats)}`"),
        ("data", f"{beats.title}{origin}"),
        *(("remark", said) for said in (_remarks(beats) if beats.own else ())),
        ("trained on", f"{len(beats.learnt.y):,} beats: {' '.join(beats.learnt.names)}"),
        ("held out", f"{len(beats.held.y):,} beats: {' '.join(beats.held.names)}" if beats.held else "nobody"),
        ("SHA-256 of the beats", f"`{beats.digest}`"),
        ("seed", str(plan.train.seed)),
        ("input", f"{net.input}: {', '.join(plan.input.channels)}, {plan.input.rate:g} samples a second"),
        ("weights", f"{size.weights:,} and {size.biases:,} biases: {size.bytes:,} bytes"),
        ("multiplications", f"{size.macs:,} a beat"),
        ("hash", f"`{content_hash(net)}`"),
    ]
    return parts.facts(rows)


def _remarks(beats: Material) -> tuple[str, ...]:
    """What was taken for granted or left out in the recordings."""
    return tuple(dict.fromkeys((*beats.learnt.remarks, *(beats.held.remarks if beats.held else ()))))


def _held(plan: Recipe, beats: Material, trained: Trained) -> str:
    share = f"Float and integer net call {100 * trained.agreement:.2f} % of {trained.compared:,} of them the same.\n"
    if not trained.verdicts:
        return f"Nobody was held out, so there is no figure. {share.replace('of them', 'beats trained on')}"
    whose = "made-up patients" if beats.made_up else f"the patients of fold {plan.train.fold} of DS1"
    whose += " (own recordings of those names)" * (beats.own is not None)
    chosen = " The step that is kept was chosen by them." if plan.train.select == "best" else ""
    rows = [(ROWS[name], verdict) for name, verdict in trained.verdicts]
    return f"On {whose}, of whom nothing was learnt.{chosen}\n\n{table(rows)}\n{share}"


def _files(beats: Material, net: Net) -> str:
    kind = "made-up beats" if beats.made_up else "beats trained on" if beats.own else "beats of DS1"
    large = 4 * size_of(net).weights > LARGE
    apart = "\nfloat.safetensors and checkpoint.npz are too large to be kept with the code; the command writes them.\n"
    return (
        "| file | what it is |\n|---|---|\n"
        "| net.json, weights.safetensors | the integer net |\n"
        f"| kat.safetensors | known answers: edges of the format and {kind}, with the net's scores |\n"
        "| float.safetensors | the float net, batch norm not folded |\n"
        "| checkpoint.npz | the folded net after quantisation-aware training, float, in ai8x form; "
        "`bittrue ecg quantize` makes the integers of it |\n"
        f"| recipe.toml | what it was trained by |\n{apart * large}"
    )
