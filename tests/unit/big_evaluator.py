"""A slow evaluator of net folders, written from docs/net-format.md alone: Python integers, one sample at a time.

It is the judge of the reference, the ranges and the files, so it imports nothing of bittrue and no NumPy: it reads the
JSON and the safetensors container itself and works on lists of unbounded integers. Samples are flat lists in C order.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

from big_frames import Frames, Sample, Sum


def read_safetensors(data: bytes) -> dict[str, tuple[list[int], list[int]]]:
    """``{name: (shape, flat values)}``."""
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        width = {"I8": 1, "I16": 2, "I32": 4, "I64": 8}[entry["dtype"]]
        start, end = entry["data_offsets"]
        words = [body[k : k + width] for k in range(start, end, width)]
        tensors[name] = (entry["shape"], [int.from_bytes(word, "little", signed=True) for word in words])
    return tensors


def digest(document: dict, tensors: dict[str, tuple[list[int], list[int]]]) -> str:
    """The net's hash, step by step as on the page."""
    keyed = {key: value for key, value in document.items() if key != "hash"}
    content = json.dumps(keyed, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n"
    stream = content.encode("ascii")
    for name, (shape, values) in sorted(tensors.items()):
        stream += f"{name} [{', '.join(str(n) for n in shape)}]\n".encode("ascii")
        stream += b"".join(value.to_bytes(8, "little", signed=True) for value in values)
    return "sha256:" + hashlib.sha256(stream).hexdigest()


class Q:
    """``Qm.n``."""

    def __init__(self, text: str) -> None:
        whole, self.frac = (int(part) for part in text.removeprefix("Q").split("."))
        self.bits = whole + self.frac
        self.lo, self.hi = -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1

    def requantise(self, acc: int, shift: int) -> int:
        """``clamp(floor(acc * 2**-shift + 1/2), lo, hi)``."""
        rounded = (2 * acc + 2**shift) // 2 ** (shift + 1) if shift > 0 else acc * 2**-shift
        return max(self.lo, min(self.hi, rounded))


def envelope(iq: Sample, power: int) -> int:
    """``|x|**power`` at ``power`` times the fractional bits of ``x``."""
    squared = iq[0] ** 2 + iq[1] ** 2
    return {1: math.isqrt(squared), 2: squared, 3: math.isqrt(squared) * squared, 4: squared**2}[power]


class BigNet(Frames):
    """A net folder. `feed` takes one sample after the other; history starts at zero."""

    def __init__(self, folder: str | Path) -> None:
        self.document = json.loads((Path(folder) / "net.json").read_text())
        self.tensors = read_safetensors((Path(folder) / "weights.safetensors").read_bytes())
        one = self.document["version"] == 1
        inputs = [{"name": "input", **self.document["input"]}] if one else self.document["inputs"]
        self.inputs = [entry["name"] for entry in inputs]
        self.formats = {entry["name"]: Q(entry["format"]) for entry in inputs}
        self.shapes: dict[str, list[int]] = {entry["name"]: entry["shape"] for entry in inputs}
        for node in self.document["nodes"]:
            own = node.get("output", node.get("format"))
            self.formats[node["name"]] = Q(own) if own else self.formats[node["inputs"][0]]
            self.shapes[node["name"]] = self._shape(node)
        self.history: dict[str, list[Sample]] = {name: [] for name in self.formats}
        self.sums: dict[str, list[Sum]] = {}

    @property
    def hash(self) -> str:
        return digest(self.document, self.tensors)

    @staticmethod
    def format(text: str) -> Q:
        return Q(text)

    def feed(self, sample: Sample | dict[str, Sample]) -> dict[str, Sample]:
        """Codes of every tensor for the next sample of the inputs; `sums` then holds the accumulators of the layers."""
        for name, codes in (sample if isinstance(sample, dict) else {self.inputs[0]: sample}).items():
            self.history[name].append(codes)
        for node in self.document["nodes"]:
            rule = getattr(self, "_" + node["layer"].lower())
            self.history[node["name"]].append(rule(node))
        return {name: past[-1] for name, past in self.history.items()}

    def _past(self, name: str, delay: int, empty: Sample) -> Sample:
        past = self.history[name]
        return past[-1 - delay] if delay < len(past) else empty

    def _weights(self, node: dict, name: str) -> list[list[int]]:
        shape, values = self.tensors[f"{node['name']}.{name}"]
        row = math.prod(shape[1:])
        return [values[k : k + row] for k in range(0, len(values), row)]

    def _memorytaps(self, node: dict) -> Sample:
        (source,) = node["inputs"]
        frac, out = self.formats[source].frac, Q(node["output"])
        first, *rest = node.get("iq_taps", node["taps"])
        past = {tap: self._past(source, tap, [0, 0]) for tap in (*node["taps"], first, *rest)}
        features = [out.requantise(part, frac - out.frac) for part in past[first]]
        for tap in node["taps"]:
            features += [out.requantise(envelope(past[tap], p), p * frac - out.frac) for p in node["powers"]]
        for tap in rest:
            features += [out.requantise(part, frac - out.frac) for part in past[tap]]
        return features

    def _dense(self, node: dict) -> Sample:
        (source,) = node["inputs"]
        x = self.history[source][-1]
        biases = [row[0] for row in self._weights(node, "bias")]
        rows = zip(biases, self._weights(node, "weight"), strict=True)
        return self._filtered(node, [(bias, [w * v for w, v in zip(row, x, strict=True)]) for bias, row in rows])

    def _activate(self, node: dict, acc: int, shift: int) -> int:
        out, extra = Q(node["output"]), 0
        if acc < 0 and node["activation"] == "relu":
            acc = 0
        if acc < 0 and node["activation"].startswith("leaky_relu/"):
            extra = int(node["activation"].split("/")[1])
        y = out.requantise(acc, shift + extra)
        return min(abs(y), out.hi) if node["activation"] == "abs" else y

    def _complexfir(self, node: dict) -> Sample:
        (source,) = node["inputs"]
        frac, basis, out = self.formats[source].frac, Q(node["basis"]), Q(node["output"])
        real: list[int] = []
        imag: list[int] = []
        row = iter(self._weights(node, "weight"))
        for term in node["terms"]:
            for tap in term["taps"]:
                h_re, h_im = next(row)
                x = self._past(source, tap, [0, 0])
                if term["power"] == 0:
                    b_i, b_q = (basis.requantise(part, frac - basis.frac) for part in x)
                else:
                    size = basis.requantise(envelope(x, term["power"]), term["power"] * frac - basis.frac)
                    b_i, b_q = (basis.requantise(part * size, frac) for part in x)
                real += [h_re * b_i, -h_im * b_q]
                imag += [h_re * b_q, h_im * b_i]
        self.sums[node["name"]] = [(0, real), (0, imag)]
        shift = basis.frac + Q(node["weight_format"]).frac - out.frac
        return [out.requantise(sum(terms), shift) for terms in (real, imag)]

    def _table(self, node: dict) -> Sample:
        (source,) = node["inputs"]
        _, values = self.tensors[f"{node['name']}.values"]
        return [values[code - self.formats[source].lo] for code in self.history[source][-1]]

    def _operands(self, node: dict) -> list[Sample]:
        return [self.history[source][-1] for source in node["inputs"]]

    def _rounded(self, node: dict, sums: list[Sum], frac: int) -> Sample:
        self.sums[node["name"]] = sums
        out = Q(node["output"])
        return [out.requantise(start + sum(terms), frac - out.frac) for start, terms in sums]

    def _add(self, node: dict, sign: int = 1) -> Sample:
        given = [self.formats[source] for source in node["inputs"]]
        frac = max(q.frac for q in given)
        factors = [2 ** (frac - q.frac) * (sign if k else 1) for k, q in enumerate(given)]
        aligned = [[x * factor for x in sample] for sample, factor in zip(self._operands(node), factors, strict=True)]
        return self._rounded(node, [(0, list(terms)) for terms in zip(*aligned, strict=True)], frac)

    def _sub(self, node: dict) -> Sample:
        return self._add(node, -1)

    def _product_frac(self, node: dict) -> int:
        return sum(self.formats[source].frac for source in node["inputs"])

    def _mul(self, node: dict) -> Sample:
        a, b = self._operands(node)
        return self._rounded(node, [(x * y, []) for x, y in zip(a, b, strict=True)], self._product_frac(node))

    def _complexmul(self, node: dict) -> Sample:
        a, b = self._operands(node)
        size = len(a) // self.shapes[node["name"]][0]  # elements of a channel
        sums: list[Sum] = []
        for k in range(len(a)):
            if k // size % 2 == 0:
                sums.append((0, [a[k] * b[k], -a[k + size] * b[k + size]]))
            else:
                sums.append((0, [a[k - size] * b[k], a[k] * b[k - size]]))
        return self._rounded(node, sums, self._product_frac(node))

    def _bitwiseor(self, node: dict) -> Sample:
        return self._bitwise(node, any)

    def _bitwisexor(self, node: dict) -> Sample:
        return self._bitwise(node, lambda bits: sum(bits) % 2)

    def _bitwise(self, node: dict, combine) -> Sample:
        return [self._bits(node, codes, combine) for codes in zip(*self._operands(node), strict=True)]

    def _bits(self, node: dict, codes: tuple[int, ...], combine) -> int:
        """The word that ``combine`` makes of the words' bits, one bit a time."""
        q, word = self.formats[node["name"]], 0
        for bit in range(q.bits):
            word += 2**bit * int(combine([code % 2**q.bits // 2**bit % 2 for code in codes]))
        return word - 2**q.bits if word > q.hi else word
