"""What the demo on the board needs of the PC: test signal, expected codes, and the amplifier model as numbers."""
