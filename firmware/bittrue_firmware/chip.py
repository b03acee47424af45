"""Where the accelerator's registers and memories lie: the MAX78002's map and the MAX78000's.

The maps are what ai8x-synthesis writes to (its device description and back end); nobody publishes them. Nothing here
has been compared with a chip.
"""

from __future__ import annotations

from dataclasses import dataclass

QUADRANTS = 4
PROCESSORS = 16
"""Processors of a quadrant."""

LANES = 4
"""Processors that share a data memory: byte ``p % 4`` of its words belongs to processor ``p``."""

INSTANCES = QUADRANTS * PROCESSORS // LANES
"""Data memories of the chip."""

KERNEL_BYTES = 9
"""Bytes of a word of kernel memory."""


@dataclass(frozen=True)
class Chip:
    """One part's map. Sizes are in bytes where nothing else is said; offsets count from the base of a quadrant.

    Parameters
    ----------
    name : str
    base, stride : int
        Address of quadrant 0, and from one quadrant to the next.
    registers : tuple of str
        Layer registers in the order of their index; ``""`` for an index without one.
    register_base, register_step, layer_step : int
        Offset of register 0 of layer 0, and the steps from register to register and from layer to layer.
    layers : int
        Layers that have registers.
    bias, bias_bytes : int
        Offset of the bias memory, one byte in each 32-bit word, and its depth.
    weights, weight_step : int
        Offset of processor 0's kernel memory, and from one processor to the next.
    kernel_words, first_kernel_words : int
        Depth of a kernel memory in 9-byte words, and that of processor 0 of a quadrant.
    data, data_step, data_words : int
        Offset of the first data memory, from one to the next, and its depth in 32-bit words.
    pointer_shift : int
        Bit of a write pointer from which on it counts data memories.
    clears : bool
        Whether registers are undefined until firmware clears them.
    flash_bytes, ram_bytes : int
    """

    name: str
    base: int
    stride: int
    registers: tuple[str, ...]
    register_base: int
    register_step: int
    layer_step: int
    layers: int
    bias: int
    bias_bytes: int
    weights: int
    weight_step: int
    kernel_words: int
    first_kernel_words: int
    data: int
    data_step: int
    data_words: int
    pointer_shift: int
    clears: bool
    flash_bytes: int
    ram_bytes: int

    @property
    def end(self) -> int:
        """The first address behind the last quadrant."""
        return self.base + QUADRANTS * self.stride

    def depth(self, processor: int) -> int:
        """Words of the kernel memory of a processor of a quadrant."""
        return self.kernel_words if processor else self.first_kernel_words

    def data_address(self, instance: int, word: int) -> int:
        """Address of a word of data memory ``instance``, 0 to 15."""
        quadrant, group = divmod(instance, PROCESSORS // LANES)
        return self.base + quadrant * self.stride + self.data + group * self.data_step + 4 * word


_COMMON = "CCNT ONED PRCNT PCCNT STRIDE WPTR TOFFS MOFFS CHOFFS RPTR LCTL"

MAX78002 = Chip(
    name="MAX78002",
    base=0x5100_0000,
    stride=0x100_0000,
    registers=tuple(f"NEXT RCNT {_COMMON} LCTL2 MCNT1 MCNT2 OCHAN TPTR ENA POST".split()),
    register_base=0x10_0000,
    register_step=4,
    layer_step=0x100,
    layers=128,
    bias=0x18_0000,
    bias_bytes=2048,
    weights=0x40_0000,
    weight_step=0x2_0000,
    kernel_words=4096,
    first_kernel_words=5120,
    data=0x80_0000,
    data_step=0x2_0000,
    data_words=20_480,
    pointer_shift=15,
    clears=True,
    flash_bytes=0x28_0000,
    ram_bytes=0x6_0000,
)

MAX78000 = Chip(
    name="MAX78000",
    base=0x5010_0000,
    stride=0x40_0000,
    registers=(*f"RCNT {_COMMON} MCNT TPTR ENA POST STREAM1 STREAM2 FMAX".split(), "", "LCTL2"),
    register_base=0x10,
    register_step=0x80,
    layer_step=4,
    layers=32,
    bias=0x8000,
    bias_bytes=512,
    weights=0x8_0000,
    weight_step=0x4000,
    kernel_words=768,
    first_kernel_words=768,
    data=0x30_0000,
    data_step=0x8000,
    data_words=8192,
    pointer_shift=13,
    clears=False,
    flash_bytes=0x8_0000,
    ram_bytes=0x2_0000,
)

CHIPS = {chip.name: chip for chip in (MAX78002, MAX78000)}
