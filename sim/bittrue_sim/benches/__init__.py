"""cocotb test modules; they run inside the simulator, started by `bittrue_sim.runner`."""
