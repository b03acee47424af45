"""The readers of net folders: description, weights, other values under a new hash, answers, float parents, sources."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from target import target

from bittrue import ref, spec
from bittrue.apps.dpd import float_net
from bittrue.check import blocks, known_answers
from bittrue.emit.c import sources
from bittrue.parent import decoded
from bittrue.ref.source import run_source
from bittrue.spec import source_store
from bittrue.spec.source import Latent, Parameter, Source
from bittrue.spec.store import _digest  # a damaged description with the right hash gets past the hash

JSON, WEIGHTS, ANSWERS = "net.json", "weights.safetensors", known_answers.FILE


def _files(net: spec.Net) -> dict[str, bytes]:
    return {name: data.encode() if isinstance(data, str) else data for name, data in spec.store.contents(net).items()}


@cache
def samples_net() -> spec.Net:
    """A net with every layer that takes samples."""
    fir = spec.ComplexFIR([spec.Term(0, [0, 2]), spec.Term(3, [1])], [[1, 2], [3, 4], [5, 6]], "Q1.7", "Q1.9", "Q2.6")
    nodes = [
        spec.Node("taps", spec.MemoryTaps([0, 1], [1, 4], "Q2.6", [0, 3]), "input"),
        spec.Node("fc", spec.Dense(np.ones((2, 8), int), [1, -2], "Q1.7", "Q2.6", "leaky_relu/2"), "taps"),
        spec.Node("tanh", spec.Table.tabulate(np.tanh, "Q2.6", "Q1.7"), "fc"),
        spec.Node("fir", fir, "input"),
        spec.Node("sum", spec.Add("Q2.6"), ["tanh", "fir", "input"]),
    ]
    return spec.Net("samples", spec.TensorType([2], "Q1.7"), nodes, delay=1)


@cache
def frames_net() -> spec.Net:
    """A net with every layer that takes frames."""
    conv = spec.Conv1d(np.ones((4, 1, 3), int), [1, 2, 3, 4], "Q1.7", "Q2.6", "abs", 2, 2, 2, 2)
    nodes = [
        spec.Node("conv", conv, "input"),
        spec.Node("most", spec.MaxPool1d(2, 1), "conv"),
        spec.Node("mean", spec.AvgPool1d(2, 1, 2), "most"),
        spec.Node("row", spec.Flatten(), "mean"),
    ]
    return spec.Net("frames", spec.TensorType([2, 14], "Q1.7"), nodes)


@cache
def images_net() -> spec.Net:
    """A net with every layer of images and branches, two inputs and two outputs."""
    ones, ends = np.ones((4, 1, 3, 2), int), ((0, 1), 1)
    nodes = [
        spec.Node("conv", spec.Conv2d(ones, [1, 2, 3, 4], "Q1.7", "Q2.6", "abs", ends, (1, 2), 2, (2, 1)), "image"),
        spec.Node("most", spec.MaxPool2d((2, 1), 1), "conv"),
        spec.Node("mean", spec.AvgPool2d(1, 1, (1, 2)), "most"),
        spec.Node("up", spec.ConvTranspose2d(ones, [1] * 4, "Q1.7", "Q2.6", "relu", 2, (1, 0), (0, 1), 1, 4), "mean"),
        spec.Node("shuffled", spec.Interleave((2, 2)), "up"),
        spec.Node("wide", spec.Upsample((1, 2)), "shuffled"),
        spec.Node("frame", spec.Reshape((2, 36)), "wide"),
        spec.Node("still", spec.Constant(np.ones((2, 36), int), "Q1.7"), ()),
        spec.Node("scaled", spec.ComplexMul("Q2.6"), ["frame", "still"]),
        spec.Node("apart", spec.Sub("Q2.6"), ["scaled", "samples"]),
        spec.Node("both", spec.Concat(), ["apart", "scaled", "frame"]),
        spec.Node("odd", spec.BitwiseXor(), ["both", "both"]),
        spec.Node("longer", spec.ConvTranspose1d(np.ones((1, 6, 2), int), [0], "Q1.7", "Q2.6", "linear", 2), "odd"),
    ]
    inputs = {"image": spec.TensorType([2, 5, 4], "Q1.7"), "samples": spec.TensorType([2, 36], "Q2.6")}
    return spec.Net("images", inputs, nodes, outputs=["apart", "longer"])


NETS = {"taps": samples_net, "most": frames_net, "wide": images_net}
"""Nets by the name of a node that no other has: damage seldom hits all places where it stands."""


def _which(data: bytes) -> spec.Net:
    return next((net() for name, net in reversed(NETS.items()) if name.encode() in data), samples_net())


def _loaded(folder: Path, files: dict[str, bytes]) -> spec.Net:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return spec.load(folder)


@target(lambda: [_files(net())[JSON] for net in NETS.values()])
def net_description(data: bytes, folder: Path) -> object:
    return _loaded(folder, _files(_which(data)) | {JSON: data})


@target(lambda: [_files(net())[WEIGHTS] for net in NETS.values()])
def net_weights(data: bytes, folder: Path) -> object:
    which = samples_net() if b"fir" in data else images_net() if b"longer" in data else frames_net()
    return _loaded(folder, _files(which) | {WEIGHTS: data})


VALUES = (
    None, True, 0, 1, -1, 2, 3, 7, 2.0, 0.5, "", "input", "Q1.7", "Q-0.8", "Q01.7", "Q63.0", "Q1.126", "Q-63.126",
    "relu", "abs", "linear", "leaky_relu/15", "leaky_relu/16", "fc", "taps", "conv", [], {}, [0], [1], [2], ["input"],
    [[0]], [1, 2, 3], [0, 1 << 20], [1 << 21], 1 << 26, 1 << 27, 1 << 16, 1 << 62, -(1 << 63), "a" * 5000,
    ["input"] * 300, list(range(300)), [{"power": 4, "taps": [0]}], {"shape": [2], "format": "Q1.15"},
    "Dense", "Conv1d", "Conv2d", "ConvTranspose2d", "MaxPool2d", "Mul", "Constant", "image", "wide", [1, 2],
    [[0, 1], 2], [[1, 0], [0, 1]], [2, 2], [0, 0], ["apart"], {"name": "image", "shape": [2, 5, 4], "format": "Q1.7"},
)  # fmt: skip


def _other(document: Any, draw: random.Random) -> Any:
    """The document with one value, key or element changed, somewhere."""
    if isinstance(document, dict | list) and document and draw.random() < 0.85:
        changed = document.copy()
        key = draw.choice(list(changed) if isinstance(changed, dict) else range(len(changed)))
        kind = draw.random()
        if kind < 0.05:
            del changed[key]
        elif kind < 0.1 and isinstance(changed, list):
            changed.insert(key, changed[key])
        else:
            changed[key] = _other(changed[key], draw)
        return changed
    return draw.choice(VALUES)


@target(lambda: [_files(net())[JSON] for net in NETS.values()])
def net_of_other_values(data: bytes, folder: Path) -> object:
    """A description with other values and the hash of these; what is still a net has ranges, vectors, results and C."""
    files, draw = _files(_which(data)), random.Random(data)
    if data != files[JSON]:
        document = json.loads(files[JSON])
        for _ in range(draw.choice((1, 1, 2, 3))):
            document = _other(document, draw)
        if isinstance(document, dict):
            document.pop("hash", None)
            document["hash"] = _digest(document, safetensors.numpy.load(files[WEIGHTS]))
        files[JSON] = json.dumps(document).encode()
    net = _loaded(folder, files)
    ref.outputs(net, {name: np.zeros((3, *tensor.shape), np.int64) for name, tensor in net.inputs.items()})
    if net.elements < 1 << 20:
        for _, codes in blocks(net, 50, 0):
            ref.taps(net, {name: part[:20] for name, part in net.check_inputs(codes).items()})
    return sources(net)


@target(
    lambda: [known_answers.content(samples_net(), np.ones((n, 2), kind)) for n, kind in ((1, np.int8), (5, np.int64))]
)
def answers(data: bytes, folder: Path) -> object:
    (folder / ANSWERS).write_bytes(data)
    return known_answers.verify(samples_net(), folder)


@target(lambda: [safetensors.numpy.save({name: value.copy() for name, value in decoded(samples_net()).items()})])
def float_parameters(data: bytes, folder: Path) -> object:
    (folder / float_net.FILE).write_bytes(data)
    return float_net.load(folder / float_net.FILE, samples_net())


@cache
def noise_source() -> Source:
    """A source with a latent and a parameter."""
    nodes = [spec.Node("out", spec.Mul("Q2.14"), ["noise", "level"])]
    net = spec.Net("noisy", {"noise": spec.TensorType([2, 3], "Q1.7"), "level": spec.TensorType([2, 3], "Q1.7")}, nodes)
    return Source(net, {"noise": Latent(3, "gaussian", 3), "level": Parameter("loudness", 0, 100, 50, 7, -3)})


@target(lambda: [source_store.text(noise_source()).encode()])
def source_description(data: bytes, folder: Path) -> object:
    _loaded(folder, _files(noise_source().net) | {source_store.SOURCE_FILE: data})
    found = source_store.load(folder)
    return run_source(found, 1, [0, 5], {name: given.default for name, (given, _) in found.settings.items()}, 4096)
