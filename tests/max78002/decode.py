"""What a chip would make of the generated text: kernel memory, biases and registers, by the chip's own rules.

It knows the addresses and bit fields of the chips and nothing of how bittrue places things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

QUADRANT = {"MAX78002": 0x0100_0000, "MAX78000": 0x0040_0000}
KERNELS = {"MAX78002": (0x5140_0000, 0x2_0000), "MAX78000": (0x5018_0000, 0x4000)}
DATA = {"MAX78002": (0x5180_0000, 0x2_0000), "MAX78000": (0x5040_0000, 0x8000)}
DEPTH = {"MAX78002": (5120, 4096), "MAX78000": (768, 768)}
BIASES = {"MAX78002": 2048, "MAX78000": 512}
BITS = {0: 8, 1: 1, 2: 2, 3: 4}


def numbers(text, name):
    """The words of ``#define NAME { .. }``."""
    (body,) = re.findall(rf"#define {name} \{{(.*?)\n\}}", text, re.S)
    return [int(word, 16) for word in re.findall(r"0x[0-9a-f]+", body)]


def kernel_memory(text, device):
    """Bytes of each processor by their place in its stream: byte n of word w is 9 * w + n. No byte comes twice."""
    base, step = KERNELS[device]
    words, memory, k = numbers(text, "KERNELS"), [{} for _ in range(64)], 0
    while words[k]:
        quadrant, rest = divmod(words[k] - base, QUADRANT[device])
        index, start = divmod(rest, step)
        assert quadrant < 4 and index < 16 and start % 4 == 0
        processor, count = 16 * quadrant + index, words[k + 1]
        data = b"".join(word.to_bytes(4, "big") for word in words[k + 2 : k + 2 + count])
        assert not any(data[len(data) // 9 * 9 :]), "the rest of the last word is not a kernel"
        for word in range(len(data) // 9):
            for n in range(9):
                place = 9 * (start // 4 + word) + n
                assert place not in memory[processor], f"processor {processor} gets byte {place} twice"
                memory[processor][place] = data[9 * word + 8 - n]
            assert start // 4 + word < DEPTH[device][processor % 16 > 0]
        k += 2 + count
    assert k == len(words) - 1
    return memory


def registers(text):
    """Values by (layer, quadrant, name); what is not set is 0."""
    quadrants = [int(q) for q in re.search(r"quadrants\[\] = \{ ([0-9, ]+) \}", text)[1].split(", ")]
    found = {}
    for name, arguments in re.findall(r"    set_(one|all)\((.*)\);", text.partition("int cnn_configure(void)")[2]):
        *where, register, value = arguments.split(", ")
        for quadrant in quadrants if name == "all" else [int(where[0])]:
            key = (int(where[-1]), quadrant, register.removeprefix("LREG_"))
            assert key not in found, f"{key} is set twice"
            found[key] = int(value, 16)
    return quadrants, found


@dataclass
class Chip:
    """The generated text as the chip sees it."""

    files: dict
    device: str

    def __post_init__(self):
        self.memory = kernel_memory(self.files["weights.h"], self.device)
        self.quadrants, self.registers = registers(self.files["cnn.c"])
        names = re.findall(r"#define BIAS_(\d)", self.files["weights.h"])
        self.biases = {int(q): numbers(self.files["weights.h"], f"BIAS_{q}") for q in names}
        self.big = self.device == "MAX78002"

    def get(self, layer, name, quadrant=0):
        """A register, 0 where it is not set."""
        return self.registers.get((layer, quadrant, name), 0)

    def layers(self):
        """How many layers run."""
        return 1 + max(layer for layer, _, _ in self.registers)

    def processors(self, layer):
        """Processors that take part, from the enables."""
        return [16 * q + i for q in self.quadrants for i in range(16) if self.get(layer, "ENA", q) >> i & 1]

    def passes(self, layer, flat=0):
        """Input passes, or steps of what is flattened."""
        low = self.get(layer, "LCTL2") & 15
        high = self.get(layer, "POST") >> 18 & 15 if self.get(layer, "POST") >> 27 & 1 else 0
        return low + 16 * high + 1

    def span(self, layer):
        """First kernel, number of kernels, weights of one, first byte, bits of a weight."""
        oned, control = self.get(layer, "ONED"), self.get(layer, "LCTL")
        bits = BITS[self.get(layer, "POST") >> 22 & 3]
        if self.big:
            first, last = self.get(layer, "MCNT2"), self.get(layer, "MCNT1")
            taps = ((control >> 22 & 15) + 1) * ((control >> 18 & 15) + 1)
        else:
            first, last = divmod(self.get(layer, "MCNT"), 1 << 16)
            taps = (oned >> 8 & 15) or 9
        assert first % 8 == 0 and (last - first) % bits == 0
        return first // 8, (last - first) // bits + 1, taps, oned >> 4 & 15, bits

    def kernels(self, layer, processor, seen=None):
        """All kernels of a layer in one processor, in their order: (count, taps)."""
        first, count, taps, byte, bits = self.span(layer)
        found = np.zeros((count, taps), np.int64)
        for number in range(count):
            base, low = (first + number * bits // 8) * taps + byte, number * bits % 8
            for k in range(taps):
                place = base + taps - 1 - k
                if seen is not None:
                    mark = (processor, place, low)
                    assert seen.setdefault(mark, layer) == layer, f"layers {seen[mark]} and {layer} share {mark}"
                value = self.memory[processor][place] >> low & (1 << bits) - 1
                found[number, k] = value - (1 << bits) if value >> bits - 1 else value
        return found

    def bias(self, layer, outputs):
        """The bias bytes of a layer that is not depthwise."""
        enabled = [q for q in self.quadrants if self.get(layer, "POST", q) >> 12 & 1]
        assert len(enabled) <= 1
        if not enabled:
            return np.zeros(outputs, np.int64)
        offset = self.get(layer, "POST", enabled[0]) & 0xFFF
        return np.array(self.biases[enabled[0]][offset : offset + outputs], np.uint8).astype(np.int8).astype(np.int64)

    def own_bias(self, layer, processor, passes):
        """The bias bytes of a processor in a depthwise layer, one a pass."""
        quadrant, index = divmod(processor, 16)
        post = self.get(layer, "POST", quadrant)
        if not post >> 12 & 1:
            return np.zeros(passes, np.int64)
        start = 4 * (post & 0xFFF) + 4 * (index % 4) + index // 4
        values = [self.biases[quadrant][start + 16 * number] for number in range(passes)]
        return np.array(values, np.uint8).astype(np.int8).astype(np.int64)
