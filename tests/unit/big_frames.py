"""The layers of frames and images for `big_evaluator`, and those that move codes: Python integers, one window a time.

Written from docs/net-format.md alone, and otherwise than the reference and `stranger` are: a transposed convolution
spreads every input over the outputs that it reaches.
"""

from __future__ import annotations

import itertools
import math

Sample = list[int]
Place = tuple[int, ...]
Sum = tuple[int, list[int]]  # what an accumulator starts at, and its terms


def places(*lengths: int) -> list[Place]:
    """All indices, the last one running fastest."""
    return list(itertools.product(*(range(length) for length in lengths)))


def axes(value: int | list) -> list:
    """A parameter as one entry an axis."""
    return value if isinstance(value, list) else [value]


class Grid(dict):
    """The codes of a sample by place; 0 where there are none."""

    def __init__(self, shape: list[int], sample: Sample) -> None:
        super().__init__(zip(places(*shape), sample, strict=True))

    def __missing__(self, place: Place) -> int:
        return 0


class Frames:
    """Methods of `BigNet`, which knows shapes, formats, history and tensors; they are named after their layers."""

    def _given(self, node: dict, which: int = 0) -> Grid:
        source = node["inputs"][which]
        return Grid(self.shapes[source], self.history[source][-1])

    # ---- shapes -----------------------------------------------------------------------------------------------------

    def _shape(self, node: dict) -> list[int]:
        """Shape of a node's result; `shapes` has those of its inputs."""
        layer, given = node["layer"], [self.shapes[source] for source in node["inputs"]]
        if layer == "MemoryTaps":
            return [len(node["taps"]) * len(node["powers"]) + 2 * len(node.get("iq_taps", node["taps"]))]
        if layer == "Dense":
            return self.tensors[f"{node['name']}.weight"][0][:1]
        if layer == "Constant":
            return self.tensors[f"{node['name']}.values"][0]
        if layer == "Flatten":
            return [math.prod(given[0])]
        if layer == "Reshape":
            return node["shape"]
        if layer == "Concat":
            return [sum(shape[0] for shape in given), *given[0][1:]]
        if layer in ("Upsample", "Interleave"):
            channels = given[0][0] // (math.prod(node["factors"]) if layer == "Interleave" else 1)
            return [channels, *(n * factor for n, factor in zip(given[0][1:], node["factors"], strict=True))]
        if "stride" in node:
            return self._windows(node, given[0])
        return given[0]

    def _windows(self, node: dict, given: list[int]) -> list[int]:
        """Shape of the result of a window that slides: how often its last place fits."""
        if "size" in node:
            channels, sizes = given[0], axes(node["size"])
        else:
            channels, _, *sizes = self.tensors[f"{node['name']}.weight"][0]
        strides, dilations = axes(node["stride"]), axes(node["dilation"])
        counts = []
        for k, (length, size) in enumerate(zip(given[1:], sizes, strict=True)):
            reach = (size - 1) * dilations[k]
            if "output_padding" in node:
                last = (
                    (length - 1) * strides[k] + reach - 2 * axes(node["padding"])[k] + axes(node["output_padding"])[k]
                )
                counts.append(last + 1)
            else:
                before, after = self._ends(node)[k] if "padding" in node else (0, 0)
                counts.append(len(range(0, length + before + after - reach, strides[k])))
        return [channels, *counts]

    @staticmethod
    def _ends(node: dict) -> list[tuple[int, int]]:
        one = node["layer"] == "Conv1d"
        return [tuple(axes(pad) * 2)[:2] for pad in ([node["padding"]] if one else node["padding"])]

    # ---- sums -------------------------------------------------------------------------------------------------------

    def _filtered(self, node: dict, sums: list[Sum]) -> Sample:
        self.sums[node["name"]] = sums
        frac = self.formats[node["inputs"][0]].frac + self.format(node["weight_format"]).frac
        shift = frac - self.format(node["output"]).frac
        return [self._activate(node, start + sum(terms), shift) for start, terms in sums]

    def _kernels(self, node: dict) -> tuple[list[int], dict[Place, int], list[int]]:
        shape, flat = self.tensors[f"{node['name']}.weight"]
        return shape, dict(zip(places(*shape), flat, strict=True)), self.tensors[f"{node['name']}.bias"][1]

    def _conv1d(self, node: dict) -> Sample:
        (filters, inner, *sizes), weight, biases = self._kernels(node)
        x, strides, dilations, ends = self._given(node), axes(node["stride"]), axes(node["dilation"]), self._ends(node)
        sums: list[Sum] = []
        for o, *n in places(*self.shapes[node["name"]]):
            first, terms = o // (filters // node["groups"]) * inner, []
            for c, *k in places(inner, *sizes):
                at = [n[a] * strides[a] + k[a] * dilations[a] - ends[a][0] for a in range(len(sizes))]
                if (first + c, *at) in x:
                    terms.append(weight[(o, c, *k)] * x[(first + c, *at)])
            sums.append((biases[o], terms))
        return self._filtered(node, sums)

    _conv2d = _conv1d

    def _convtranspose1d(self, node: dict) -> Sample:
        """Input ``i`` meets weight ``k`` in output ``i * stride + (K - 1 - k) * dilation - padding``."""
        (filters, inner, *sizes), weight, biases = self._kernels(node)
        strides, dilations, paddings = (axes(node[key]) for key in ("stride", "dilation", "padding"))
        sums = {place: (biases[place[0]], []) for place in places(*self.shapes[node["name"]])}
        for (channel, *i), code in self._given(node).items():
            group, c = divmod(channel, inner)
            for o, *k in places(filters // node["groups"], *sizes):
                o += group * (filters // node["groups"])
                n = [i[a] * strides[a] + (sizes[a] - 1 - k[a]) * dilations[a] - paddings[a] for a in range(len(sizes))]
                if (o, *n) in sums:
                    sums[(o, *n)][1].append(weight[(o, c, *k)] * code)
        return self._filtered(node, list(sums.values()))

    _convtranspose2d = _convtranspose1d

    def _pooled(self, node: dict) -> list[list[int]]:
        x, strides, dilations = self._given(node), axes(node["stride"]), axes(node["dilation"])
        return [
            [
                x[(c, *(n[a] * strides[a] + k[a] * dilations[a] for a in range(len(n))))]
                for k in places(*axes(node["size"]))
            ]
            for c, *n in places(*self.shapes[node["name"]])
        ]

    def _maxpool1d(self, node: dict) -> Sample:
        return [max(window) for window in self._pooled(node)]

    _maxpool2d = _maxpool1d

    def _avgpool1d(self, node: dict) -> Sample:
        windows = self._pooled(node)
        self.sums[node["name"]] = [(0, window) for window in windows]
        return [sum(w) // len(w) if sum(w) >= 0 else -(-sum(w) // len(w)) for w in windows]

    _avgpool2d = _avgpool1d

    # ---- codes that move --------------------------------------------------------------------------------------------

    def _flatten(self, node: dict) -> Sample:
        return self.history[node["inputs"][0]][-1]

    _reshape = _flatten

    def _concat(self, node: dict) -> Sample:
        return [code for source in node["inputs"] for code in self.history[source][-1]]

    def _upsample(self, node: dict) -> Sample:
        x, factors = self._given(node), node["factors"]
        spread = {}
        for (c, *i), code in x.items():
            for more in places(*factors):
                spread[(c, *(i[a] * factors[a] + more[a] for a in range(len(factors))))] = code
        return [spread[place] for place in places(*self.shapes[node["name"]])]

    def _interleave(self, node: dict) -> Sample:
        x, factors = self._given(node), node["factors"]
        spread, phases = {}, places(*factors)
        for (c, *i), code in x.items():
            channel, phase = divmod(c, len(phases))
            spread[(channel, *(i[a] * factors[a] + phases[phase][a] for a in range(len(factors))))] = code
        return [spread[place] for place in places(*self.shapes[node["name"]])]

    def _constant(self, node: dict) -> Sample:
        return self.tensors[f"{node['name']}.values"][1]
