"""CARD.md of a diffusion model: what it is and what was measured, written by the program that measured it."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.apps.radio.hardware.card import CPU
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.apps.radio.latent.diffusion_folder import Diffusion
from bittrue.apps.radio.latent.diffusion_recipe import DIFFUSIONS, DiffusionRecipe
from bittrue.apps.radio.latent.drawing import MEAN, ONE, SAMPLES, SHOT, UNROUNDED, Drawn
from bittrue.cost import macs
from bittrue.kit import card as parts
from bittrue.spec.store import content_hash

WANTED = 1.15
"""Of the RMSE of radio-map."""


def text(recipe: DiffusionRecipe, model: Diffusion, fitted: Fitted, worth: Sequence[Drawn]) -> str:
    """The text of CARD.md: free of dates; of two runs of one recipe only the line of processor time differs."""
    return "\n".join(
        [
            f"# {recipe.name}\n",
            "A denoiser of integers in the latent of an integer autoencoder: maps of received power are drawn from\n"
            f"noise in {model.steps} evaluations, given buildings and a transmitter. docs/radio-hardware.md has the\n"
            "sampler's formula and says on which legs a seed was seen to give the same bits.\n",
            _facts(recipe, model, fitted),
            "## Layers\n",
            parts.layers(model.net, shapes=True),
            "## What was measured\n",
            "Means over maps; grey levels scaled to 0 to 1, black buildings included in NMSE, RMSE, SSIM and PSNR, dB\n"
            f"of path loss over streets; noise of seed 0. Of {SAMPLES} samples the smallest and the largest hold one\n"
            "more of the same law with 90 %: coverage is the share of street pixels whose truth they hold, spread and\n"
            "error are root mean squares over streets. Held-out synthetic cities also chose which average of the\n"
            "weights was kept; real maps chose nothing. radio-map has seen cities of seed 1, and no others.\n",
            *(part for one in worth for part in _table(one)),
            "\n".join(f"- {sentence(one)}" for one in worth) + "\n",
            *([] if len(worth) > 1 else ["The real maps were not at hand.\n"]),
            "## What was executed\n",
            "Everything is simulated: truth is the output of a propagation program, no map was received by an\n"
            "antenna, nothing ran on a board. `bittrue check` compares the legs.\n",
            "## Files\n",
            "| file | what it is |\n|---|---|\n"
            "| net.json, weights.safetensors | the denoiser |\n"
            "| diffusion.json | its steps, and which autoencoder it belongs to |\n"
            "| kat.safetensors | a known answer: noise and the pictures of a city that was held out |\n"
            "| float.safetensors | the float net before the quantised stage, batch norm folded |\n"
            "| looks.csv | the loss on cities that were held out, by step |\n"
            "| recipe.toml | what it was trained by |\n\n"
            f"float.safetensors of weights/{recipe.name} is not kept with the code; the command writes it.\n",
            parts.recipe(recipe.text),
        ]
    )


def sentence(worth: Drawn) -> str:
    """What the numbers say."""
    one, average, unrounded = worth.means[ONE], worth.means[MEAN], worth.means[UNROUNDED]
    said = (
        f"{worth.title}. RMSE of a sample {one.rmse:.4f}, of the mean of {SAMPLES} {average.rmse:.4f}"
        f"{_beside(worth)}; the 90 % interval of {SAMPLES} samples holds {100 * worth.coverage:.1f} % of the streets; "
        f"their spread is {worth.spread:.2f} dB, the error of their mean {average.street_rmse:.2f} dB"
    )
    return f"{said}; rounding changes NMSE of a sample by {100 * (one.nmse / unrounded.nmse - 1):+.1f} %"


def _beside(worth: Drawn) -> str:
    """How many times the error of the net that predicts at once."""
    shots = [(name, m.rmse) for name, m in worth.means.items() if name.endswith(SHOT)]
    return "".join(
        f", {worth.means[ONE].rmse / rmse:.2f} and {worth.means[MEAN].rmse / rmse:.2f} times that of "
        f"{name.removesuffix(SHOT)} (wanted: {WANTED} at most)"
        for name, rmse in shots
    )


def _facts(recipe: DiffusionRecipe, model: Diffusion, fitted: Fitted) -> str:
    builtin = recipe.name in DIFFUSIONS.names() and DIFFUSIONS.shelf.content(recipe.name) == recipe.text.encode()
    net, own = model.net, recipe.cities
    work = sum(macs(node.layer, net.types[node.name]) for node in net.nodes)
    batch = f"{recipe.train.batch} maps with {recipe.latents.draws} noises each"
    rows = [
        ("command", parts.command("radio", recipe.name, builtin)),
        ("seed", f"{recipe.seed}, one run"),
        ("autoencoder", f"{model.named}, `{content_hash(model.autoencoder)}`"),
        ("weights and biases", f"{fitted.quantised.graph.parameters:,}"),
        ("multiplications", f"{work / 1e6:,.0f} million an evaluation, {model.steps} evaluations"),
        ("trained on", f"{own.maps - own.held} synthetic cities with {own.transmitters} transmitters; no real map"),
        ("steps", f"{recipe.train.steps:,} float, {recipe.quantise.steps:,} quantised, {batch}"),
        (CPU, f"{fitted.cpu:.0f} s, one thread"),
        ("hash", f"`{content_hash(net)}`"),
    ]
    return parts.facts(rows)


def _table(worth: Drawn) -> list[str]:
    head = ("", "NMSE", "RMSE", "SSIM", "PSNR dB", "streets: RMSE dB")
    rows = [
        (name, f"{m.nmse:.4f}", f"{m.rmse:.4f}", f"{m.ssim:.3f}", f"{m.psnr:.1f}", f"{m.street_rmse:.2f}")
        for name, m in worth.means.items()
    ]
    return [f"{worth.title}:\n", parts.table(head, rows, right=True)]
