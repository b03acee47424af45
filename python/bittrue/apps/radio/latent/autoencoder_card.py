"""CARD.md of an autoencoder: what it is and what was measured, written by the program that measured it."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.apps.radio.hardware.card import CPU
from bittrue.apps.radio.hardware.judging import FLOAT, INTEGER, UNROUNDED
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.apps.radio.latent.autoencoder_recipe import AUTOENCODERS, AutoencoderRecipe
from bittrue.apps.radio.latent.coding import Coded
from bittrue.cost import macs
from bittrue.kit import card as parts
from bittrue.spec import Net
from bittrue.spec.store import content_hash


def text(recipe: AutoencoderRecipe, net: Net, fitted: Fitted, worth: Sequence[Coded]) -> str:
    """The text of CARD.md: free of dates; of two runs of one recipe only the line of processor time differs."""
    return "\n".join(
        [
            f"# {recipe.name}\n",
            f"A radio map of 256 x 256 pixels by {recipe.spec.values} values for every 8 x 8 pixels, and back: an\n"
            "autoencoder of integers. Its latent is the node `latent`; `bittrue.apps.radio.hardware.blocks.tail` is\n"
            "the decoder behind it.\n",
            _facts(recipe, net, fitted),
            "## Layers\n",
            parts.layers(net, shapes=True),
            "## What was measured\n",
            "Means over maps; grey levels scaled to 0 to 1, black buildings included but in the last column, dB of\n"
            "path loss over streets. Values of linear coders are not rounded, those of the integer net have 8 bits.\n"
            "Held-out synthetic cities also chose which average of the weights was kept; real maps chose nothing.\n",
            *(part for one in worth for part in _table(one)),
            "\n".join(f"- {sentence(one)}" for one in worth) + "\n",
            *([] if len(worth) > 1 else ["The real maps were not at hand.\n"]),
            "## What was executed\n",
            "Everything is simulated: truth is the output of a propagation program, no map was received by an\n"
            "antenna, nothing ran on a board. `bittrue check` compares the legs.\n",
            "## Files\n",
            "| file | what it is |\n|---|---|\n"
            "| net.json, weights.safetensors | the integer net |\n"
            "| kat.safetensors | a known answer: a map of a city that was held out |\n"
            "| float.safetensors | the float net before the quantised stage, batch norm folded |\n"
            "| looks.csv | loss, PSNR and SSIM on cities that were held out, by step |\n"
            "| recipe.toml | what it was trained by |\n\n"
            f"float.safetensors of weights/{recipe.name} is not kept with the code; the command writes it.\n",
            parts.recipe(recipe.text),
        ]
    )


def sentence(worth: Coded) -> str:
    """What the numbers say: what rounding took, and which linear coders are better."""
    own = worth.means[INTEGER]
    linear = {name: one for name, one in worth.means.items() if name not in (FLOAT, UNROUNDED, INTEGER)}
    better = [name for name, one in linear.items() if one.psnr >= own.psnr or one.ssim >= own.ssim]
    beaten = f"no worse in PSNR or SSIM: {', '.join(better)}" if better else "all linear coders are worse in both"
    return (
        f"{worth.title}. PSNR of the integer net {own.psnr:.2f} dB, {worth.loss:+.2f} dB lost by rounding, SSIM "
        f"{own.ssim:.3f}; {beaten}"
    )


def _facts(recipe: AutoencoderRecipe, net: Net, fitted: Fitted) -> str:
    builtin = recipe.name in AUTOENCODERS.names() and AUTOENCODERS.shelf.content(recipe.name) == recipe.text.encode()
    work = sum(macs(node.layer, net.types[node.name]) for node in net.nodes)
    own, loss = recipe.cities, recipe.loss
    batch = f"{recipe.train.batch} crops of {loss.crop} x {loss.crop} pixels each"
    rows = [
        ("command", parts.command("radio", recipe.name, builtin)),
        ("seed", f"{recipe.seed}, one run"),
        ("weights and biases", f"{recipe.spec.graph.parameters:,}"),
        ("values of a latent", f"{recipe.spec.values} x 32 x 32 of 8 bits, for 65,536 pixels"),
        ("multiplications", f"{work / 1e6:,.0f} million a map, both ways"),
        ("trained on", f"{own.maps - own.held} synthetic cities with {own.transmitters} transmitters; no real map"),
        ("loss", f"mse / 0.0005 + {loss.similarity} (1 - SSIM) / 0.1"),
        ("steps", f"{recipe.train.steps:,} float, {recipe.quantise.steps:,} quantised, {batch}"),
        (CPU, f"{fitted.cpu:.0f} s, one thread"),
        ("hash", f"`{content_hash(net)}`"),
    ]
    return parts.facts(rows)


def _table(worth: Coded) -> list[str]:
    head = ("", "PSNR dB", "SSIM", "NMSE", "streets: RMSE dB")
    rows = [
        (name, f"{m.psnr:.2f}", f"{m.ssim:.3f}", f"{m.nmse:.4f}", f"{m.street_rmse:.2f}")
        for name, m in worth.means.items()
    ]
    return [f"{worth.title}:\n", parts.table(head, rows, right=True)]
