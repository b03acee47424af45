"""The AXI shell around a source: its ports, and what its registers hold from the start."""

from __future__ import annotations

import hashlib

from bittrue.errors import BadInput
from bittrue.lower.registers import (
    BY_NAME,
    LONG_INTERVAL,
    MOST_NODES,
    MOST_PARAMETERS,
    OF_SOURCES,
    REGISTERS,
    Register,
    hash_words,
)
from bittrue.lower.source import SourcePlan
from bittrue.lower.stream_shell import Port, control_ports, stream_bits, stream_ports
from bittrue.spec.source import Source
from bittrue.spec.source_store import text

STAGES = 1
"""Clocks that the shell adds: a register stage on m_axis."""
WIDEST = 32
"""Most bits of a parameter's code: of its register."""
_SHARED = (
    "ID",
    "VERSION",
    "FORMAT_OUT",
    "SHAPE",
    "CONTROL",
    "SAMPLES_OUT",
    "STALLS",
    "SATURATED",
    "FRAME_OUT",
    "LATENCY",
    "INTERVAL",
)

SOURCE_REGISTERS: tuple[Register, ...] = tuple(
    register
    for register in REGISTERS
    if register.name in (*_SHARED, *OF_SOURCES) or register.name in [f"HASH{k}" for k in range(8)]
)
"""The registers of a source's shell; what stands elsewhere reads as 0."""


def source_hash(source: Source) -> str:
    """``"sha256:..."`` of the source's ``source.json``, in which the hash of its net stands."""
    digest = hashlib.sha256(text(source).encode()).hexdigest()
    return f"sha256:{digest}"


def source_shell_latency(plan: SourcePlan) -> int:
    """Clocks from a reset to the first word offered on m_axis, nothing stalling: at least."""
    return plan.latency + STAGES


def source_stream_bits(plan: SourcePlan) -> int:
    """Width of m_axis; `BadInput` as of `bittrue.lower.stream_shell.stream_bits`."""
    return stream_bits(plan.source.net.output, plan.output)


def source_shell_ports(plan: SourcePlan) -> dict[str, Port]:
    """Direction and width of every port by its name: registers, and a stream out."""
    return control_ports() | stream_ports("m_axis", source_stream_bits(plan), "output")


def source_words(plan: SourcePlan) -> dict[str, int]:
    """Words that registers hold because the hardware was built so, by register name.

    Raises `BadInput` for a source that the registers have no room for.
    """
    source, net = plan.source, plan.source.net
    if len(net.nodes) > MOST_NODES:
        raise BadInput(
            f"net {net.name} has {len(net.nodes)} nodes; a shell's registers have room for {MOST_NODES}, use a smaller "
            f"net"
        )
    if len(source.settings) > MOST_PARAMETERS:
        raise BadInput(
            f"net {net.name} has {len(source.settings)} parameters; a shell's registers have room for "
            f"{MOST_PARAMETERS}, leave some out"
        )
    for name, (_, fmt) in source.settings.items():
        if fmt.bits > WIDEST:
            raise BadInput(
                f"parameter {name} of net {net.name} has codes of {fmt.bits} bits; a shell's registers have {WIDEST}, "
                f"choose a shorter format"
            )
    fmt = net.output.format
    made = BY_NAME["FORMAT_OUT"].encode(bits=fmt.bits, frac=fmt.frac, elements=plan.output.lanes)
    words = {f"HASH{k}": word for k, word in enumerate(hash_words(source_hash(source)))}
    words |= {"FORMAT_OUT": made, "FRAME_OUT": plan.output.transfers, "LATENCY": source_shell_latency(plan)}
    shape = BY_NAME["SHAPE"].encode(interval=min(plan.interval, LONG_INTERVAL), banks=1)
    return words | {"SHAPE": shape, "INTERVAL": plan.interval}
