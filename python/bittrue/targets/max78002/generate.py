"""A net as a project for the vendor's SDK, with a known-answer test."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.files import made_folder, write_together
from bittrue.spec import Net
from bittrue.spec.store import content_hash, contents
from bittrue.targets.max78002 import cnn_text, main_text
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.plan import Plan, plan
from bittrue.targets.max78002.yaml_writer import network_yaml

Files = dict[str, bytes | str]

FORMAT, VERSION = "bittrue-max7800x", 1
MANIFEST, NET_FOLDER, SAMPLE = "manifest.json", "net", "sample.npy"


def project(net: Net, sample: npt.ArrayLike, device: Device) -> tuple[Plan, Files]:
    """The plan of a net on a chip, and the files of its project by name; the same bytes for the same net and sample.

    Parameters
    ----------
    net : Net
    sample : array_like
        Codes of one frame or image, the known-answer test: the shape that the net takes, or one in front of it.
    device : Device

    Raises
    ------
    BadInput
        For a sample of another shape or format, and for a net that the chip cannot have or that does not fit.
    """
    codes = net.check_codes(sample)
    if len(codes) != 1:
        raise BadInput(f"{len(codes)} samples are given for the known-answer test; give one")
    made = plan(net, device)
    found = ref.outputs(net, codes)
    results = [found[name][0] for name in net.outputs]
    files: Files = {
        "cnn.c": cnn_text.source(made),
        "cnn.h": cnn_text.header(made),
        "weights.h": cnn_text.weights(made),
        "main.c": main_text.main_source(made, codes[0]),
        "sampledata.h": main_text.sample_data(made, codes[0]),
        "sampleoutput.h": main_text.sample_output(made, results),
        "softmax.c": cnn_text.template("softmax.c", about=cnn_text.about(made, "Softmax of the wide results")),
        "Makefile": _makefile(made),
        "project.mk": cnn_text.template("project.mk"),
        "network.yaml": _yaml(made),
        SAMPLE: _npy(codes[0]),
        **{f"{NET_FOLDER}/{name}": content for name, content in contents(net).items()},
    }
    return made, files | {MANIFEST: json.dumps(_manifest(made, files), indent=1) + "\n"}


def write_project(net: Net, sample: npt.ArrayLike, device: Device, folder: str | os.PathLike[str]) -> Plan:
    """Write the files of `project` into ``folder``, which is made if need be: all of them, or nothing at all."""
    made, files = project(net, sample, device)
    with made_folder(folder) as place, made_folder(place / NET_FOLDER):
        write_together(place, files)
    return made


def _yaml(made: Plan) -> str:
    """The ai8x description with the places of the plan."""
    layers = [layer for layer in made.layers if layer.node]
    places = [(layer.given, layer.result) for layer in layers]
    outputs = [layer.name for layer in made.results]
    return network_yaml([layer.stage for layer in layers], made.net, made.memory.device, places=places, outputs=outputs)


def _makefile(made: Plan) -> str:
    """The Makefile; make's own ``$`` stay as they are."""
    device = made.memory.device.name
    text = (Path(__file__).parent / "templates" / "Makefile").read_text(encoding="utf-8")
    title = f"Net {made.net.name} on a {device}, written by bittrue."
    for name, value in {"title": title, "target": device.lower(), "device": device}.items():
        text = text.replace(f"${name}", value)
    return text


def _manifest(made: Plan, files: Files) -> dict[str, Any]:
    """What a reader needs to find every layer's result in the chip's memory."""
    layers = [_row(layer) for layer in made.layers if layer.node]
    return {
        "format": FORMAT,
        "version": VERSION,
        "device": made.memory.device.name,
        "net": made.net.name,
        "hash": content_hash(made.net),
        "layers": layers,
        "files": {name: _digest(content) for name, content in sorted(files.items())},
    }


def _row(layer: HardwareLayer) -> dict[str, Any]:
    """A layer's result; ``columns`` and ``gap`` where there are any."""
    result = layer.result
    row: dict[str, Any] = {
        "name": layer.name,
        "node": layer.node,
        "channels": result.channels,
        "length": result.length,
        "offset": result.offset,
        "processors": f"0x{result.processors:016x}",
        "passes": result.passes,
        "bits": 32 if result.wide else 8,
    }
    row |= {"columns": result.columns} if result.columns > 1 else {}
    return row | ({"gap": result.gap} if result.gap else {})


def _digest(content: bytes | str) -> str:
    return "sha256:" + hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def _npy(codes: npt.NDArray[np.int64]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, codes, allow_pickle=False)
    return buffer.getvalue()
