"""Where the accelerator's memories and registers lie, on either chip.

The addresses and the numbers of the registers are those that the published C of ai8x-synthesis writes to; Analog
Devices does not document them. A quadrant has 16 processors; four processors share a data memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bittrue.targets.max78002.devices import MAX78000, MAX78002, Device

QUADRANTS = 4
PER_QUADRANT = 16
GROUP = 4
"""Processors that share a data memory: the four bytes of its words."""

KERNEL_BYTES = 9
"""Bytes of a word of kernel memory."""


@dataclass(frozen=True)
class Register:
    """A register of a layer: its number, and what it holds in a few words."""

    number: int
    meaning: str


@dataclass(frozen=True)
class MemoryMap:
    """Addresses of one chip, in bytes, and sizes.

    Parameters
    ----------
    device : Device
    always_on : int
        Control register of what is never powered down.
    quadrant, quadrant_step : int
        Control registers of quadrant 0, and from a quadrant to the next. All addresses below are in quadrant 0.
    layers, layer_step, register_step : int
        Registers of layer 0, from a layer to the next, and from a register to the next of the same layer.
    bias : int
        Bias memory: a byte in every 32-bit word; ``bias_bytes`` of them in a quadrant.
    kernels, kernel_step : int
        Kernel memory of processor 0, and from a processor to the next.
    depth, deep : int
        Words of kernel memory of a processor, and of the first processor of a quadrant.
    banks : tuple of (int, int)
        Memories that kernel memory is built of: how many words each has, up to which word.
    data, data_step : int
        Data memory of processors 0 to 3, and from a group of four to the next.
    write_shift : int
        Bits of a write pointer below the number of the group of four processors.
    slot : int
        From a data memory to the next, in words of the write pointer.
    registers : dict of Register
    """

    device: Device
    always_on: int
    quadrant: int
    quadrant_step: int
    layers: int
    layer_step: int
    register_step: int
    bias: int
    bias_bytes: int
    kernels: int
    kernel_step: int
    depth: int
    deep: int
    banks: tuple[tuple[int, int], ...]
    data: int
    data_step: int
    write_shift: int
    slot: int
    registers: dict[str, Register] = field(repr=False)

    @property
    def clears(self) -> bool:
        """Whether memories and registers are cleared by a command; the MAX78000 clears them on reset only."""
        return self.device == MAX78002

    def kernel_depth(self, processor: int) -> int:
        """Words of kernel memory of a processor."""
        return self.depth if processor % PER_QUADRANT else self.deep

    def kernel_address(self, processor: int, word: int) -> int:
        """Where a stream of packed kernels that begins at ``word`` is written to."""
        quadrant, index = divmod(processor, PER_QUADRANT)
        return self.kernels + quadrant * self.quadrant_step + index * self.kernel_step + 4 * word

    def data_address(self, processor: int, offset: int) -> int:
        """Address of the byte ``offset`` of a processor's data memory."""
        quadrant, index = divmod(processor, PER_QUADRANT)
        return self.data + quadrant * self.quadrant_step + index // GROUP * self.data_step + offset


_MEANINGS = {
    "RCNT": "rows: where the last pooling window begins, padding, words to the next window",
    "CCNT": "columns: the same across; 1 column in one dimension",
    "ONED": "one dimension: time slots, first byte of the kernels, kernel size",
    "PRCNT": "pooling rows",
    "PCCNT": "pooling columns",
    "STRIDE": "pooling stride",
    "WPTR_BASE": "first word written: data memory and word",
    "WPTR_TOFFS": "write pointer: from a time slot to the next",
    "WPTR_MOFFS": "write pointer: from a data memory to the next",
    "WPTR_CHOFFS": "write pointer: from a pass to the next",
    "RPTR_BASE": "first word read",
    "LCTL": "control: pooling, activation, other quadrants summed, wide results, kernel size",
    "LCTL2": "control 2: input passes, words between results, output channels of a pass",
    "ENA": "processors and kernel memories that take part",
    "POST": "post processing: bias, shift, bits of a weight, and special modes",
    "TPTR": "size of the row buffer, or of what is flattened",
}

_OF_MAX78002 = _MEANINGS | {
    "MCNT1": "last kernel: place of the last one in kernel memory",
    "MCNT2": "first kernel: place of the first one in kernel memory",
    "OCHAN": "kernels that a processor goes through for a result, less 1",
}
_ORDER_78002 = [
    *("NXTLYR", "RCNT", "CCNT", "ONED", "PRCNT", "PCCNT", "STRIDE", "WPTR_BASE", "WPTR_TOFFS", "WPTR_MOFFS"),
    *("WPTR_CHOFFS", "RPTR_BASE", "LCTL", "LCTL2", "MCNT1", "MCNT2", "OCHAN", "TPTR", "ENA", "POST"),
]
_OF_MAX78000 = _MEANINGS | {
    "RCNT": "rows: samples with padding, less 1; padding",
    "MCNT": "kernels: places of the first and the last one in kernel memory",
}
_ORDER_78000 = [
    *("RCNT", "CCNT", "ONED", "PRCNT", "PCCNT", "STRIDE", "WPTR_BASE", "WPTR_TOFFS", "WPTR_MOFFS", "WPTR_CHOFFS"),
    *("RPTR_BASE", "LCTL", "MCNT", "TPTR", "ENA", "POST"),
]


def _registers(order: list[str], meanings: dict[str, str]) -> dict[str, Register]:
    return {name: Register(k, meanings[name]) for k, name in enumerate(order) if name in meanings}


MAP_78002 = MemoryMap(
    device=MAX78002,
    always_on=0x5000_1000,
    quadrant=0x5100_0000,
    quadrant_step=0x100_0000,
    layers=0x5110_0000,
    layer_step=0x100,
    register_step=4,
    bias=0x5118_0000,
    bias_bytes=2048,
    kernels=0x5140_0000,
    kernel_step=0x2_0000,
    depth=4096,
    deep=5120,
    banks=((1024, 4096), (256, 5120)),
    data=0x5180_0000,
    data_step=0x2_0000,
    write_shift=15,
    slot=8192,
    registers=_registers(_ORDER_78002, _OF_MAX78002),
)
MAP_78000 = MemoryMap(
    device=MAX78000,
    always_on=0x5000_1000,
    quadrant=0x5010_0000,
    quadrant_step=0x40_0000,
    layers=0x5010_0010,
    layer_step=4,
    register_step=0x80,
    bias=0x5010_8000,
    bias_bytes=512,
    kernels=0x5018_0000,
    kernel_step=0x4000,
    depth=768,
    deep=768,
    banks=((768, 768),),
    data=0x5040_0000,
    data_step=0x8000,
    write_shift=13,
    slot=2048,
    registers=_registers(_ORDER_78000, _OF_MAX78000) | {"LCTL2": Register(20, _MEANINGS["LCTL2"])},
)
_MAPS = {one.device.name: one for one in (MAP_78000, MAP_78002)}


def map_of(device: Device) -> MemoryMap:
    """The memory map of a device."""
    return _MAPS[device.name]
