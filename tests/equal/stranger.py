"""An exact evaluator of net folders, written from docs/net-format.md alone: standard library, Python integers.

It shares nothing with bittrue, so that the two agree only if the page says all there is to know. A sample is a flat
tuple of codes in C order. Layers take whole streams, and a stream starts with zero history.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Sample = tuple[int, ...]


class Format(NamedTuple):
    """``Qm.n``: two's complement codes of ``bits`` bits, ``frac`` of them fractional."""

    bits: int
    frac: int

    @property
    def lo(self) -> int:
        """The smallest code."""
        return -(1 << (self.bits - 1))

    @property
    def hi(self) -> int:
        """The largest code."""
        return (1 << (self.bits - 1)) - 1


class Tensor(NamedTuple):
    """An array of integers in C order."""

    shape: list[int]
    values: Sample


class Stream(NamedTuple):
    """The samples of one node, one a time step; ``shape`` is that of a sample."""

    format: Format
    samples: list[Sample]
    shape: list[int]

    def at(self, n: int) -> Sample:
        """Sample ``n``; zeros before the first."""
        return self.samples[n] if n >= 0 else (0,) * len(self.samples[0])


class Net(NamedTuple):
    """A net folder: the object in net.json and the tensors by name."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]


# ---- reading --------------------------------------------------------------------------------------------------------


def demand(condition: bool, message: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(message)


def parse_format(text: str) -> Format:
    """``"Q1.15"`` to a Format."""
    m, n = (int(part) for part in text.removeprefix("Q").split("."))
    demand(text == f"Q{m}.{n}" and 1 <= m + n <= 63 and -63 <= n <= 126, f"{text!r} is no format")
    return Format(m + n, n)


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
    demand(net.config["format"] == "bittrue-net" and net.config["version"] == 1, "not a bittrue net of version 1")
    demand(net.config["hash"] == net_hash(net), "the hash does not match")
    parameters = set()
    for node in net.config["nodes"]:
        demand(node["layer"] in LAYERS, f"layer {node['layer']}")
        keys, tensors, _ = LAYERS[node["layer"]]
        present = set(node) - OPTIONAL.get(node["layer"], set())
        demand(present == {"name", "layer", "inputs", *keys}, f"keys of node {node['name']}")
        parameters |= {f"{node['name']}.{tensor}" for tensor in tensors}
    demand(set(net.tensors) == parameters, "the tensors are not those of the nodes")
    return net


# ---- executing ------------------------------------------------------------------------------------------------------


def run(net: Net, samples: Sequence[Sequence[int]]) -> list[Sample]:
    """The net's output codes for a stream of input codes."""
    fmt, size = parse_format(net.config["input"]["format"]), math.prod(net.config["input"]["shape"])
    for sample in samples:
        demand(len(sample) == size and all(fmt.lo <= code <= fmt.hi for code in sample), "not codes of the input")
    streams = {"input": Stream(fmt, [tuple(sample) for sample in samples], net.config["input"]["shape"])}
    for node in net.config["nodes"]:
        evaluate = LAYERS[node["layer"]][2]
        inputs = [streams[name] for name in node["inputs"]]
        output = parse_format(node["output"]) if "output" in node else inputs[0].format
        tensors = {name: net.tensors[f"{node['name']}.{name}"] for name in LAYERS[node["layer"]][1]}
        results = list(evaluate(node, tensors, inputs, output))
        streams[node["name"]] = Stream(output, results, shape_of(node, tensors, inputs[0].shape))
    return streams[net.config["nodes"][-1]["name"]].samples


def shape_of(node: dict[str, Any], tensors: dict[str, Tensor], given: list[int]) -> list[int]:
    """Shape of a sample of a node whose (first) input has samples of shape ``given``; empty where nobody asks."""
    if node["layer"] in ("Table", "Add"):
        return given
    if node["layer"] == "Conv1d":
        filters, _, size = tensors["weight"].shape
        return [filters, count(node, size, given[1])]
    return [given[0], count(node, node["size"], given[1])] if "size" in node else []


def count(node: dict[str, Any], size: int, length: int) -> int:
    """Windows of ``size`` samples along ``length`` samples."""
    reach = (size - 1) * node["dilation"] + 1
    return (length + 2 * node.get("padding", 0) - reach) // node["stride"] + 1


def requantise(acc: int, s: int, fmt: Format) -> int:
    """``acc * 2^-s``, rounded with ties up and saturated."""
    rounded = (acc + (1 << (s - 1))) >> s if s >= 1 else acc << -s
    return min(max(rounded, fmt.lo), fmt.hi)


def magnitudes(i: int, q: int) -> tuple[int, int, int, int]:
    """The exact powers 1 to 4 of the magnitude, the first one rounded down to an integer."""
    p = i * i + q * q
    r = math.isqrt(p)
    return r, p, r * p, p * p


def power(sample: Sample, p: int, f: int, fmt: Format) -> int:
    """Power ``p`` of a sample with ``f`` fractional bits."""
    i, q = sample
    return requantise(magnitudes(i, q)[p - 1], p * f - fmt.frac, fmt)


def parts(sample: Sample, f: int, fmt: Format) -> Sample:
    """I and Q of a sample with ``f`` fractional bits."""
    i, q = sample
    return requantise(i, f - fmt.frac, fmt), requantise(q, f - fmt.frac, fmt)


def memory_taps(node: dict[str, Any], _: dict[str, Tensor], inputs: list[Stream], output: Format) -> Iterator[Sample]:
    """I and Q of the first of their taps, the powers of all taps, I and Q of the others of their taps."""
    (x,), f = inputs, inputs[0].format.frac
    first, *others = node.get("iq_taps", node["taps"])
    for n in range(len(x.samples)):
        features = list(parts(x.at(n - first), f, output))
        features += [power(x.at(n - t), p, f, output) for t in node["taps"] for p in node["powers"]]
        features += [code for t in others for code in parts(x.at(n - t), f, output)]
        yield tuple(features)


def dense(node: dict[str, Any], tensors: dict[str, Tensor], inputs: list[Stream], output: Format) -> Iterator[Sample]:
    """Weighted sums with a bias, then the activation."""
    (x,), (rows, columns) = inputs, tensors["weight"].shape
    weight = [tensors["weight"].values[o * columns : (o + 1) * columns] for o in range(rows)]
    s = x.format.frac + parse_format(node["weight_format"]).frac - output.frac
    for sample in x.samples:
        sums = [sum(map(int.__mul__, row, sample)) for row in weight]
        biased = [bias + total for bias, total in zip(tensors["bias"].values, sums, strict=True)]
        yield tuple(activate(acc, s, node["activation"], output) for acc in biased)


def activate(acc: int, s: int, activation: str, output: Format) -> int:
    """An accumulator to an output code."""
    if activation == "linear":
        return requantise(acc, s, output)
    if activation == "relu":
        return requantise(max(acc, 0), s, output)
    if activation == "abs":
        return min(abs(requantise(acc, s, output)), output.hi)
    name, k = activation.split("/")
    demand(name == "leaky_relu" and k in map(str, range(1, 16)), f"activation {activation!r}")
    return requantise(acc, s if acc >= 0 else s + int(k), output)


def conv1d(node: dict[str, Any], tensors: dict[str, Tensor], inputs: list[Stream], output: Format) -> Iterator[Sample]:
    """Filters along the frames of a group of channels, with zeros beyond the ends."""
    (x,), weight, bias = inputs, tensors["weight"], tensors["bias"].values
    (_, length), (filters, inner, size) = x.shape, weight.shape
    s = x.format.frac + parse_format(node["weight_format"]).frac - output.frac

    def dot(sample: Sample, o: int, n: int) -> int:
        first = o // (filters // node["groups"]) * inner
        start, total = n * node["stride"] - node["padding"], bias[o]
        for j, w in enumerate(weight.values[o * inner * size : (o + 1) * inner * size]):
            c, k = divmod(j, size)
            place = start + k * node["dilation"]
            total += w * sample[(first + c) * length + place] if 0 <= place < length else 0
        return total

    places = [(o, n) for o in range(filters) for n in range(count(node, size, length))]
    for sample in x.samples:
        yield tuple(activate(dot(sample, o, n), s, node["activation"], output) for o, n in places)


def pooled(node: dict[str, Any], x: Stream, of: Callable[[list[int]], int]) -> Iterator[Sample]:
    """``of`` every window of every channel."""
    channels, length = x.shape
    places = range(count(node, node["size"], length))
    starts = [c * length + n * node["stride"] for c in range(channels) for n in places]
    for sample in x.samples:
        yield tuple(of([sample[start + k * node["dilation"]] for k in range(node["size"])]) for start in starts)


def max_pool(node: dict[str, Any], _: dict[str, Tensor], inputs: list[Stream], __: Format) -> Iterator[Sample]:
    """The largest."""
    return pooled(node, inputs[0], max)


def avg_pool(node: dict[str, Any], _: dict[str, Tensor], inputs: list[Stream], __: Format) -> Iterator[Sample]:
    """The mean without its fraction."""

    def mean(window: list[int]) -> int:
        total = sum(window)
        return abs(total) // node["size"] * (1 if total > 0 else -1)

    return pooled(node, inputs[0], mean)


def flatten(_: dict[str, Any], __: dict[str, Tensor], inputs: list[Stream], ___: Format) -> Iterator[Sample]:
    """What stood in C order already."""
    return iter(inputs[0].samples)


def table(_: dict[str, Any], tensors: dict[str, Tensor], inputs: list[Stream], output: Format) -> Iterator[Sample]:
    """A value for every code."""
    (x,), values = inputs, tensors["values"].values
    for sample in x.samples:
        yield tuple(values[code - x.format.lo] for code in sample)


def basis(sample: Sample, p: int, f: int, fmt: Format) -> Sample:
    """The sample times power ``p`` of its magnitude."""
    if p == 0:
        return parts(sample, f, fmt)
    e = power(sample, p, f, fmt)
    return requantise(sample[0] * e, f, fmt), requantise(sample[1] * e, f, fmt)


def complex_fir(
    node: dict[str, Any], tensors: dict[str, Tensor], inputs: list[Stream], output: Format
) -> Iterator[Sample]:
    """Complex weighted sums of delayed basis functions."""
    (x,), fmt, weight = inputs, parse_format(node["basis"]), tensors["weight"].values
    s = fmt.frac + parse_format(node["weight_format"]).frac - output.frac
    taps = [(term["power"], t) for term in node["terms"] for t in term["taps"]]
    rows = list(zip(weight[::2], weight[1::2], taps, strict=True))
    for n in range(len(x.samples)):
        acc_re = acc_im = 0
        for h_re, h_im, (p, t) in rows:
            re, im = basis(x.at(n - t), p, x.format.frac, fmt)
            acc_re += h_re * re - h_im * im
            acc_im += h_re * im + h_im * re
        yield requantise(acc_re, s, output), requantise(acc_im, s, output)


def add(_: dict[str, Any], __: dict[str, Tensor], inputs: list[Stream], output: Format) -> Iterator[Sample]:
    """The sum, at the finest scale of the inputs."""
    finest = max(x.format.frac for x in inputs)
    for samples in zip(*(x.samples for x in inputs), strict=True):
        scaled = [
            [code << (finest - x.format.frac) for code in sample] for x, sample in zip(inputs, samples, strict=True)
        ]
        yield tuple(requantise(sum(codes), finest - output.frac, output) for codes in zip(*scaled, strict=True))


Layer = Callable[[dict[str, Any], dict[str, Tensor], list[Stream], Format], Iterator[Sample]]

# layer: its keys besides name, layer and inputs; its tensors; what computes it
LAYERS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Layer]] = {
    "MemoryTaps": (("taps", "powers", "output"), (), memory_taps),
    "Dense": (("weight_format", "output", "activation"), ("weight", "bias"), dense),
    "Table": (("output",), ("values",), table),
    "ComplexFIR": (("terms", "weight_format", "basis", "output"), ("weight",), complex_fir),
    "Add": (("output",), (), add),
    "Conv1d": (
        ("weight_format", "output", "activation", "padding", "dilation", "groups", "stride"),
        ("weight", "bias"),
        conv1d,
    ),
    "MaxPool1d": (("size", "stride", "dilation"), (), max_pool),
    "AvgPool1d": (("size", "stride", "dilation"), (), avg_pool),
    "Flatten": ((), (), flatten),
}
OPTIONAL = {"MemoryTaps": {"iq_taps"}}
