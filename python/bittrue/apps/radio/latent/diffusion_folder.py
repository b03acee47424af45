"""``diffusion.json`` beside a denoiser: which autoencoder it draws latents of, in how many steps, and the stretch."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from bittrue.apps.radio.latent.autoencoder import LATENT
from bittrue.apps.radio.latent.denoiser import PICTURES
from bittrue.apps.radio.latent.interval import LARGEST, UNIT
from bittrue.apps.radio.latent.latent_nets import check_autoencoder
from bittrue.apps.radio.latent.process import CODE, STEPS
from bittrue.committed import located
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.kit.schema import build
from bittrue.limits import TEXT
from bittrue.num.arrays import integer
from bittrue.readers import json_document
from bittrue.spec import Net, TensorType, load
from bittrue.spec.store import content_hash

FILE = "diffusion.json"
FORMAT, VERSION = "bittrue-radio-diffusion", 3


@dataclass(frozen=True)
class _Document:
    """The keys of the file; ``net`` and ``autoencoder_hash`` are hashes of the two nets."""

    format: str
    version: int
    net: str
    steps: int
    autoencoder: str
    autoencoder_hash: str
    stretch: int
    coverage: float


@dataclass(frozen=True, eq=False)
class Diffusion:
    """A denoiser, its autoencoder, the number of steps, and how far samples must be pulled apart to be calibrated.

    Raises `BadInput` where they do not fit together.
    """

    net: Net
    autoencoder: Net
    steps: int
    named: str
    """How the autoencoder is found: a folder beside the denoiser's, or a committed net."""
    stretch: int = UNIT
    """`bittrue.apps.radio.latent.interval.calibrated` of cities that were held out."""
    coverage: float = 0.0
    """What the interval of that stretch held there, a share."""

    def __post_init__(self) -> None:
        check_autoencoder(self.autoencoder)
        latent = self.autoencoder.types[LATENT]
        if not 1 <= (integer(self.steps) or 0) <= STEPS:
            raise BadInput(f"steps are {shown(self.steps)}; give 1 to {STEPS}")
        if not UNIT <= (integer(self.stretch) or 0) <= LARGEST:
            raise BadInput(f"stretch is {shown(self.stretch)} sixteenths; give {UNIT} to {LARGEST}")
        if not 0 <= self.coverage <= 1:
            raise BadInput(f"coverage is {shown(self.coverage)}; give a share, 0 to 1")
        channels = latent.shape[0] + self.steps + PICTURES
        taken = TensorType((channels, *latent.shape[1:]), CODE)
        if (
            len(self.net.inputs) > 1
            or len(self.net.outputs) > 1
            or self.net.input != taken
            or self.net.output != latent
        ):
            raise BadInput(
                f"net {self.net.name} is no denoiser of {self.steps} steps in the latent of {self.autoencoder.name}; "
                f"give one that takes {taken} and gives {latent}"
            )

    @property
    def text(self) -> str:
        """The content of the file."""
        return (
            json.dumps(
                {
                    "format": FORMAT,
                    "version": VERSION,
                    "net": content_hash(self.net),
                    "steps": self.steps,
                    "autoencoder": self.named,
                    "autoencoder_hash": content_hash(self.autoencoder),
                    "stretch": self.stretch,
                    "coverage": self.coverage,
                },
                indent=1,
            )
            + "\n"
        )


def has_diffusion(folder: str | os.PathLike[str]) -> bool:
    """Whether a net's folder, or the committed net of that name, has a `FILE`."""
    return (located(folder) / FILE).is_file()


def read(folder: str | os.PathLike[str]) -> Diffusion:
    """The diffusion model of a folder, or of the committed net of that name.

    Raises `BadInput` where there is none, or the file is damaged, of another net, or of another autoencoder than the
    one that is found.
    """
    folder = located(folder)
    path, net = folder / FILE, load(folder)
    what = f"the diffusion model {path}"
    document = json_document(read_bytes(path, "the diffusion model", TEXT), what)
    try:
        if not isinstance(document, dict):
            raise BadInput(f"it is {shown(document)}; give an object")
        for key, wanted in (("format", FORMAT), ("version", VERSION), ("net", content_hash(net))):
            if key in document and document[key] != wanted:
                raise BadInput(f"its {key!r} is {shown(document[key])}, and {shown(wanted)} is needed; train it again")
        said: _Document = build(_Document, document)
        autoencoder = load(autoencoder_folder(folder, said.autoencoder))
        if content_hash(autoencoder) != said.autoencoder_hash:
            raise BadInput(
                f"it was trained in the latent of another {said.autoencoder} than is found; restore that, or train it "
                f"again"
            )
        return Diffusion(net, autoencoder, said.steps, said.autoencoder, said.stretch, said.coverage)
    except BadInput as error:
        raise BadInput(f"{what}: {error}") from None


def autoencoder_folder(folder: Path, name: str) -> Path:
    """The folder of an autoencoder: the one of that name beside ``folder``, else the committed net."""
    if Path(name).name != name or name in ("", ".", ".."):
        raise BadInput(f"its autoencoder is {shown(name)}; give the name of a folder beside it, or of a committed net")
    beside = folder.absolute().parent / name
    return beside if beside.is_dir() else located(name)
