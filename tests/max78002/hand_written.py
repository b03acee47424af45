"""Register writes for a row of stages, worked out by hand from the register map: the model's other side.

It shares nothing with the generator of bittrue.targets.max78002: processors from 0 on, results in the two halves of
data memory in turn, kernels one behind the other. Everything is a list of (address, bytes, value).
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from bittrue.spec import Abs, ReLU
from bittrue.spec.stages import stage_types
from bittrue_firmware.chip import MAX78002, Chip


class Hand:
    """Writes that set up and start ``chip`` for ``stages`` on frames of ``shape``."""

    def __init__(self, stages, shape, chip: Chip = MAX78002, big: bool = False, plain: bool = False):
        self.stages, self.chip, self.big, self.plain = stages, chip, big, plain
        self.shape, self.types = shape, stage_types(shape, stages)
        self.setup: list[tuple[int, int, int]] = []
        self.registers: list[tuple[int, int, int]] = []
        self.kernel_word, self.bias_at = 0, [0, 0, 0, 0]
        self.places: list[dict] = []
        self.writers = 1 + max((min(c, 64) - 1) // 16 for c, _ in map(_frame, self._tensors()))
        self._write_all()

    def _tensors(self):
        return [self.shape, *(out.shape for _, out in self.types)]

    def address(self, quadrant, offset):
        return self.chip.base + quadrant * self.chip.stride + offset

    def register(self, layer, name, value, quadrants=None):
        if value:
            number = self.chip.registers.index(name)
            at = self.chip.register_base + number * self.chip.register_step + layer * self.chip.layer_step
            for quadrant in range(self.writers) if quadrants is None else quadrants:
                self.registers.append((self.address(quadrant, at), 4, value))

    def _write_all(self):
        for quadrant in range(self.writers):
            base = self.address(quadrant, 0)
            self.setup += [(base, 4, 8 | (0 if self.plain else 1 << 20)), (base + 4, 4, 0x40E)]
            if self.chip.clears:
                self.setup += [(base + 12, 4, 0x1C80), (base + 12, 4, 0)]
            self.setup += [(base + 8, 4, len(self.stages) - 1)] if len(self.stages) > 1 else []
        at = 0
        for layer, stage in enumerate(self.stages):
            target = 0 if at else 2 * self.chip.data_words
            self._layer(layer, stage, at, target)
            at = target

    def start(self):
        binary = any(stage.bits < 0 for stage in self.stages) << 30
        common = binary | 8 | (0 if self.plain else 1 << 20)
        writes = [(self.address(0, 0), 4, common | 0x800)]
        writes += [(self.address(q, 0), 4, common | 0x801) for q in range(1, self.writers)]
        return [*writes, (self.address(0, 0), 4, common | 1)]

    def sample(self, codes):
        """Writes of an input frame to offset 0."""
        words: dict[int, int] = {}
        count, passes = _split(len(codes))
        for channel, row in enumerate(codes):
            number, processor = divmod(channel, count)
            for pixel, value in enumerate(row):
                if self.big:
                    key, lane = self.chip.data_address(channel, pixel // 4), pixel % 4
                else:
                    key = self.chip.data_address(processor // 4, pixel * passes + number)
                    lane = processor % 4
                words[key] = words.get(key, 0) | (int(value) & 255) << 8 * lane
        return [(address, 4, value) for address, value in words.items()]

    def _layer(self, layer, stage, at, target):
        plan = self._plan(layer, stage)
        self._geometry(plan)
        self._pointers(plan, at, target)
        self._counters(plan)
        self._control(plan)
        if not plan.passing:
            self._kernels(plan)
        place = {"offset": target, "processors": plan.into, "passes": plan.passes_out}
        channels, length = _frame(self.types[layer][1].shape)
        self.places.append(place | {"channels": channels, "length": length})

    def _plan(self, layer, stage):
        (channels, length), (outputs, _) = (_frame(t.shape) for t in self.types[layer])
        (count, passes), (into, passes_out) = _split(channels), _split(outputs)
        linear, passing, depthwise = stage.operation == "linear", stage.weight is None, stage.groups > 1
        masks = [sum(1 << i for i in range(16) if 16 * q + i < count) for q in range(4)]
        if layer == 0 and self.big:
            masks = [sum(1 << 4 * i for i in range(4) if 4 * q + i < count) for q in range(4)]
        most = max(bin(m).count("1") for m in masks)
        slots = (most - 1) // 4 if passing else 0
        slots = min(most, 4) * (4 if stage.wide else 1) - 1 if depthwise else slots
        taps = (stage.weight.shape[2] - 1) * stage.dilation + 1 if stage.operation == "conv1d" and not passing else 1
        flat = length if linear else 1
        positions = flat * passes
        return SimpleNamespace(
            layer=layer, stage=stage, count=count, passes=passes, into=into, passes_out=passes_out, masks=masks,
            slots=slots, taps=taps, flat=flat, positions=positions, passing=passing, depthwise=depthwise,
            bits=8 if passing else abs(stage.bits), pixels=1 if linear else length,
            kernels=passes if depthwise else positions * (outputs if flat > 1 else into * passes_out),
            first=divmod(9 * self.kernel_word, taps),
        )  # fmt: skip

    def _geometry(self, plan):
        stage, layer, pool = plan.stage, plan.layer, plan.stage.pool
        size, stride, step = (pool.size, pool.stride, pool.dilation) if pool else (1, 1, 1)
        if self.chip.clears:
            last = (plan.pixels - (size - 1) * step - 1) // stride
            pad = 1 << 15 | stage.padding - 1 << 13 if stage.padding else 0
            self.register(layer, "RCNT", last * stride | pad | stride * plan.passes << 16)
            self.register(layer, "CCNT", 1 << 16)
            self.register(layer, "STRIDE", stride - 1 | stride * plan.passes << 4)
            self.register(layer, "PRCNT", (size - 1) * step | step - 1 << 4)
        else:
            self.register(layer, "RCNT", plan.pixels - 1 + 2 * stage.padding | stage.padding << 16)
            self.register(layer, "STRIDE", stride - 1)
            self.register(layer, "PRCNT", size - 1)

    def _pointers(self, plan, at, target):
        chip, stage, layer = self.chip, plan.stage, plan.layer
        one = plan.taps << 8 | 1 << 12 if stage.operation == "conv1d" else 1 << 8
        self.register(layer, "ONED", plan.slots | one | (0 if plan.passing else plan.first[1] << 4))
        base = target // 4
        if plan.passing:
            for q in range(self.writers):
                self.register(layer, "WPTR", base | 4 * q << chip.pointer_shift if plan.masks[q] else 0, [q])
            self.register(layer, "TOFFS", 1 << chip.pointer_shift - (0 if plan.count > 4 else 2))
        else:
            self.register(layer, "WPTR", base)
            self.register(layer, "TOFFS", int(stage.operation == "linear"))
            self.register(layer, "MOFFS", 1 << chip.pointer_shift)
        self.register(layer, "CHOFFS", (4 if stage.wide else 1) * (plan.passes_out > 1))
        self.register(layer, "RPTR", at // 4)

    def _counters(self, plan):
        layer, passing, first, clears = plan.layer, plan.passing, plan.first[0], self.chip.clears
        low = plan.positions - 1 & 15
        span, skip = (0, 0) if passing else ((plan.into - 1) * plan.bits, plan.passes_out - 1)
        self.register(layer, "LCTL2", low | skip << 4 | span << (12 if clears else 8))
        end = 8 * first + (plan.kernels - 1) * plan.bits
        if passing:
            first, end = plan.passes - 1, 0
        if clears:
            self.register(layer, "MCNT1", end)
            self.register(layer, "MCNT2", 8 * first)
            turns = (plan.slots + 1) * plan.passes - 1 if plan.depthwise else plan.kernels - 1
            self.register(layer, "OCHAN", plan.slots if passing else turns)
        else:
            self.register(layer, "MCNT", 8 * first if passing else 8 * first << 16 | end)

    def _control(self, plan):
        layer, stage, pool, depthwise = plan.layer, plan.stage, plan.stage.pool, plan.depthwise
        post = 3 << 24 if plan.passing else 0
        if plan.positions > 16:
            post |= 1 << 27 | (plan.positions - 1 >> 4) << 18
            self.register(layer, "TPTR", plan.positions - 1 << 16 | 2 * (plan.positions - 1) + 1)
        if not plan.passing:
            post |= {8: 0, 1: 1, 2: 2, 4: 3}[plan.bits] << 22 | (abs(stage.shift) << 13) | (stage.shift < 0) << 17
            post |= isinstance(stage.activation, Abs) << 26 | (depthwise and (1 << 30 | 1 << 24))
        lctl = 0x820 | isinstance(stage.activation, ReLU) << 9 | (pool is not None) << 7
        lctl |= (pool is None or pool.kind == "max") << 8 | stage.wide << 16
        lctl |= (layer == 0 and self.big) << 6 | depthwise << 29
        lctl |= (plan.taps - 1) << 22 if self.chip.clears and not plan.passing else 0
        used = [q for q in range(self.writers) if plan.masks[q]]
        homes = used if depthwise else [layer % self.writers]
        sources = 0 if depthwise or plan.passing else sum(1 << q for q in used if q)
        biased = stage.bias is not None and bool(np.any(stage.bias))
        if biased and not depthwise and homes[0]:
            sources |= 1 << homes[0]
        for q in range(self.writers):
            mine = self._bias(stage, q, plan.into, plan.passes_out, depthwise) if biased and q in homes else 0
            self.register(layer, "POST", post | mine, [q])
            self.register(layer, "LCTL", lctl | (sources << 12 if q == 0 else 0), [q])
            self.register(layer, "ENA", plan.masks[q] * (1 if plan.passing else 0x10001), [q])

    def _bias(self, stage, quadrant, into, passes_out, depthwise):
        start = -(-self.bias_at[quadrant] // 4) * 4 if depthwise else self.bias_at[quadrant]
        if depthwise:
            values = np.zeros(16 * passes_out, np.int64)
            for channel, value in enumerate(stage.bias):
                number, processor = divmod(channel, into)
                if processor // 16 == quadrant:
                    own = processor % 16
                    values[16 * number + 4 * (own % 4) + own // 4] = value
        else:
            values = stage.bias
        for n, value in enumerate(values):
            self.setup.append((self.address(quadrant, self.chip.bias + 4 * (start + n)), 4, int(value) & 255))
        self.bias_at[quadrant] = start + len(values)
        return 1 << 12 | (start // 4 if depthwise else start)

    def _kernels(self, plan):
        stage, bits = plan.stage, plan.bits
        processors = [16 * q + i for q in range(4) for i in range(16) if plan.masks[q] >> i & 1]
        length = 0
        for n, processor in enumerate(processors):
            rows = _rows(plan, n)
            stream = _pack(rows & (1 << bits) - 1 if stage.bits > 0 else (rows < 0).astype(int), bits)
            stream += bytes(-len(stream) % 9)
            length = len(stream) // 9
            words = [stream[i : i + 9][::-1] for i in range(0, len(stream), 9)]
            quadrant, own = divmod(processor, 16)
            base = self.address(quadrant, self.chip.weights + own * self.chip.weight_step)
            self.setup += (
                _plain(base, self.kernel_word, words) if self.plain else _packed(base, self.kernel_word, words)
            )
        self.kernel_word += length


def _rows(plan, n):
    """Kernels of the n-th processor ``(kernels, taps)``, last weight first."""
    stage, weight, count, passes, taps, flat = (
        plan.stage,
        plan.stage.weight,
        plan.count,
        plan.passes,
        plan.taps,
        plan.flat,
    )
    if plan.depthwise:
        rows = np.zeros((passes, taps), np.int64)
        for number in range(passes):
            if number * count + n < len(weight):
                rows[number, :: stage.dilation] = weight[number * count + n, 0]
        return rows[:, ::-1]
    outputs = len(weight)
    rows = np.zeros((outputs if flat > 1 else plan.into * plan.passes_out, flat * passes, taps), np.int64)
    for number in range(passes):
        channel = number * count + n
        if weight.ndim == 2:
            if channel * flat < weight.shape[1]:
                rows[:outputs, number::passes, 0] = weight[:, channel * flat : (channel + 1) * flat]
        elif channel < weight.shape[1]:
            rows[:outputs, number, :: stage.dilation] = weight[:, channel]
    return rows.reshape(-1, taps)[:, ::-1]


def _frame(shape):
    return (shape[0], shape[1]) if len(shape) == 2 else (shape[0], 1)


def _split(channels):
    """Processors of a pass, and passes."""
    passes = -(-channels // 64)
    count = -(-channels // passes)
    return (count if passes == 1 else -(-count // 4) * 4), passes


def _pack(rows, bits):
    slots = 8 // bits
    rows = np.concatenate([rows, np.zeros((-len(rows) % slots, rows.shape[1]), rows.dtype)])
    groups = rows.reshape(-1, slots, rows.shape[1])
    return (groups << (np.arange(slots) * bits)[:, None]).sum(axis=1).astype(np.uint8).tobytes()


def _plain(base, first, words):
    writes = []
    for n, word in enumerate(words, first):
        parts = word[:1], word[1:5], word[5:], b"\0"
        writes += [(base + 16 * n + 4 * i, 4, int.from_bytes(part, "big")) for i, part in enumerate(parts)]
    return writes


def _packed(base, first, words):
    data = b"".join(words)
    data += bytes(-len(data) % 4)
    writes = [(base + 4 * first + 1, 1, 1)]
    return writes + [(base + 4 * first + i, 4, int.from_bytes(data[i : i + 4], "big")) for i in range(0, len(data), 4)]
