"""Models that bittrue wrote: the net that their metadata describes, if the graph is that net's to the last bit.

The weights are read from the graph, the hash says whether they are those of the description, and the net is printed
again: only where every node and constant comes out equal is the graph that net. Else it is read as any other.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from bittrue import spec
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.readers import json_document
from bittrue.readers.damage import DAMAGE
from bittrue.spec import Net, transposed_kernel
from bittrue.spec.store import JSON_FILE, WEIGHT_FILE
from bittrue.targets.qonnx.export import NOTE, SAMPLES, export
from bittrue.targets.qonnx.importing.dyadic import codes_of
from bittrue.targets.qonnx.importing.model import Model

Codes = npt.NDArray[np.int64]
Constants = Mapping[str, npt.NDArray[Any]]


def stored_net(model: Model) -> Net | None:
    """The net of a model that bittrue wrote and nothing changed since, else None."""
    from onnx import load_model_from_string

    if NOTE not in model.notes:
        return None
    try:
        net = _net(model.notes[NOTE], model.constants)
        again = export(net, int(model.notes[SAMPLES])).model
    except DAMAGE:  # BadInput among them
        return None
    same = load_model_from_string(again).graph.SerializeToString(deterministic=True) == model.graph
    return net if same else None


def _net(text: str, constants: Constants) -> Net:
    """The net of a description and of the constants of its graph; `BadInput` unless its hash fits."""
    tensors = _tensors(json_document(text.encode(), "the description"), constants)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / JSON_FILE).write_text(text)
        (Path(folder) / WEIGHT_FILE).write_bytes(safetensors.numpy.save(tensors))
        return spec.load(folder)


def _tensors(document: Any, constants: Constants) -> dict[str, Codes]:
    inputs = document["inputs"] if "inputs" in document else [{"name": "input", **document["input"]}]
    fracs = {each["name"]: Format.parse(each["format"]).frac for each in inputs}
    found: dict[str, Codes] = {}
    for node in document["nodes"]:
        name, own = node["name"], node.get("output", node.get("format"))
        fracs[name] = Format.parse(own).frac if own else fracs[node["inputs"][0]]
        if node["layer"] in ("Table", "Constant"):
            values = constants[f"{name}/values"]
            codes = codes_of(values, fracs[name], name)
            found[f"{name}.values"] = codes if node["layer"] == "Table" else codes[0]
        elif "weight_format" in node:
            frac = Format.parse(node["weight_format"]).frac
            found[f"{name}.weight"] = np.ascontiguousarray(codes_of(_weight(node, constants), frac, name))
            if f"{name}/bias" in constants:
                acc = fracs[node["inputs"][0]] + frac
                found[f"{name}.bias"] = _bias(node, constants[f"{name}/bias"], acc, acc - fracs[name])
    return found


def _weight(node: Mapping[str, Any], constants: Constants) -> npt.NDArray[Any]:
    """Values of the weight as the layer has them."""
    name, kind = node["name"], node["layer"]
    whole = constants.get(f"{name}/weight")
    if kind == "ComplexFIR" and whole is not None:
        return whole[::2]
    if kind == "Dense" and whole is not None:
        return whole.T
    if whole is not None:
        return transposed_kernel(whole, node["groups"]) if "Transpose" in kind else whole
    places = {}
    for key, matrix in constants.items():
        if match := re.fullmatch(re.escape(name) + r"/weight\[(\d{1,6}(?:,\d{1,6})*)\]", key):
            places[tuple(map(int, match[1].split(",")))] = matrix
    sizes = [max(along) + 1 for along in zip(*places, strict=True)]
    if not places or math.prod(sizes) != len(places):
        raise BadInput(f"{name} lacks weights; restore the file")
    filters, channels = next(iter(places.values())).shape
    rows, columns = filters // node["groups"], channels // node["groups"]
    dense = np.stack([places[place] for place in np.ndindex(*sizes)], axis=-1).reshape(filters, channels, *sizes)
    groups = (dense[g * rows : (g + 1) * rows, g * columns : (g + 1) * columns] for g in range(node["groups"]))
    return np.concatenate(list(groups))


def _bias(node: Mapping[str, Any], values: npt.NDArray[Any], acc: int, shift: int) -> Codes:
    """Codes of the biases, without the half step that is added to them."""
    codes = codes_of(values.reshape(-1), acc, node["name"])
    half = shift > 0 and not node["activation"].startswith("leaky")
    return codes - (1 << (shift - 1)) if half else codes
