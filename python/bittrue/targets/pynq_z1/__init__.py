"""The PYNQ-Z1: everything that Vivado and the driver need of a net (docs/vivado.md)."""
