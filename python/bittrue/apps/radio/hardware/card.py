"""CARD.md of a radio net for hardware: what it is and what was measured, written by the program that measured it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bittrue.apps.radio.hardware.recipe import CityRecipe
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.apps.radio.measures import Measures
from bittrue.cost import macs
from bittrue.kit import card as parts
from bittrue.kit.page import Sheet
from bittrue.kit.recipes import Recipes
from bittrue.spec import Net
from bittrue.spec.store import content_hash

CPU = "processor time of training"
CHOSEN = "synthetic cities also chose which average of the weights was kept; real maps chose nothing."
FILES = {
    "float.safetensors": "the float net before the quantised stage, batch norm folded",
    "recipe.toml": "what it was trained by",
}


@dataclass(frozen=True)
class About:
    """What a card says of a kind of net.

    Parameters
    ----------
    lead : str
        What the net is.
    facts : str
        The table of `facts`.
    method : str
        How it was measured.
    files : dict of str
        What every file is, but for those of `FILES`.
    """

    lead: str
    facts: str
    method: str
    files: dict[str, str]


def text(recipe: CityRecipe, net: Net, about: About, measured: Sequence[Sheet], said: Iterable[str]) -> str:
    """The text of CARD.md: free of dates; of two runs of one recipe only the line `CPU` differs.

    Parameters
    ----------
    measured : sequence of Sheet
        A table a set of maps, first of the cities that were held out; one alone where real maps were not at hand.
    said : iterable of str
        What the numbers say.
    """
    files = "".join(f"| {name} | {what} |\n" for name, what in (about.files | FILES).items())
    return "\n".join(
        [
            f"# {recipe.name}\n",
            f"{about.lead}\n",
            about.facts,
            "## Layers\n",
            parts.layers(net, shapes=True),
            "## What was measured\n",
            f"{about.method}\n",
            *(part for one in measured for part in (f"{one.title}:\n", parts.table(one.columns, one.rows, right=True))),
            "\n".join(f"- {line}" for line in said) + "\n",
            *([] if len(measured) > 1 else ["The real maps were not at hand.\n"]),
            "## What was executed\n",
            "Everything is simulated: truth is the output of a propagation program, no map was received by an\n"
            "antenna, nothing ran on a board. `bittrue check` compares the legs.\n",
            "## Files\n",
            f"| file | what it is |\n|---|---|\n{files}\n"
            f"float.safetensors of weights/{recipe.name} is not kept with the code; the command writes it.\n",
            parts.recipe(recipe.text),
        ]
    )


def facts(
    recipes: Recipes[Any], recipe: CityRecipe, net: Net, fitted: Fitted, each: str, batch: str, more: dict[str, str]
) -> str:
    """The table of facts.

    Parameters
    ----------
    recipes : Recipes
        Those of its kind that are built in.
    each : str
        What the multiplications of the net are for.
    batch : str
        What a step is of.
    more : dict of str
        Facts of this kind of net.
    """
    work, own = sum(macs(node.layer, net.types[node.name]) for node in net.nodes), recipe.cities
    rows = {
        "command": parts.command("radio", recipe.name, recipes.has(recipe)),
        "seed": f"{recipe.seed}, one run",
        "weights and biases": f"{fitted.quantised.graph.parameters:,}",
        **more,
        "multiplications": f"{work / 1e6:,.0f} million {each}",
        "trained on": f"{own.maps - own.held} synthetic cities with {own.transmitters} transmitters each; no real map",
        "steps": f"{recipe.train.steps:,} float, {recipe.quantise.steps:,} quantised, {batch} each",
        CPU: f"{fitted.cpu:.0f} s, one thread",
        "hash": f"`{content_hash(net)}`",
    }
    return parts.facts(rows.items())


def predicted(title: str, means: Mapping[str, Measures]) -> Sheet:
    """The table of predicted maps, by way to predict."""
    rows = [
        (name, f"{m.nmse:.4f}", f"{m.rmse:.4f}", f"{m.ssim:.3f}", f"{m.psnr:.1f}", f"{m.street_rmse:.2f}")
        for name, m in means.items()
    ]
    return Sheet(title, ("", "NMSE", "RMSE", "SSIM", "PSNR dB", "streets: RMSE dB"), rows)
