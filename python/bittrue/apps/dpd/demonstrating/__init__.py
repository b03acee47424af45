"""Data for the demo on the board: test signal, expected codes, and the amplifier model as numbers."""
