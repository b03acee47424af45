"""An exact evaluator of net folders, written from docs/net-format.md alone: standard library, Python integers.

It shares nothing with bittrue, so that the two agree only if the page says all there is to know. A sample is a flat
tuple of codes in C order. Layers take whole streams, and a stream starts with zero history.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import stranger_samples as samples
import stranger_windows as windows
from stranger_numbers import Format, Node, Result, Sample, Stream, Tensor, Tensors, demand, parse_format


class Net(NamedTuple):
    """A net folder: the object in net.json and the tensors by name."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]


# ---- reading --------------------------------------------------------------------------------------------------------


def refuse_number(text: str) -> None:
    """For the JSON reader: only integers are stored."""
    raise ValueError(f"{text} is not an integer")


def one_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For the JSON reader: an object has no key twice."""
    demand(len(dict(pairs)) == len(pairs), "a key stands twice in an object")
    return dict(pairs)


def read_json(text: bytes) -> dict[str, Any]:
    """A JSON object without floating-point numbers."""
    value = json.loads(
        text.decode("utf-8"), parse_float=refuse_number, parse_constant=refuse_number, object_pairs_hook=one_of_each
    )
    demand(isinstance(value, dict), "the JSON is not an object")
    return dict(value)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file of integers."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header, data = read_json(content[8 : 8 + length]), content[8 + length :]
    header.pop("__metadata__", None)
    return {name: read_tensor(entry, data) for name, entry in header.items()}


def read_tensor(entry: dict[str, Any], data: bytes) -> Tensor:
    """One tensor, from its entry in the header."""
    code = {"I8": "b", "I16": "h", "I32": "i", "I64": "q"}.get(entry["dtype"])
    demand(code is not None, f"dtype {entry['dtype']}")
    begin, end = entry["data_offsets"]
    return Tensor(entry["shape"], struct.unpack(f"<{math.prod(entry['shape'])}{code}", data[begin:end]))


def answers_digest(path: Path) -> Sample:
    """The digest of a file of known answers, as its tensor ``sha256`` has it."""
    content, digest = path.read_bytes(), hashlib.sha256()
    (length,) = struct.unpack_from("<Q", content)
    header = read_json(content[8 : 8 + length])
    for entry in (header["input"], header["output"]):
        begin, end = entry["data_offsets"]
        kind = {"I8": "|i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"}[entry["dtype"]]
        comma = "," if len(entry["shape"]) == 1 else ""
        shape = "(" + ", ".join(str(length) for length in entry["shape"]) + comma + ")"
        digest.update(f"{kind} {shape} ".encode("ascii") + content[8 + length + begin : 8 + length + end])
    return struct.unpack("32b", digest.digest())


def net_hash(net: Net) -> str:
    """The hash over the meaning of both files."""
    plain = {key: value for key, value in net.config.items() if key != "hash"}
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n")
    for name, tensor in sorted(net.tensors.items()):
        lengths = ", ".join(str(length) for length in tensor.shape)
        digest.update(f"{name} [{lengths}]\n".encode("ascii"))
        digest.update(struct.pack(f"<{len(tensor.values)}q", *tensor.values))
    return f"sha256:{digest.hexdigest()}"


def load(folder: str | Path) -> Net:
    """Read and verify a net folder; ValueError if it is not one that this program can execute."""
    folder = Path(folder)
    net = Net(read_json((folder / "net.json").read_bytes()), read_tensors(folder / "weights.safetensors"))
    config = net.config
    demand(config["format"] == "bittrue-net" and config["version"] in (1, 2), "not a bittrue net of version 1 or 2")
    demand(config["hash"] == net_hash(net), "the hash does not match")
    ends = {"input"} if config["version"] == 1 else {"inputs", "outputs"}
    known = {"format", "version", "name", "nodes", "hash", *ends}
    demand(set(config) - {"delay"} == known, "keys of net.json")
    parameters = set()
    for node in config["nodes"]:
        demand(node["layer"] in LAYERS, f"layer {node['layer']}")
        demand(config["version"] == 2 or node["layer"] in FIRST, f"{node['layer']} in version 1")
        keys, tensors, _ = LAYERS[node["layer"]]
        present = set(node) - OPTIONAL.get(node["layer"], set())
        demand(present == {"name", "layer", "inputs", *keys}, f"keys of node {node['name']}")
        parameters |= {f"{node['name']}.{tensor}" for tensor in tensors}
    demand(set(net.tensors) == parameters, "the tensors are not those of the nodes")
    return net


# ---- executing ------------------------------------------------------------------------------------------------------


def run(net: Net, given: Sequence[Sequence[int]]) -> list[Sample]:
    """The output codes of a net with one input and one output, for a stream of input codes."""
    (codes,) = outputs(net, {"input": given}).values()
    return codes


def outputs(net: Net, given: Mapping[str, Sequence[Sequence[int]]]) -> dict[str, list[Sample]]:
    """The codes of every output by its node's name, for a stream of codes of every input by name."""
    config, last = net.config, net.config["nodes"][-1]["name"]
    inputs = [{"name": "input", **config["input"]}] if config["version"] == 1 else config["inputs"]
    streams, count = {}, len(next(iter(given.values())))
    demand(set(given) == {entry["name"] for entry in inputs}, "codes of every input are needed")
    for entry in inputs:
        fmt, codes = parse_format(entry["format"]), [tuple(sample) for sample in given[entry["name"]]]
        demand(len(codes) == count, "as many samples of every input are needed")
        for sample in codes:
            fits = len(sample) == math.prod(entry["shape"]) and all(fmt.lo <= code <= fmt.hi for code in sample)
            demand(fits, "not codes of the input")
        streams[entry["name"]] = Stream(fmt, codes, entry["shape"])
    for node in config["nodes"]:
        streams[node["name"]] = evaluate(node, net, [streams[name] for name in node["inputs"]], count)
    return {name: streams[name].samples for name in config.get("outputs", [last])}


def evaluate(node: Node, net: Net, inputs: list[Stream], count: int) -> Stream:
    """What a node makes of ``count`` samples."""
    _, names, layer = LAYERS[node["layer"]]
    text = node.get("output", node.get("format"))
    fmt = parse_format(text) if text else inputs[0].format
    shape, results = layer(node, {name: net.tensors[f"{node['name']}.{name}"] for name in names}, inputs, fmt)
    return Stream(fmt, list(itertools.islice(results, count)), shape)


Layer = Callable[[Node, Tensors, list[Stream], Format], Result]

WEIGHTS = ("weight", "bias")
DENSE = ("weight_format", "output", "activation")
CONV = (*DENSE, "padding", "dilation", "groups", "stride")
POOL = ("size", "stride", "dilation")

# layer: its keys besides name, layer and inputs; its tensors; what computes it
LAYERS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Layer]] = {
    "MemoryTaps": (("taps", "powers", "output"), (), samples.memory_taps),
    "Dense": (DENSE, WEIGHTS, samples.dense),
    "Table": (("output",), ("values",), samples.table),
    "ComplexFIR": (("terms", "weight_format", "basis", "output"), ("weight",), samples.complex_fir),
    "Add": (("output",), (), samples.add),
    "Sub": (("output",), (), samples.sub),
    "Mul": (("output",), (), samples.mul),
    "ComplexMul": (("output",), (), samples.complex_mul),
    "BitwiseOr": ((), (), samples.bitwise_or),
    "BitwiseXor": ((), (), samples.bitwise_xor),
    "Conv1d": (CONV, WEIGHTS, windows.conv),
    "Conv2d": (CONV, WEIGHTS, windows.conv),
    "ConvTranspose1d": ((*CONV, "output_padding"), WEIGHTS, windows.conv_transpose),
    "ConvTranspose2d": ((*CONV, "output_padding"), WEIGHTS, windows.conv_transpose),
    "MaxPool1d": (POOL, (), windows.max_pool),
    "MaxPool2d": (POOL, (), windows.max_pool),
    "AvgPool1d": (POOL, (), windows.avg_pool),
    "AvgPool2d": (POOL, (), windows.avg_pool),
    "Flatten": ((), (), windows.flatten),
    "Reshape": (("shape",), (), windows.reshape),
    "Concat": ((), (), windows.concat),
    "Upsample": (("factors",), (), windows.upsample),
    "Interleave": (("factors",), (), windows.interleave),
    "Constant": (("format",), ("values",), windows.constant),
}
OPTIONAL = {"MemoryTaps": {"iq_taps"}}
FIRST = {"MemoryTaps", "Dense", "Table", "ComplexFIR", "Add", "Conv1d", "MaxPool1d", "AvgPool1d", "Flatten"}
