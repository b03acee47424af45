"""Package of a full-size generator: integer tensors and scales, ROM files, a manifest, and where it fits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import bittrue
from bittrue.apps.noise.gan import latents
from bittrue.apps.noise.gan.generator import Generator
from bittrue.apps.noise.gan.plan import Plan
from bittrue.apps.noise.gan.transform import FILE as SCALER
from bittrue.apps.noise.gan.transform import Transform
from bittrue.cost import XC7Z020, default_interval, macs, resources
from bittrue.emit.rom import layout, roms
from bittrue.errors import BadInput
from bittrue.kit import fitting
from bittrue.limits import take
from bittrue.qat.tracing.quantised import Quantised
from bittrue.spec import Net
from bittrue.spec.store import content_hash, contents

MANIFEST, REPORT = "manifest.json", "FIT.md"
FORMAT, VERSION = "bittrue-package", 1
BITS = (8, 16)
WORD_BYTES = 200
"""Memory for a word of the ROM files while they are printed, about."""


@dataclass(frozen=True, eq=False)
class Package:
    """A net, what quantisation lost, and the files by name."""

    net: Net
    report: str
    files: Mapping[str, bytes | str]
    fits: Mapping[str, str]


def package(
    generator: Generator, plan: Plan, transform: Transform | None, name: str, bits: int, signals: int, about: str
) -> Package:
    """Quantise a generator after training and print its package.

    Parameters
    ----------
    generator : Generator
        In evaluation mode, of the ``plan``.
    transform : Transform, optional
        Whose statistics bring outputs back to units of the training set.
    name : str
        Of the net.
    bits : int
        8 or 16, of tensors and weights.
    signals : int
        Latent vectors, of seed 0, by which the formats are chosen.
    about : str
        Where the weights come from, for the report.

    Raises `BadInput` where the files would take more memory than a command may.
    """
    import torch

    words = sum(parameter.numel() for parameter in generator.parameters())
    take(WORD_BYTES * words, f"the ROM files of {words:,} words")
    settings = plan.settings
    random = torch.Generator().manual_seed(0)
    z = latents.drawn(settings.latent_type, signals, settings.model_specs.latent_dim, random)
    quantised = bittrue.ptq(generator, z, formats=bits, name=name, search=False)
    net = quantised.to_net()
    files: dict[str, bytes | str] = {**contents(net), **roms(net)}
    if transform is not None:
        files[SCALER] = transform.content()
    fits = {fitting.FPGA: on_fpga(net), fitting.CHIP: on_chip(net)}
    files[REPORT] = report(net, quantised, about, fits)
    return Package(net, str(quantised.report), files | {MANIFEST: manifest(net, files, fits)}, fits)


def weight_bits(net: Net) -> int:
    """Bits of all words of the ROMs."""
    return sum(width * tensor.codes.size for width, tensors in layout(net).items() for tensor in tensors)


def on_fpga(net: Net) -> str:
    """Whether the block RAM of the PYNQ-Z1's part holds the ROMs and, where it does, its DSP blocks what is left."""
    if beyond := fitting.beyond_block_ram(weight_bits(net)):
        return beyond
    try:
        interval = default_interval(net)
        used = resources(net, interval)
    except BadInput as error:
        return f"not by bittrue's hardware: {error}"
    said = (
        f"{used.dsp:,} of {XC7Z020.dsp} DSP48E1, {used.ramb36:,} of {XC7Z020.ramb36} RAMB36E1 at interval {interval:,}"
    )
    return f"{'fits as far as formulas say' if used.fits(XC7Z020) else 'does not fit'}: {said}"


def on_chip(net: Net) -> str:
    """Whether the MAX78002's kernel memory holds the net at 8 bits; whether it has its layers, its generator says."""
    size = sum(tensor.codes.size for tensors in layout(net).values() for tensor in tensors)
    if beyond := fitting.beyond_kernel_memory(size):
        return beyond
    return (
        f"fits by size: {fitting.at_eight_bits(size)}; `bittrue max78002 generate` says whether the chip has its layers"
    )


def rows(net: Net) -> list[tuple[str, ...]]:
    """A row a layer: name, kind, shape of the weights, their format, result, multiplications."""
    found: list[tuple[str, ...]] = []
    for node in net.nodes:
        weight = getattr(node.layer, "weight", None)
        shape = "" if weight is None else " x ".join(map(str, weight.shape))
        form = "" if weight is None else str(node.layer.weight_format)  # type: ignore[attr-defined]
        output = net.types[node.name]
        count = f"{macs(node.layer, output):,}"
        found.append((node.name, type(node.layer).__name__, shape, form, str(output), count))
    return found


def report(net: Net, quantised: Quantised, about: str, fits: Mapping[str, str]) -> str:
    """The text of FIT.md."""
    from bittrue.kit import card

    total = sum(tensor.codes.size for tensors in layout(net).values() for tensor in tensors)
    return "\n".join(
        [
            f"# {net.name}: package\n",
            f"{about} Quantised after training, by powers of two; nothing of it ran on a device.\n",
            card.facts([("words", f"{total:,}"), ("ROM bits", f"{weight_bits(net):,}"), ("hash", content_hash(net))]),
            "## Where it fits\n",
            card.table(("device", "verdict"), list(fits.items())),
            "## Layers\n",
            card.table(("node", "layer", "weights", "format", "result", "multiplications"), rows(net)),
            "## What quantisation lost\n",
            f"```\n{quantised.report}\n```\n",
            "## Files\n",
            "| file | what it is |\n|---|---|\n"
            "| net.json, weights.safetensors | the integer net: every tensor, its format `Qm.n` is its scale `2^-n` |\n"
            "| `*.mem`, `*.hex`, `*.coe` | its words as memory files, places in address_map.json |\n"
            f"| {SCALER} | of a trained run: what brings outputs back to the units of its set |\n"
            f"| {MANIFEST} | layers, formats, verdicts, SHA-256 of every file |\n",
        ]
    )


def manifest(net: Net, files: Mapping[str, bytes | str], fits: Mapping[str, str]) -> str:
    """The text of manifest.json."""
    keys = ("node", "layer", "weights", "format", "result", "multiplications")
    document = {
        "format": FORMAT,
        "version": VERSION,
        "net": net.name,
        "hash": content_hash(net),
        "fits": dict(fits),
        "layers": [dict(zip(keys, row, strict=True)) for row in rows(net)],
        "files": {
            name: hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()
            for name, data in sorted(files.items())
        },
    }
    return json.dumps(document, indent=1) + "\n"
