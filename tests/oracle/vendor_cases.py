"""Recorded cases of the vendor's tools: where they lie, and their nets.

They are read by path, from the environment variable BITTRUE_ORACLE or from ../shared/oracle beside the repository.
"""

import json
import os
from pathlib import Path

import numpy as np

from bittrue.targets.max78002.checkpoint import read_checkpoint
from bittrue.targets.max78002.devices import device_of
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network

ROOT = Path(__file__).resolve().parents[2]
ORACLE = Path(os.environ.get("BITTRUE_ORACLE", ROOT.parent / "shared" / "oracle"))
FOLDER, IMAGES = ORACLE / "max7800x", ORACLE / "max7800x_2d"
CASES = sorted(path.parent.name for path in FOLDER.glob("*/network.yaml"))
"""Chains of one dimension."""
IMAGE_CASES = sorted(path.parent.name for path in IMAGES.glob("*/network.yaml"))
"""Networks of images and with branches, published ones among them."""


def folder_of(name):
    """The folder of a case of either kind."""
    return (FOLDER if name in CASES else IMAGES) / name


def samples(name):
    """The recorded inputs of a case by their numbers."""
    found = sorted(folder_of(name).glob("sample_input_*.npy"))
    assert found
    return {path.stem.rpartition("_")[2]: np.load(path, allow_pickle=False) for path in found}


def device(name):
    """The device that a case was recorded for."""
    return device_of(json.loads((folder_of(name) / "case.json").read_text())["device"])


def imported(name, which="quantized"):
    """A case as a net, of one of its checkpoints."""
    folder = folder_of(name)
    checkpoint = read_checkpoint(folder / f"{which}_checkpoint.npz")
    first = samples(name)["0"]
    return import_network(read_network(folder / "network.yaml"), checkpoint, device(name), first.shape[1:])
