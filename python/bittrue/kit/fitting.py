"""Whether devices hold so many weights: verdicts of a package, in words."""

from __future__ import annotations

from bittrue.cost import XC7Z020

RAMB36_BITS = 36 * 1024
KERNEL_BYTES = 2_396_160
"""Kernel memory of a MAX78002, as ai8x-synthesis states it (docs/max78002.md)."""
FPGA, CHIP = "PYNQ-Z1 (xc7z020)", "MAX78002"


def beyond_block_ram(bits: int) -> str | None:
    """Why the block RAM of the PYNQ-Z1's part does not hold ROMs of so many bits; None where it does."""
    blocks = -(-bits // RAMB36_BITS)
    if blocks <= XC7Z020.ramb36:
        return None
    return (
        f"does not fit: the ROMs alone take {blocks:,} RAMB36E1 and there are {XC7Z020.ramb36}, "
        f"{blocks / XC7Z020.ramb36:.1f} times too many"
    )


def beyond_kernel_memory(words: int) -> str | None:
    """Why the MAX78002's kernel memory does not hold so many words at 8 bits; None where it does."""
    if words <= KERNEL_BYTES:
        return None
    return f"does not fit: {at_eight_bits(words)}, {words / KERNEL_BYTES:.1f} times too many"


def at_eight_bits(words: int) -> str:
    """What there is to hold and to hold it in, on the MAX78002."""
    return f"{words:,} weights and biases, at 8 bits, in {KERNEL_BYTES:,} bytes of kernel memory"
