"""The MAX78002 and MAX78000 of Analog Devices: ai8x files in and out, limits, and code for the chip (docs/ai8x.md)."""
