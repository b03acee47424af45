"""Firmware without the chip: an emulated Cortex-M4, and a model of the MAX7800x's accelerator behind its registers."""
