"""Weights from memory: which layers stream theirs through an AXI port, in which order, and what the port carries.

A streamed layer has no memory of weights. Its lanes read words in a fixed order, window after window and frame after
frame, and the words come in exactly that order. With ``L`` lanes of weights of ``b`` bits, a word, what all lanes
take in one clock, has

    W = 4 * ceil(L * b / 4)                 bits, lane 0 (of engine, segment, row; row fastest) in the lowest
    B = ceil(N * W / 64)                    beats of 64 bits hold the N words of a block, one after another
    bytes a frame = 8 * B * reads

where a block is read ``reads`` times a frame: it holds the words of one window where all windows have the same ones,
which is read again for each, else those of all windows of a frame. Blocks start at multiples of a burst, so a burst
never crosses 4 KiB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bittrue.errors import BadInput
from bittrue.lower.bram import SHALLOW, rom_blocks
from bittrue.lower.filters import Filters
from bittrue.lower.schedule import Schedule, schedule
from bittrue.lower.stored import Stored, memory
from bittrue.lower.units import Memories, WindowUnit
from bittrue.spec import Net

PORT_BITS = 64
"""Bits of a beat: of an HP port of a Zynq."""
BEAT = PORT_BITS // 8
"""Bytes of a beat."""
BURST = 16
"""Beats of a burst: the most of AXI3, which the HP ports speak."""
GRANULE = 4
"""A word of weights takes a multiple of so many bits."""
TILE = 256
"""Beats of a tile. A layer's buffer holds two: one is read while the other is filled."""
OUTSTANDING = 8
"""Bursts that are asked for and have not come yet, at most: what an HP port of a Zynq takes."""
MOST_SHARE = 0.8
"""Share of the port's beats that a plan may ask for; the memory's refresh and other masters take some of the rest."""
BUFFER_BLOCKS = rom_blocks(2 * TILE, PORT_BITS)
"""RAMB18E1 of the two tiles of a layer."""
RAMB36 = 140
"""RAMB36E1 of an xc7z020: the budget where none is given."""
QUEUED = 8
"""Words of weights that wait at the first segment of a layer's lanes."""
ALIGNED = BURST * BEAT
"""Bytes of which the start of a block is a multiple."""
LARGEST = 1 << 28
"""Bytes of an image at most."""


@dataclass(frozen=True, eq=False)
class StreamedLayer:
    """A layer whose weights come from memory.

    Parameters
    ----------
    name : str
        Of its node.
    plan : Filters
    offset : int
        Bytes from the start of the image to its block.
    """

    name: str
    plan: Filters
    offset: int = 0

    @property
    def word_bits(self) -> int:
        """``W``: bits of a word, what all lanes take in a clock."""
        bits = self.plan.lanes * self.plan.matrix.weight_bits
        return -(-bits // GRANULE) * GRANULE

    @property
    def _phases(self) -> list[int]:
        """The phases of the windows whose words a block holds."""
        return [0] if len(self.plan.fold.steps) == 1 else self.plan.buffer.phases

    @property
    def words(self) -> int:
        """``N``: words of a block."""
        fold = self.plan.fold
        return sum(fold.turns * fold.steps[phase] for phase in self._phases)

    @property
    def beats(self) -> int:
        """``B``: beats of a block."""
        return -(-self.words * self.word_bits // PORT_BITS)

    @property
    def reads(self) -> int:
        """How often the block is read a frame."""
        return len(self.plan.buffer.phases) // len(self._phases)

    @property
    def bytes_a_frame(self) -> int:
        """Bytes that pass the port a frame."""
        return BEAT * self.beats * self.reads

    @property
    def saved(self) -> int:
        """RAMB18E1 of the memories that it has no more, less those of its tiles and of long queues."""
        fold, matrix = self.plan.fold, self.plan.matrix
        queues = sum(rom_blocks(depth, bits) for depth, bits in self.queues)
        return self.plan.lanes * rom_blocks(fold.words, matrix.weight_bits) - BUFFER_BLOCKS - queues

    @property
    def queues(self) -> list[tuple[int, int]]:
        """Places, and bits of each, of the queue in front of every segment: one of a chain takes its words ``skew``
        clocks after the one before."""
        fold = self.plan.fold
        bits = self.plan.engines * fold.rows * self.plan.matrix.weight_bits
        return [(QUEUED + j * fold.skew, bits) for j in range(fold.segments)]

    @property
    def stored(self) -> Stored:
        """Words that are kept on their way: of the port, of the gearbox, and in queues of LUTs."""
        lutram = sum(memory(*queue) for queue in self.queues if queue[0] <= SHALLOW)
        return Stored(PORT_BITS + 2 * (self.word_bits - GRANULE + PORT_BITS), lutram)

    def block(self) -> bytes:
        """The block's beats, little-endian, zeros behind the last word."""
        fold, bits = self.plan.fold, self.plan.matrix.weight_bits
        firsts = np.cumsum([0, *(fold.turns * steps for steps in fold.steps)])
        lanes = self.plan.words().reshape(self.plan.lanes, -1)
        order = np.concatenate([np.arange(firsts[phase], firsts[phase + 1]) for phase in self._phases])
        codes = lanes[:, order].T[:, :, np.newaxis] >> np.arange(bits) & 1
        flat = codes.astype(np.uint8).reshape(len(order), -1)
        padded = np.pad(flat, ((0, 0), (0, self.word_bits - flat.shape[1])))
        packed = np.packbits(padded.ravel(), bitorder="little").tobytes()
        return packed.ljust(BEAT * self.beats, b"\0")


@dataclass(frozen=True, eq=False)
class StreamPlan:
    """Which layers of a net stream their weights, at one interval.

    Parameters
    ----------
    clocks : int
        A frame.
    layers : tuple of StreamedLayer
        In the order of the net; none where all weights stay on chip.
    ramb18 : int
        RAMB18E1 of the net built so, tiles included.
    budget : int
        RAMB36E1 that were to be enough.
    pace : float
        Beats that the port carries a clock, 1 at most: less where its clock is slower than the net's.
    """

    clocks: int
    layers: tuple[StreamedLayer, ...]
    ramb18: int
    budget: int
    pace: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """Of the streamed layers."""
        return tuple(layer.name for layer in self.layers)

    @property
    def bytes_a_frame(self) -> int:
        """Bytes that pass the port a frame."""
        return sum(layer.bytes_a_frame for layer in self.layers)

    @property
    def stored(self) -> Stored:
        """Flip-flops and memory LUTs, at least, besides those of the net with all weights on chip."""
        return sum((layer.stored for layer in self.layers), Stored())

    @property
    def share(self) -> float:
        """Share of the port: ``bytes a frame / (8 * clocks * pace)``."""
        return self.bytes_a_frame / (BEAT * self.clocks * self.pace)

    def later(self, net: Net) -> int:
        """Clocks by which the first word of a result is later than where no layer streams: one a layer on its way."""
        on_way = dict.fromkeys(net.inputs, 0)
        for node in net.nodes:
            before = max((on_way[name] for name in node.inputs), default=0)
            on_way[node.name] = before + (node.name in self.names)
        return on_way[net.last]

    @cached_property
    def image(self) -> bytes:
        """What the memory holds from the base address on."""
        found = bytearray()
        for layer in self.layers:
            found += bytes(layer.offset - len(found)) + layer.block()
        return bytes(found)

    @property
    def image_bytes(self) -> int:
        """Length of `image`."""
        return self.layers[-1].offset + BEAT * self.layers[-1].beats if self.layers else 0


def candidates(plan: Schedule) -> dict[str, StreamedLayer]:
    """The layers of a schedule that can stream, by node: those whose weights slide over tensors in beats."""
    found = {}
    for name, step in plan.steps.items():
        unit = step.part(WindowUnit)
        if unit is not None and isinstance(unit.plan, Filters):
            found[name] = StreamedLayer(name, unit.plan)
    return found


def blocks(memories: Memories) -> int:
    """RAMB18E1 of memories of constants."""
    return sum(rom_blocks(*memory) for memory in memories)


def net_blocks(plan: Schedule) -> int:
    """RAMB18E1 of a net whose weights are all on chip."""
    steps = plan.steps.values()
    return sum(step.kept_blocks + sum(blocks(unit.roms) for unit in step.parts) for step in steps)


def pace_of(net_mhz: float, bus_mhz: float) -> float:
    """Beats that a port on one clock carries a clock of the net, at most one."""
    return min(1.0, bus_mhz / net_mhz)


def stream_plan(net: Net, interval: int, budget: int = RAMB36, pace: float = 1.0) -> StreamPlan:
    """`StreamPlan` of a net: among all choices of layers that fit ``budget`` RAMB36E1 the fewest bytes a frame.

    ``pace`` is `pace_of` the clocks; 1 where port and net share one.

    Raises
    ------
    BadInput
        Where not even all layers streamed make it fit, and where the port does not carry what has to stream.
    """
    if not 1 <= budget <= 1 << 16:
        raise BadInput(f"the block RAM is {budget} RAMB36E1; give a number from 1 to {1 << 16}")
    plan = schedule(net, interval)
    there, offered = net_blocks(plan), candidates(plan)
    names = chosen(list(offered.values()), there - 2 * budget)
    if names is None:
        least = there - sum(max(0, layer.saved) for layer in offered.values())
        raise BadInput(
            f"net {net.name} takes {-(-least // 2)} RAMB36E1 at an interval of {interval} even where all weights that "
            f"can stream from memory do, and {budget} are there; choose another interval"
        )
    return _placed(net, plan, [offered[name] for name in names], there, budget, interval, pace)


def streamed_as(net: Net, interval: int, names: Sequence[str], budget: int = RAMB36) -> StreamPlan:
    """`StreamPlan` with the layers of these names streamed. Raises `BadInput` for a layer that cannot stream."""
    plan = schedule(net, interval)
    offered = candidates(plan)
    for name in names:
        if name not in offered:
            raise BadInput(
                f"net {net.name}: layer {name} cannot stream its weights at an interval of {interval}; those that can "
                f"are {', '.join(offered) or 'none'}"
            )
    layers = [layer for name, layer in offered.items() if name in names]
    return _placed(net, plan, layers, net_blocks(plan), budget, interval, 1.0)


def _placed(
    net: Net, plan: Schedule, layers: Sequence[StreamedLayer], there: int, budget: int, interval: int, pace: float
) -> StreamPlan:
    """The plan with blocks one after another; refused where the port does not carry it."""
    placed, offset = [], 0
    for layer in layers:
        placed.append(StreamedLayer(layer.name, layer.plan, offset))
        offset += -(-BEAT * layer.beats // ALIGNED) * ALIGNED
    found = StreamPlan(plan.clocks, tuple(placed), there - sum(layer.saved for layer in layers), budget, pace)
    if found.share > MOST_SHARE:
        raise BadInput(
            f"net {net.name}: the weights of {', '.join(found.names)} would stream {found.bytes_a_frame} bytes a frame "
            f"of {plan.clocks} clocks, {100 * found.share:.0f} % of a port of {PORT_BITS} bits that carries {pace:.3g} "
            f"words a clock, and {100 * MOST_SHARE:.0f} % are the limit; choose a longer interval than {interval}"
        )
    if offset > LARGEST:
        raise BadInput(f"net {net.name}: its streamed weights take {offset} bytes of memory; {LARGEST} are the limit")
    return found


def chosen(layers: Sequence[StreamedLayer], wanted: int) -> list[str] | None:
    """Names of the layers that save at least ``wanted`` RAMB18E1 with the fewest bytes a frame; None where none do."""
    best: dict[int, tuple[int, tuple[str, ...]]] = {0: (0, ())}
    if wanted <= 0:
        return []
    for layer in layers:
        if layer.saved <= 0:
            continue
        for saved, (load, names) in list(best.items()):
            total = min(wanted, saved + layer.saved)
            way = load + layer.bytes_a_frame, (*names, layer.name)
            if total not in best or way < best[total]:
                best[total] = way
    return list(best[wanted][1]) if wanted in best else None
