"""Package of a published model: its tensors as integers, a memory file, a header, a manifest, and where it fits."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bittrue.apps.radio.configuration import Configuration, DiffusionFile
from bittrue.apps.radio.diffusion.latent import LatentDiffusion
from bittrue.apps.radio.models.autoencoder import AutoencoderKL
from bittrue.apps.radio.models.public_files import load_diffusion, load_first_stage
from bittrue.apps.radio.published.batches import side_of
from bittrue.apps.radio.published.sizes import built
from bittrue.emit.tensors import HEADER, MEMORY, WEIGHTS, Codes, coded, tensor_files
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.kit import card, fitting
from bittrue.limits import TEXT, take
from bittrue.qat.tracing.modules import MODULES
from bittrue.readers import json_document
from bittrue.spec.store import JSON_FILE

Step = Callable[[str, int, int], None]
MANIFEST, REPORT = "manifest.json", "FIT.md"
FORMAT, VERSION = "bittrue-tensor-package", 1


@dataclass(frozen=True, eq=False)
class Package:
    """What a package says, and its files by name."""

    words: int
    decibel: float
    fits: Mapping[str, str]
    files: Mapping[str, bytes | str]


def model_of(configuration: Configuration, weights: Path | None) -> nn.Module:
    """The model of a configuration, with the weights of a file or, without one, as they are drawn with seed 0.

    Raises `BadInput` where the file cannot be read or holds another model's.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        if isinstance(configuration, DiffusionFile):
            model: nn.Module = built(lambda: LatentDiffusion(configuration, side_of(configuration)))
        else:
            model = built(lambda: AutoencoderKL(configuration.model))
    if weights is not None and isinstance(configuration, DiffusionFile):
        load_diffusion(model, weights, configuration.sampler.use_ema)
    elif weights is not None:
        load_first_stage(model, weights)
    return model.eval()


def package(
    model: nn.Module, side: int, name: str, bits: int, about: str, step: Step = lambda doing, done, of: None
) -> Package:
    """Round every tensor of a model to integers of ``bits`` and print the package.

    Numbers alone (a scale) stay as they are, in the manifest; whole numbers (indices) are the model's structure.

    Parameters
    ----------
    model : AutoencoderKL or LatentDiffusion
    side : int
        Pixels of a map's side, for the multiplications.
    name : str
        Of the package.
    bits : int
        8 or 16.
    about : str
        Where the weights come from, for the report.

    Raises `BadInput` for weights that are not finite, and where the files would take more memory than a command may.
    """
    floats = {key: value for key, value in model.state_dict().items() if value.is_floating_point()}
    words = sum(value.numel() for value in floats.values() if value.dim())
    take((4 + 3 * (bits // 8) + 2 * (bits // 4 + 1)) * words, f"the model and the files of {words:,} words")
    tensors = []
    for done, (key, value) in enumerate(floats.items()):
        step("rounding tensors", done, len(floats))
        if value.dim():
            tensors.append(coded(key, value.numpy(), bits))
    files = tensor_files(f"{name}, tensors", tensors, bits)
    fits = {device: verdict or "fits by size" for device, verdict in sizes(words, bits).items()}
    numbers = {key: float(value) for key, value in floats.items() if not value.dim()}
    files[REPORT] = report(name, bits, about, kinds(model), multiplications(model, side), tensors, fits)
    files[MANIFEST] = manifest(name, bits, tensors, numbers, fits, files)
    return Package(words, signal_to_rounding(tensors), fits, files)


def signal_to_rounding(tensors: Sequence[Codes]) -> float:
    """Of all words, in dB; infinite where nothing was lost."""
    power, error = (sum(getattr(tensor, what) for tensor in tensors) for what in ("power", "error"))
    return 10 * math.log10(power / error) if error else math.inf


def check_folder(folder: Path, name: str) -> None:
    """Raise `BadInput` where a folder holds a net, or the package of another model, whose files would be replaced."""
    if (folder / JSON_FILE).exists():
        raise BadInput(f"{folder} holds a net, whose weights the package would replace; choose another folder")
    if (folder / MANIFEST).exists():
        found = json_document(read_bytes(folder / MANIFEST, "the manifest", TEXT), f"{folder / MANIFEST}")
        owner = found.get("model") if isinstance(found, dict) else None
        if owner != name:
            raise BadInput(f"{folder / MANIFEST} is of {shown(owner)}, and not of {name}; choose another folder")


def sizes(words: int, bits: int) -> dict[str, str | None]:
    """Why a device's memory does not hold so many words, by its name; None where it does."""
    return {fitting.FPGA: fitting.beyond_block_ram(words * bits), fitting.CHIP: fitting.beyond_kernel_memory(words)}


def kinds(model: nn.Module) -> list[tuple[str, str, str, str]]:
    """Kinds of modules that compute or hold words: name, how many, words, whether bittrue has an integer layer."""
    count, words, known = Counter[str](), Counter[str](), dict[str, bool]()
    for module in model.modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if own or not (list(module.children()) or isinstance(module, nn.ModuleList)):
            kind = type(module).__name__
            count[kind] += 1
            words[kind] += own
            known[kind] = type(module) in MODULES
    order = sorted(count, key=lambda kind: (-words[kind], kind))
    return [(kind, f"{count[kind]:,}", f"{words[kind]:,}", "yes" if known[kind] else "no") for kind in order]


def multiplications(model: nn.Module, side: int) -> list[tuple[str, int]]:
    """Of the convolutions and matrices of a pass: what passes there are, and how many each takes.

    Counted by PyTorch as it computes; norms, activations and transforms are not.
    """
    if isinstance(model, AutoencoderKL):
        return [("a map there and back", _products(lambda: model(torch.zeros(1, 1, side, side))))]
    assert isinstance(model, LatentDiffusion)
    latent, time = torch.zeros(1, *model.shape), torch.full((1,), 0.5)
    cond = torch.zeros(1, 3, side, side)
    return [
        ("an evaluation of the U-Net", _products(lambda: model.model(latent, time, cond))),
        ("a latent to its map", _products(lambda: model.first_stage_model.decode(latent))),
    ]


def _products(run: Callable[[], object]) -> int:
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        run()
    return int(counter.get_total_flops()) // 2


def report(
    name: str,
    bits: int,
    about: str,
    modules: Sequence[tuple[str, ...]],
    passes: Sequence[tuple[str, int]],
    tensors: Sequence[Codes],
    fits: Mapping[str, str],
) -> str:
    """The text of FIT.md: ``modules`` as of `kinds`, ``passes`` as of `multiplications`."""
    words = sum(tensor.codes.size for tensor in tensors)
    worst = sorted(tensors, key=lambda tensor: tensor.decibel)[:10]
    return "\n".join(
        [
            f"# {name}: package\n",
            f"{about} Weights alone are rounded, each tensor by a power of two; nothing of it ran as integers.\n",
            card.facts(
                [
                    ("words", f"{words:,} of {bits} bits"),
                    ("signal to rounding", f"{signal_to_rounding(tensors):.1f} dB"),
                ]
            ),
            "## Where it fits\n",
            card.table(("device", "verdict"), list(fits.items())),
            "A model runs as integers where bittrue has a layer for every module (`bittrue.qat.prepare`):\n",
            card.table(("module", "how many", "words", "integer layer"), modules),
            "## Multiplications\n",
            card.table(("pass", "of convolutions and matrices"), [(what, f"{count:,}") for what, count in passes]),
            "## Tensors that lose most\n",
            card.table(
                ("tensor", "shape", "scale", "signal to rounding"),
                [(t.name, " x ".join(map(str, t.codes.shape)), f"2^{-t.frac}", f"{t.decibel:.1f} dB") for t in worst],
            ),
            "## Files\n",
            card.table(
                ("file", "what it is"),
                [
                    (WEIGHTS, f"the tensors, int{bits}"),
                    (MEMORY, "the same words in the same order for `$readmemh`"),
                    (HEADER, f"places in {WEIGHTS}, counts and scales for C"),
                    (MANIFEST, "tensors, scales, numbers alone, verdicts, SHA-256 of every file"),
                ],
            ),
        ]
    )


def manifest(
    name: str,
    bits: int,
    tensors: Sequence[Codes],
    numbers: Mapping[str, float],
    fits: Mapping[str, str],
    files: Mapping[str, bytes | str],
) -> str:
    """The text of manifest.json."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "model": name,
        "bits": bits,
        "fits": dict(fits),
        "numbers": dict(numbers),
        "tensors": [
            {"name": t.name, "shape": list(t.codes.shape), "frac": t.frac, "decibel": float(f"{t.decibel:.2f}")}
            if t.error
            else {"name": t.name, "shape": list(t.codes.shape), "frac": t.frac}
            for t in tensors
        ],
        "files": {
            file: hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()
            for file, data in sorted(files.items())
        },
    }
    return json.dumps(document, indent=1) + "\n"
