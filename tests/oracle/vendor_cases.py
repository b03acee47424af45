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
FOLDER = Path(os.environ.get("BITTRUE_ORACLE", ROOT.parent / "shared" / "oracle")) / "max7800x"
CASES = sorted(path.parent.name for path in FOLDER.glob("*/network.yaml"))


def imported(name, which="quantized"):
    folder = FOLDER / name
    device = device_of(json.loads((folder / "case.json").read_text())["device"])
    checkpoint = read_checkpoint(folder / f"{which}_checkpoint.npz")
    first = np.load(folder / "sample_input_0.npy", allow_pickle=False)
    return import_network(read_network(folder / "network.yaml"), checkpoint, device, first.shape[1])
