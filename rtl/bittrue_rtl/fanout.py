"""Registers that steer wide payloads."""

WIDE = {"max_fanout": "64"}
"""Attributes of such a register: Vivado copies it until no copy drives more than 64 loads. Other tools ignore it."""
