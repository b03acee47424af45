"""Register writes for hardware layers, worked out by hand from the register map: the model's other side.

It shares nothing with the generator of bittrue.targets.max78002: kernels stand one behind the other, and where data go
is said by the steps. Everything is a list of (address, bytes, value).
"""

from __future__ import annotations

import numpy as np
from hand_steps import FUNCTIONS, LANES, Step, split, steps_of

from bittrue_firmware.chip import MAX78002, Chip


class HandSteps:
    """Writes that set up and start ``chip`` for steps."""

    def __init__(self, steps: list[Step], chip: Chip = MAX78002, plain: bool = False):
        self.steps, self.chip, self.plain = steps, chip, plain
        self.setup: list[tuple[int, int, int]] = []
        self.registers: list[tuple[int, int, int]] = []
        self.kernel_word, self.bias_at = 0, [0, 0, 0, 0]
        self.resets: list[int] = []
        """Layers that stand before an average where the one before has operands: not a step's."""
        used = steps[-1].targets
        for step in steps:
            used |= step.processors
        self.quadrants = [q for q in range(4) if used >> 16 * q & 0xFFFF]
        self.writers = self.quadrants[-1] + 1
        self._write_all()

    @property
    def places(self):
        """Where the result of each step lies, as a manifest has it."""
        return [
            {
                "channels": step.result[0],
                "length": step.result[1] * step.result[2],
                "offset": 4 * step.write,
                "processors": tuple(step.into),
                "passes": step.passes_out,
                "gap": step.gap,
                "bits": 32 if step.wide else 8,
            }
            for step in self.steps
        ]

    def address(self, quadrant, offset):
        return self.chip.base + quadrant * self.chip.stride + offset

    def register(self, layer, name, value, quadrants=None):
        if value:
            number = self.chip.registers.index(name)
            at = self.chip.register_base + number * self.chip.register_step + layer * self.chip.layer_step
            for quadrant in self.quadrants if quadrants is None else quadrants:
                self.registers.append((self.address(quadrant, at), 4, value))

    def _write_all(self):
        for quadrant in self.quadrants:
            base = self.address(quadrant, 0)
            self.setup += [(base, 4, 8 | (0 if self.plain else 1 << 20)), (base + 4, 4, 0x40E)]
            if self.chip.clears:
                self.setup += [(base + 12, 4, 0x1C80), (base + 12, 4, 0)]
        for number, (step, before) in enumerate(zip(self.steps, [None, *self.steps], strict=False)):
            layer = len(self.resets) + number
            if self.chip.clears and step.kind == "avg" and before and before.operands > 1:
                self._reset(layer, step)
                layer += 1
            first = divmod(9 * self.kernel_word, step.taps)
            self._counts(layer, step)
            self._pointers(layer, step, first[1])
            self._kernel_counts(layer, step, first[0])
            self._control(layer, step)
            if not step.passing:
                self._kernels(step)
        last = len(self.steps) + len(self.resets) - 1
        self.setup += [(self.address(q, 8), 4, last) for q in self.quadrants] if last else []

    def _reset(self, layer, step):
        """The layer that moves one byte, in the first quadrant alone, to where the step's result begins."""
        self.resets.append(layer)
        first = self.quadrants[:1]
        for name, value in {
            "RCNT": 1 << 16, "CCNT": 1 << 16, "STRIDE": 0x10, "RPTR": step.read, "LCTL": 0x920, "ONED": 0x100,
            "WPTR": step.write | step.into[0] // LANES << self.chip.pointer_shift, "TOFFS": int(step.taps == 1),
            "POST": 3 << 24, "ENA": 1,
        }.items():  # fmt: skip
            self.register(layer, name, value, first)

    def start(self):
        binary = any(step.bits < 0 for step in self.steps) << 30
        common = binary | 8 | (0 if self.plain else 1 << 20)
        writes = [(self.address(0, 0), 4, common | 0x800)]
        writes += [(self.address(q, 0), 4, common | 0x801) for q in self.quadrants[1:]]
        return [*writes, (self.address(0, 0), 4, common | 1)]

    def sample(self, codes):
        """Writes of an input frame, where the first step reads it."""
        words: dict[int, int] = {}
        step, codes = self.steps[0], codes.reshape(len(codes), -1)
        count, passes = split(len(codes))
        for channel, row in enumerate(codes):
            number, own = divmod(channel, count)
            processor = step.sources[own]
            for pixel, value in enumerate(row):
                word, lane = step.read + pixel * passes + number, processor % LANES
                if step.big:
                    word, lane = step.read + pixel // 4, pixel % 4
                key = self.chip.data_address(processor // LANES, word)
                words[key] = words.get(key, 0) | (int(value) & 255) << 8 * lane
        return [(address, 4, value) for address, value in words.items()]

    def _counts(self, layer, step):
        rows, columns = (1, 1) if step.flatten else step.given[1:]
        rows *= step.passes if self._folds(step) else 1
        twice = 2 if step.transposed else 1
        stride, unit = step.stride, step.passes * step.operands * (step.read_gap + 1)
        if self.chip.clears:
            last = [n * twice - 1 if twice > 1 else (n - 1) * stride for n in ((1, 1) if step.flatten else step.pooled)]
            pad = [1 << 15 | n - 1 << 13 if n else 0 for n in step.pad]
            rest = columns * twice - last[1]
            self.register(layer, "RCNT", last[0] | pad[0] | (rest + (stride - 1) * columns) * unit << 16)
            self.register(layer, "CCNT", last[1] | pad[1] | rest << 16)
            self.register(layer, "STRIDE", stride - 1 | stride * unit << 4)
        else:
            for name, n, pad in (("RCNT", rows, step.pad[0]), ("CCNT", columns, step.pad[1])):
                self.register(layer, name, n * twice - 1 + 2 * pad | pad << 16)
            self.register(layer, "STRIDE", stride - 1)
        for name, size, apart in zip(("PRCNT", "PCCNT"), step.pool, step.dilation, strict=True):
            self.register(layer, name, (size - 1) * apart | (apart - 1 << 4 if self.chip.clears else 0))

    def _folds(self, step):
        """Whether passes of operands are taken as rows: on the MAX78000, which has two operands in two passes only."""
        return (
            step.passing
            and not self.chip.clears
            and step.operands > 1 < step.passes
            and (step.operands * step.passes != 4)
        )

    def _pointers(self, layer, step, start):
        shift, kernel = self.chip.pointer_shift, step.taps
        one = kernel << 8 | 1 << 12 if step.operation == "conv1d" else (1 << 8) * (kernel == step.operands == 1)
        if kernel == 1 and not step.passing:
            one |= 1 << 8
        if step.operands > 1:
            one |= 1 << 13 | FUNCTIONS[step.function] << 14 | step.operands - 1 << 18 | (not step.passing) << 17
            one |= (step.pool_first and step.pool != (1, 1)) << 16
        self.register(layer, "ONED", step.slots() | one | start << 4)
        if step.passing:
            for q in self.quadrants:
                own = [p for p in step.into if p // 16 == q]
                used = (own[0] // LANES) << shift if own else 0
                self.register(layer, "WPTR", step.write | used if own else 0, [q])
            many = len(step.sources) > 4 or step.operands > 1 < step.passes
            self.register(layer, "TOFFS", 1 << shift - (0 if many else 2))
        else:
            self.register(layer, "WPTR", step.write | step.into[0] // LANES << shift)
            self.register(layer, "TOFFS", int(kernel == 1 and step.operation == "conv2d" and not step.depthwise))
            self.register(layer, "MOFFS", 1 << shift)
        self.register(layer, "CHOFFS", (4 if step.wide else 1) * (step.gap + 1) * (step.passes_out > 1))
        self.register(layer, "RPTR", step.read)
        if step.positions > 16:
            self.register(layer, "TPTR", step.positions - 1 << 16 | 2 * (step.positions - 1) + 1)
        elif kernel == 9 and step.operation == "conv2d":
            self.register(layer, "TPTR", step.pooled[1] * (2 if step.transposed else 1) + 2 * step.pad[1] - 3)

    def _kernel_counts(self, layer, step, first):
        passing, bits, clears = step.passing, step.width, self.chip.clears
        skip = step.gap if passing else step.passes_out * (step.gap + 1) - 1
        span = 0 if passing else (step.positions_out() - 1) * bits
        low = 0 if self._folds(step) else step.positions - 1 & 15
        self.register(layer, "LCTL2", low | skip << 4 | span << (12 if clears else 8))
        kernels = step.kernels()
        start, end = 8 * first, 8 * first + (kernels - 1) * bits
        if passing:
            start, end = 0 if self._folds(step) else 8 * (step.passes - 1), 0
        if clears:
            self.register(layer, "MCNT1", end)
            self.register(layer, "MCNT2", start)
            turns = (step.slots() + 1) * step.passes - 1 if step.depthwise else kernels - 1
            self.register(layer, "OCHAN", step.slots() if passing else turns)
        else:
            self.register(layer, "MCNT", start if passing else start << 16 | end)

    def _control(self, layer, step):
        post = 0
        if step.passing:
            post = 3 << 24 if step.operands == 1 else 1 << 24
        if step.positions > 16:
            post |= 1 << 27 | (step.positions - 1 >> 4) << 18
        if not step.passing:
            post |= {8: 0, 1: 1, 2: 2, 4: 3}[step.width] << 22 | (abs(step.shift) << 13) | (step.shift < 0) << 17
            post |= (step.activation == "abs") << 26 | (step.depthwise and (1 << 30 | 1 << 24)) | step.transposed << 28
        lctl = 0x820 | (step.activation == "relu") << 9 | (step.pool != (1, 1)) << 7
        lctl |= (step.kind == "max") << 8 | step.wide << 16 | step.big << 6 | step.depthwise << 29
        if self.chip.clears and not step.passing:
            lctl |= step.weight.shape[2] - 1 << 22 | step.weight.shape[3] - 1 << 18
        masks = step.masks()
        used = [q for q in self.quadrants if masks[q]]
        homes = used if step.depthwise else [self.quadrants[layer % len(self.quadrants)]]
        sources = 0 if step.depthwise or step.passing else sum(1 << q for q in used if q)
        biased = step.bias is not None and bool(np.any(step.bias))
        if biased and not step.depthwise and homes[0]:
            sources |= 1 << homes[0]
        for q in self.quadrants:
            mine = self._bias(step, q) if biased and q in homes else 0
            self.register(layer, "POST", post | mine, [q])
            self.register(layer, "LCTL", lctl | (sources << 12 if q == 0 else 0), [q])
            self.register(layer, "ENA", masks[q] * (1 if step.passing else 0x10001), [q])

    def _bias(self, step, quadrant):
        depthwise, into = step.depthwise, len(step.into)
        start = -(-self.bias_at[quadrant] // 4) * 4 if depthwise else self.bias_at[quadrant]
        if depthwise:
            values = np.zeros(16 * step.passes_out, np.int64)
            for channel, value in enumerate(step.bias):
                number, processor = divmod(channel, into)
                if processor // 16 == quadrant:
                    own = processor % 16
                    values[16 * number + 4 * (own % 4) + own // 4] = value
        else:
            values = step.bias
        for n, value in enumerate(values):
            self.setup.append((self.address(quadrant, self.chip.bias + 4 * (start + n)), 4, int(value) & 255))
        self.bias_at[quadrant] = start + len(values)
        return 1 << 12 | (start // 4 if depthwise else start)

    def _kernels(self, step):
        bits, length = step.width, 0
        for n, processor in enumerate(step.sources):
            rows = _rows(step, n)
            stream = _pack(rows & (1 << bits) - 1 if step.bits > 0 else (rows < 0).astype(int), bits)
            stream += bytes(-len(stream) % 9)
            length = len(stream) // 9
            words = [stream[i : i + 9][::-1] for i in range(0, len(stream), 9)]
            quadrant, own = divmod(processor, 16)
            base = self.address(quadrant, self.chip.weights + own * self.chip.weight_step)
            self.setup += (
                _plain(base, self.kernel_word, words) if self.plain else _packed(base, self.kernel_word, words)
            )
        self.kernel_word += length


class Hand(HandSteps):
    """Writes that set up and start ``chip`` for ``stages`` on frames of ``shape``."""

    def __init__(self, stages, shape, chip: Chip = MAX78002, big: bool = False, plain: bool = False):
        super().__init__(steps_of(stages, shape, big, chip.data_words // 2), chip, plain)


def _rows(step, n):
    """Kernels of the n-th processor ``(kernels, taps)``, last weight first."""
    weight, count, passes = step.weight, len(step.sources), step.passes
    if step.depthwise:
        rows = np.zeros((passes, step.taps), np.int64)
        for number in range(passes):
            if number * count + n < len(weight):
                rows[number] = weight[number * count + n, 0].reshape(-1)
        return rows[:, ::-1]
    flat = step.positions // passes
    outputs = len(weight) if flat > 1 else step.positions_out() * step.passes_out
    rows = np.zeros((outputs, flat * passes, step.taps), np.int64)
    places = np.arange(len(weight))
    if flat == 1:
        skipped = step.into[0] % 4
        places = places // len(step.into) * step.positions_out() + places % len(step.into) + skipped
    for number in range(passes):
        channel = number * count + n
        if channel < step.given[0]:
            own = weight[:, channel * flat : (channel + 1) * flat].reshape(len(weight), flat, step.taps)
            rows[places, number::passes] = own
    return rows.reshape(-1, step.taps)[:, ::-1]


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
