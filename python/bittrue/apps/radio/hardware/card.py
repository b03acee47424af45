"""CARD.md of a radio net: what it is and what was measured, written by the program that measured it."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.apps.radio.baselines import NOTE
from bittrue.apps.radio.hardware.judging import FLOAT, INTEGER, UNROUNDED, Worth
from bittrue.apps.radio.hardware.recipe import RECIPES, Recipe
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.cost import macs
from bittrue.kit import card as parts
from bittrue.spec import Net
from bittrue.spec.store import content_hash

CPU = "processor time of training"


def text(recipe: Recipe, net: Net, fitted: Fitted, worth: Sequence[Worth]) -> str:
    """The text of CARD.md: free of dates; of two runs of one recipe only the line `CPU` differs."""
    return "\n".join(
        [
            f"# {recipe.name}\n",
            "A map of received power, 256 x 256 pixels of a metre, from buildings and a transmitter: a U-Net of\n"
            "integers, the same in Python and C.\n",
            _facts(recipe, net, fitted),
            "## Layers\n",
            parts.layers(net, shapes=True),
            "## What was measured\n",
            _method(recipe),
            *(part for one in worth for part in _table(one)),
            "\n".join(f"- {line}" for one in worth for line in sentences(one)) + "\n",
            *([] if len(worth) > 1 else ["The real maps were not at hand.\n"]),
            "## What was executed\n",
            "Everything is simulated: truth is the output of a propagation program, no map was received by an\n"
            "antenna, nothing ran on a board. `bittrue check` compares the legs.\n",
            "## Files\n",
            "| file | what it is |\n|---|---|\n"
            "| net.json, weights.safetensors | the integer net |\n"
            "| kat.safetensors | a known answer: a map of a city that was held out |\n"
            "| float.safetensors | the float net before the quantised stage, batch norm folded |\n"
            "| looks.csv | NMSE on cities that were held out, by step |\n"
            "| recipe.toml | what it was trained by |\n\n"
            "float.safetensors of weights/radio-map is not kept with the code; the command writes it.\n",
            parts.recipe(recipe.text),
        ]
    )


def sentences(worth: Worth) -> list[str]:
    """What the numbers say: what rounding took, which baselines are better, where it is worst."""
    means = worth.means
    own = means[INTEGER]
    better = [name for name, one in means.items() if name not in (FLOAT, UNROUNDED, INTEGER) and one.nmse <= own.nmse]
    number, worst = worth.worst
    beaten = f"no worse than it: {', '.join(better)}" if better else "all baselines are worse"
    return [
        f"{worth.title}. NMSE of the integer net {own.nmse:.4f}, {100 * worth.loss:+.1f} % by rounding; "
        f"{beaten}; worst city {number} with {worst.nmse:.4f}"
    ]


def _facts(recipe: Recipe, net: Net, fitted: Fitted) -> str:
    builtin = recipe.name in RECIPES.names() and RECIPES.builtin(recipe.name).text == recipe.text
    work = sum(macs(node.layer, net.types[node.name]) for node in net.nodes)
    own = recipe.cities
    rows = [
        ("command", parts.command("radio", recipe.name, builtin)),
        ("seed", f"{recipe.seed}, one run"),
        ("weights and biases", f"{recipe.spec.graph.parameters:,}"),
        ("multiplications", f"{work / 1e6:,.0f} million a map"),
        (
            "trained on",
            f"{own.maps - own.held} synthetic cities with {own.transmitters} transmitters each; no real map",
        ),
        ("steps", f"{recipe.train.steps:,} float, {recipe.quantise.steps:,} quantised, {recipe.train.batch} maps each"),
        (CPU, f"{fitted.cpu:.0f} s, one thread"),
        ("hash", f"`{content_hash(net)}`"),
    ]
    return parts.facts(rows)


def _method(recipe: Recipe) -> str:
    return (
        "Means over maps; grey levels scaled to 0 to 1, black buildings included in NMSE, RMSE, SSIM and PSNR, dB of\n"
        f"path loss over streets. {NOTE[0].upper()}{NOTE[1:]};\nsynthetic maps are its own, without error there. "
        "Held-out\nsynthetic cities also chose which average of the weights was kept; real maps chose nothing.\n"
    )


def _table(worth: Worth) -> list[str]:
    head = ("", "NMSE", "RMSE", "SSIM", "PSNR dB", "streets: RMSE dB")
    rows = [
        (name, f"{m.nmse:.4f}", f"{m.rmse:.4f}", f"{m.ssim:.3f}", f"{m.psnr:.1f}", f"{m.street_rmse:.2f}")
        for name, m in worth.means.items()
    ]
    return [f"{worth.title}; means and formulas fitted on {worth.fitted}:\n", parts.table(head, rows, right=True)]
