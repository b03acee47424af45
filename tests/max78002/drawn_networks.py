"""Networks as users of ai8x write them, drawn at random: a description, a float checkpoint, a device."""

from __future__ import annotations

import numpy as np
from ai8x_files import float_state, layer_state

LINEAR = ("mlp", "fc", "linear", "Linear", "MLP")
MAPS = (0x1, 0xFFFF0000, "0x0000.0000.ffff.0000", 0xFFFFFFFFFFFFFFFF, "0xf000_0000_0000_0000", 0x00F0)


class Draw:
    """Draws one network: ``layers`` of the description, float ``state``, ``shape`` of a frame."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.small = self.one(True, False, False)  # a MAX78000
        self.channels = self.one(1, 2, 3, 4, 5, 12, 16, 17, 33, 64, 65, 70, 130)
        self.length = int(self.rng.integers(16, 120 if self.channels < 65 else 40))
        self.shape = (self.channels, self.length)
        self.layers: list[dict] = []
        self.state: dict = {}
        self.signs = self.one(True, False, False)  # no 1-bit weights then: -1/+1 ones may come instead
        for _ in range(int(self.rng.integers(1, 6))):
            self._one_layer()
        if self.channels * self.length <= 1024 and self.length <= 256 and self.one(True, True, False):
            self._linear(last=self.one(True, False))
            if self.one(True, False) and "output_width" not in self.layers[-1]:
                self._linear(last=True)
        elif self.layers[-1]["operation"] in ("conv1d", "Conv1d") and self.one(True, False):
            self.layers[-1] |= {"output_width": 32, "activate": None}
            self.layers[-1].pop("output_shift", None)
        self._decorate()

    @property
    def device(self) -> str:
        """MAX78000 or MAX78002."""
        return "MAX78000" if self.small else "MAX78002"

    def one(self, *choices):
        """One of the choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def _weights(self, layer, shape):
        """Float weights, and how many bits are asked for, in the description or in the checkpoint."""
        name, bits = f"part.l{len(self.layers)}", self.one(8, 8, 4, 2, 1)
        if bits == 1 and self.signs:
            bits = 2
        quantile = self.one(1.0, 1.0, 0.99, 0.9)
        state = float_state(name, shape, self.one(bits, 8), int(self.rng.integers(1 << 30)), quantile)
        if self.one(True, False):
            layer["quantization"] = bits
        state[f"{name}.op.weight"] *= np.float32(2.0 ** int(self.rng.integers(-6, 3)))
        if self.one(True, True, False):
            state[f"{name}.op.bias"] *= np.float32(2.0 ** int(self.rng.integers(-4, 2)))
        else:
            del state[f"{name}.op.bias"]
        self.state |= state

    def _pool(self, layer):
        if self.length < 4 or not self.one(True, False):
            return
        kind, size = self.one("max_pool", "avg_pool"), int(self.rng.integers(2, min(6, self.length)))
        stride, dilation = int(self.rng.integers(1, 4)), 1
        free = kind == "avg_pool" or layer["operation"].lower() != "conv1d"  # dilated maxima are no one's in conv1d
        if size == 2 and free and not self.small and self.one(True, False):
            dilation = int(self.rng.integers(1, min(5, self.length)))
            layer["pool_dilation"] = dilation
        self.length = (self.length - (size - 1) * dilation - 1) // stride + 1
        layer |= {kind: size, "pool_stride": stride}

    def _one_layer(self):
        layer = {"operation": self.one("conv1d", "conv1d", "Conv1d", "conv1d", "passthrough", "none")}
        if self.length < 3:
            return
        if self.small and self.channels > 64:  # the MAX78000 does not pass on more
            layer = {"operation": "conv1d"}
        self._pool(layer)
        if layer["operation"] in ("passthrough", "none"):
            self.layers.append(layer)
            return
        size = int(self.rng.integers(1, min(9, self.length) + 1))
        pads = self.small or self.channels <= 64
        layer["pad"] = pad = int(self.rng.integers(0, min(2, size - 1) + 1)) if pads else 0
        if size == 1 or not pads:
            layer["pad"] = pad = 0
        dilation = self.one(1, 1, 2, 3)
        if (size - 1) * dilation + 1 > min(9, self.length):
            dilation = 1
        if dilation > 1:
            layer["dilation"] = dilation
        outputs = self.one(1, 3, 4, 7, 16, 20, 60, 64, 66, 90)
        groups = 1
        if not self.small and self.one(True, False, False) and self.channels > 1:
            groups = outputs = self.channels
            layer[self.one("groups", "conv_groups")] = groups
        self._weights(layer, (outputs, self.channels // groups, size))
        layer |= {"kernel_size": size, "activate": self.one("ReLU", "relu", "Abs", "None", None)}
        if self.one(True, False, False):
            layer["output_shift"] = self.one(-3, -1, 0, 2)
        self.channels, self.length = outputs, self.length + 2 * pad - (size - 1) * dilation
        self.layers.append(layer)

    def _linear(self, last):
        layer = {"operation": self.one(*LINEAR)}
        if self.length > 1:
            layer["flatten"] = True
        outputs = self.one(2, 5, 10, 100)
        self._weights(layer, (outputs, self.channels * self.length))
        self.channels, self.length = outputs, 1
        if last:
            layer |= {"output_width": 32}
        else:
            layer |= {"activate": self.one("ReLU", "Abs", "None")}
        self.layers.append(layer)

    def _decorate(self):
        """What a description says besides: it changes nothing."""
        named = self.one(True, False)
        for index, layer in enumerate(self.layers):
            layer |= {"processors": self.one(*MAPS), "out_offset": self.one(0, 0x2000, 0x1000)}
            layer |= self.one({}, {"output_processors": self.one(*MAPS)}, {"data_format": self.one("HWC", "chw")})
            layer |= {"name": f"Part{index}"} if named else {}
            if index and self.one(True, False):
                layer["in_sequences"] = self.one(index - 1, [f"part{index - 1}"] if named else [index - 1])
        self.layers[0] |= self.one(
            {}, {"in_sequences": "input"}, {"in_dim": self.shape[1]}, {"in_dim": [self.shape[1], 1]}
        )


def signs(layers, state, seed):
    """Of a quantised state, layers with 2-bit weights become -1/+1, as a user writes them; and their description."""
    rng = np.random.default_rng(seed)
    names = iter([key.removesuffix(".op.weight") for key in state if key.endswith(".op.weight")])
    changed, found = [], dict(state)
    for layer in layers:
        name = next(names) if layer["operation"].lower() not in ("none", "passthrough") else ""
        if name and int(np.asarray(state[f"{name}.weight_bits"]).item()) == 2 and rng.integers(2):
            binary = layer_state(name, state[f"{name}.op.weight"].shape, 1, 0, int(rng.integers(99)), binary=True)
            found |= {key: value for key, value in binary.items() if key in state}
            layer = layer | {"quantization": "bin" if rng.integers(2) else "binary"}
        changed.append(layer)
    return changed, found
