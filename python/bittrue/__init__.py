"""bittrue: one integer definition of a network; the same bits in PyTorch, NumPy, Verilog and C."""

__version__ = "0.1.0"
