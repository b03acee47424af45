"""Nets on disk: a folder with net.json, weights.safetensors and a content hash (docs/net-format.md)."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from bittrue.committed import MARK, located
from bittrue.committed import names as committed
from bittrue.errors import BadInput, listed, shown
from bittrue.files import read_bytes, write_together
from bittrue.limits import TEXT, take
from bittrue.num import Format
from bittrue.readers import DAMAGE, json_document
from bittrue.readers.tensors import tensors as read_tensors
from bittrue.spec import activation
from bittrue.spec.arranging import Flatten
from bittrue.spec.complex_fir import Term
from bittrue.spec.conv import Conv1d, Ends
from bittrue.spec.layer import LAYERS, Layer, TensorType
from bittrue.spec.net import INPUT, Net, Node

JSON_FILE, WEIGHT_FILE = MARK, "weights.safetensors"
VERSIONS = (1, 2)
"""Versions of net.json that are read. A net is written in the first one that can say it, so that its hash stays."""
_FIRST = {"Add", "AvgPool1d", "ComplexFIR", "Conv1d", "Dense", "Flatten", "MaxPool1d", "MemoryTaps", "Table"}
"""Layers that version 1 knows."""
Tensors = dict[str, npt.NDArray[np.int64]]


def content_hash(net: Net) -> str:
    """``"sha256:..."`` over everything that gives the net its meaning, however its files are laid out.

    The digest runs over the net's JSON without ``hash`` (keys sorted, no spaces, ASCII, one newline), then for each
    tensor, sorted by name, over the line ``name [shape]`` and the values as little-endian int64 in C order.
    """
    document, tensors = _describe(net)
    return _digest(document, tensors)


def contents(net: Net) -> dict[str, bytes | str]:
    """The files of a net folder by name."""
    document, tensors = _describe(net)
    text = json.dumps(document | {"hash": _digest(document, tensors)}, indent=1) + "\n"
    weights = safetensors.numpy.save({name: _narrow(tensor) for name, tensor in tensors.items()})
    return {WEIGHT_FILE: weights, JSON_FILE: text}


def save(net: Net, folder: str | os.PathLike[str]) -> None:
    """Write ``net.json`` and ``weights.safetensors`` into ``folder``, which is made if need be."""
    files = contents(net)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror or error}; choose another folder") from None
    write_together(folder, files)


def load(folder: str | os.PathLike[str]) -> Net:
    """Read a net folder, or the committed net of that name (`bittrue.committed.located`), and verify its hash.

    Raises `BadInput` where a file is missing or unreadable, a layer, format or key is unknown, a key comes twice, the
    content is not what the hash was taken of (a corrupt or edited file), or the JSON is not what `save` writes for that
    net (a key too many, ``Q01.15`` for ``Q1.15``): one net has one hash, and one meaning for every reader.
    """
    folder = located(folder)
    _check_folder(folder)
    document = json_document(
        read_bytes(folder / JSON_FILE, "the net description", TEXT), f"the net description {folder / JSON_FILE}"
    )
    if not isinstance(document, dict) or document.get("format") != "bittrue-net":
        raise BadInput(f"{folder / JSON_FILE} does not describe a net: its 'format' must be 'bittrue-net'")
    if type(document.get("version")) is not int or document["version"] not in VERSIONS:
        raise BadInput(
            f"{folder / JSON_FILE} has version {shown(document.get('version'))}; this bittrue reads versions "
            f"{' and '.join(map(str, VERSIONS))}"
        )
    stored = read_tensors(read_bytes(folder / WEIGHT_FILE, "the weights"), f"the weights {folder / WEIGHT_FILE}")
    take(8 * sum(tensor.size for tensor in stored.values()), f"the weights {folder / WEIGHT_FILE}")
    tensors = {name: _wide(name, tensor) for name, tensor in stored.items()}
    given = document.pop("hash", None)
    if given != (found := _digest(document, tensors)):
        raise BadInput(
            f"{folder} was edited or is corrupt: net.json says {shown(given)}, the content has {found}; restore it"
        )
    net = _build(document, tensors, folder)
    if document["version"] != (version := _version(net)):
        raise BadInput(
            f"{folder / JSON_FILE} has version {document['version']} and a net that belongs under version {version}; "
            f"write the folder with bittrue.spec.save"
        )
    if content_hash(net) != given:
        raise BadInput(
            f"{folder / JSON_FILE} holds more than its net or writes it in another way (a key too many, Q01.15 for "
            f"Q1.15); write the folder with bittrue.spec.save"
        )
    return net


def as_net(net: Net | str | os.PathLike[str]) -> Net:
    """A net as it is, or what `load` reads: its folder, or the name of a committed net. Raises `BadInput` as `load`."""
    return net if isinstance(net, Net) else load(net)


def _check_folder(folder: Path) -> None:
    """Raise `BadInput`, saying what a folder holds instead, where it holds no net."""
    if not folder.is_dir():
        what = f"{folder.parent}, the" if folder.name in (JSON_FILE, WEIGHT_FILE) else "a"
        known = f", or the name of a net that is here: {', '.join(committed())}" if len(folder.parts) == 1 else ""
        raise BadInput(
            f"{folder} is not a net folder; give {what} folder that holds {JSON_FILE} and {WEIGHT_FILE}{known}"
        )
    if (folder / JSON_FILE).exists():
        return
    nets = sorted(path.parent.name for path in folder.glob(f"*/{JSON_FILE}"))
    if nets:
        names = ", ".join(nets[:8]) + (", ..." if len(nets) > 8 else "")
        raise BadInput(
            f"{folder} is a folder of {len(nets)} nets ({names}); give one of them, such as {folder / nets[0]}"
        )
    there = next((what for file, what in _OTHERS.items() if (folder / file).exists()), None)
    if there:
        raise BadInput(f"{folder} is {there}, not a net folder, which holds {JSON_FILE} and {WEIGHT_FILE}; give one")
    raise BadInput(f"{folder} is not a net folder: it holds no {JSON_FILE}; give a folder that bittrue train wrote")


_OTHERS = {
    "spec.json": "a capture",
    "bank_map.json": "a folder of ROM files of banks",
    "address_map.json": "a folder of ROM files",
    "manifest.json": "a firmware project",
    "float.safetensors": "a folder of float parameters",
}
"""What a folder is that holds such a file and no net."""


def _describe(net: Net) -> tuple[dict[str, Any], Tensors]:
    tensors: Tensors = {}
    nodes = []
    for node in net.nodes:
        entry: dict[str, Any] = {"name": node.name, "layer": type(node.layer).__name__, "inputs": list(node.inputs)}
        for field in fields(node.layer):  # type: ignore[arg-type]
            value = getattr(node.layer, field.name)
            if isinstance(value, np.ndarray):
                tensors[f"{node.name}.{field.name}"] = value
            elif value is not None:
                entry[field.name] = _to_json(value)
        nodes.append(entry)
    document: dict[str, Any] = {"format": "bittrue-net", "version": _version(net), "name": net.name}
    inputs = {name: {"shape": list(tensor.shape), "format": str(tensor.format)} for name, tensor in net.inputs.items()}
    if document["version"] == 1:
        document["input"] = inputs[INPUT]
    else:
        document["inputs"] = [{"name": name, **tensor} for name, tensor in inputs.items()]
        document["outputs"] = list(net.outputs)
    document["nodes"] = nodes
    if net.delay:
        document["delay"] = net.delay
    return document, tensors


def _version(net: Net) -> int:
    """1 where version 1 can say everything of a net, else 2."""
    old = len(net.inputs) == 1 and net.outputs == (net.nodes[-1].name,)
    for node in net.nodes:
        layer = node.layer
        old = old and type(layer).__name__ in _FIRST
        old = old and not (isinstance(layer, Conv1d) and isinstance(layer.padding, tuple))
        old = old and not (isinstance(layer, Flatten) and len(net.input_types(node)[0].shape) != 2)
    return 1 if old else 2


def _digest(document: dict[str, Any], tensors: Tensors) -> str:
    digest = hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    for name in sorted(tensors):
        digest.update(f"{name} {list(tensors[name].shape)}\n".encode())
        digest.update(tensors[name].astype("<i8").tobytes())
    return f"sha256:{digest.hexdigest()}"


def _narrow(tensor: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    kinds = (np.int8, np.int16, np.int32, np.int64)
    kind = next(k for k in kinds if np.iinfo(k).min <= tensor.min() and tensor.max() <= np.iinfo(k).max)
    return np.ascontiguousarray(tensor.astype(kind))


def _wide(name: str, tensor: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    if tensor.dtype.kind != "i":
        raise BadInput(f"tensor {name} in {WEIGHT_FILE} has type {tensor.dtype}; weights are int8, 16, 32 or 64 codes")
    return tensor.astype(np.int64)


def _build(document: dict[str, Any], tensors: Tensors, folder: Path) -> Net:
    try:
        inputs, outputs = _ends(document)
        nodes = tuple(_node(entry, tensors) for entry in document["nodes"])
        net = Net(document["name"], inputs, nodes, document.get("delay", 0), outputs)
    except BadInput as error:
        raise BadInput(f"{folder / JSON_FILE}: {error}") from None
    except DAMAGE as error:
        raise BadInput(f"{folder / JSON_FILE} is malformed near {error}; see docs/net-format.md") from None
    unused = set(tensors) - {f"{node.name}.{field.name}" for node in nodes for field in fields(node.layer)}  # type: ignore[arg-type]
    if unused:
        raise BadInput(
            f"{folder / WEIGHT_FILE} holds {shown(sorted(unused)[0])}, which no layer of net.json has; remove it"
        )
    return net


def _ends(document: dict[str, Any]) -> tuple[dict[str, TensorType], list[str]]:
    """Inputs by name and outputs, none in version 1; `BadInput` where they are not as that version has them."""
    version, keys = document["version"], ("input",) if document["version"] == 1 else ("inputs", "outputs")
    for key in keys:
        if key not in document:
            raise BadInput(f"version {version} has the key {key!r}, which is missing; see docs/net-format.md")
        if version == 2 and (not isinstance(document[key], list) or not document[key]):
            raise BadInput(f"{key!r} is {shown(document[key])}; version 2 has a list of one or more there")
    named = [{"name": INPUT, **document["input"]}] if version == 1 else document["inputs"]
    inputs: dict[str, TensorType] = {}
    for entry in named:
        if not isinstance(entry, dict) or not {"name", "shape", "format"} <= set(entry):
            raise BadInput(f"an input is {shown(entry)}; give an object with name, shape and format")
        if entry["name"] in inputs:
            raise BadInput(f"the input {shown(entry['name'])} is there twice; choose another name")
        inputs[entry["name"]] = TensorType(entry["shape"], Format.parse(entry["format"]))
    return inputs, document["outputs"] if version == 2 else []


def _node(entry: dict[str, Any], tensors: Tensors) -> Node:
    kind, name = entry["layer"], shown(entry["name"])
    if not isinstance(kind, str) or kind not in LAYERS:
        raise BadInput(f"unknown layer {shown(kind)} at node {name}; known are {listed(sorted(LAYERS))}")
    if not isinstance(entry["inputs"], list):
        raise BadInput(f"node {name} has inputs {shown(entry['inputs'])}; net.json has a list of names there")
    hints = _hints(LAYERS[kind])
    parameters: dict[str, Any] = {}
    for key, hint in hints.items():
        tensor = f"{entry['name']}.{key}"
        if "ndarray" in str(hint):
            if tensor not in tensors:
                raise BadInput(f"{WEIGHT_FILE} lacks tensor {shown(tensor)}; restore the file")
            parameters[key] = tensors[tensor]
        elif key not in entry and type(None) not in get_args(hint):
            raise BadInput(f"node {name} lacks {key!r}; see docs/net-format.md for {kind}")
        elif key in entry:
            parameters[key] = _from_json(hint, entry[key])
    extra = set(entry) - set(hints) - {"name", "layer", "inputs"}
    if extra:
        raise BadInput(f"node {name} has unknown key {shown(sorted(extra)[0])}; {kind} takes {listed(hints)}")
    return Node(entry["name"], LAYERS[kind](**parameters), tuple(entry["inputs"]))


_NUMBERS = (tuple[int, ...], tuple[int, ...] | None, Ends, tuple[Ends, ...])
"""Types of parameters that net.json has as a number, a list of numbers, or a list of both."""


@cache
def _hints(layer: type[Layer]) -> dict[str, Any]:
    hints = get_type_hints(layer)
    return {field.name: hints[field.name] for field in fields(layer)}  # type: ignore[arg-type]


def _to_json(value: Any) -> Any:
    if isinstance(value, Format):
        return str(value)
    if isinstance(value, activation.Activation):
        return activation.to_json(value)
    if isinstance(value, Term):
        return {"power": value.power, "taps": list(value.taps)}
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return value


def _from_json(hint: Any, value: Any) -> Any:
    if hint is Format:
        return Format.parse(value)
    if hint == activation.Activation:
        return activation.from_json(value)
    if hint == tuple[Term, ...]:
        return tuple(Term(item["power"], item["taps"]) for item in value)
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if hint is int:
        raise BadInput(f"{shown(value)} in {JSON_FILE} is no whole number; see docs/net-format.md")
    if hint in _NUMBERS:
        return (
            tuple(tuple(item) if isinstance(item, list) else item for item in value)
            if isinstance(value, list)
            else value
        )
    raise BadInput(f"parameters of type {hint} have no JSON form; add one to bittrue.spec.store")
