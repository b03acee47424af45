"""Compiled legs behind one Python interface: the generated C and the generated Verilog, called like a model."""
