"""Registers of the AXI DMA in direct mode. Source: AXI DMA product guide (PG021), register space."""

_CONTROL = (
    ("RS", 0, 1),
    ("Reset", 2, 1),
    ("Keyhole", 3, 1),
    ("IOC_IrqEn", 12, 1),
    ("Err_IrqEn", 14, 1),
    ("IRQThreshold", 16, 8),
    ("IRQDelay", 24, 8),
)
_STATUS = (
    ("Halted", 0, 1),
    ("Idle", 1, 1),
    ("SGIncld", 3, 1),
    ("DMAIntErr", 4, 1),
    ("DMASlvErr", 5, 1),
    ("DMADecErr", 6, 1),
    ("IOC_Irq", 12, 1),
    ("Err_Irq", 14, 1),
    ("IRQThresholdSts", 16, 8),
    ("IRQDelaySts", 24, 8),
)

DMA_REGISTERS = (
    ("MM2S_DMACR", 0x00, _CONTROL),
    ("MM2S_DMASR", 0x04, _STATUS),
    ("MM2S_SA", 0x18, (("Source_Address", 0, 32),)),
    ("MM2S_LENGTH", 0x28, (("Length", 0, 26),)),
    ("S2MM_DMACR", 0x30, _CONTROL),
    ("S2MM_DMASR", 0x34, _STATUS),
    ("S2MM_DA", 0x48, (("Destination_Address", 0, 32),)),
    ("S2MM_LENGTH", 0x58, (("Length", 0, 26),)),
)
"""Name, offset in bytes, and fields with lowest bit and number of bits."""
