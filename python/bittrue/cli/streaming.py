"""What a command says of weights that stream from memory."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from bittrue.cli.parser import Parser, whole
from bittrue.cost import XC7Z020, Resources, resources, shell_ramb18
from bittrue.errors import BadInput
from bittrue.lower.schedule import has_frames
from bittrue.lower.streaming import PORT_BITS, RAMB36, StreamPlan, pace_of, stream_plan
from bittrue.spec import Net
from bittrue.targets.pynq_z1.clock import BUS

MOST = 10_000
"""RAMB36E1 that anybody means."""


def add_bram(command: Parser) -> None:
    """The option ``--bram``."""
    command.add_argument(
        "--bram",
        type=whole(1, MOST),
        metavar="N",
        help=f"RAMB36E1 for one net of frames: weights that do not fit stream from memory (default {RAMB36})",
    )


def bram_of(arguments: argparse.Namespace, net: Net, nets: int = 1) -> int:
    """What `add_bram` reads, for ``net`` or as many as differ from it in their codes.

    Raises `BadInput` where it would bound nothing: a net without frames keeps its weights in lanes, and so do banks.
    """
    given: int | None = arguments.bram
    if given is None:
        return RAMB36
    if not has_frames(net):
        raise BadInput(
            f"--bram is {given:,} and net {net.name} takes no frames: it says which weights of frames stream from "
            f"memory; leave it out"
        )
    if nets > 1:
        raise BadInput(
            f"--bram is {given:,} and {nets} nets are given: banks hold their weights on chip, and it says which of "
            f"one net stream from memory; leave it out, or give one net"
        )
    return given


def planned(net: Net, interval: int, arguments: argparse.Namespace) -> tuple[StreamPlan | None, str]:
    """The plan of a net that has frames and does not fit, or why there is none."""
    if not has_frames(net):
        return None, ""
    try:
        plan = stream_plan(net, interval, arguments.bram, pace_of(arguments.clock, BUS.mhz))
    except BadInput as error:
        return None, str(error)
    return (plan, "") if plan.layers else (None, "")


def taken(net: Net, interval: int, plan: StreamPlan, *, shell: bool = False) -> Resources:
    """What a net takes whose layers stream so, by formula; with ``shell``, and block RAM of an overlay's shell."""
    on_chip, stored = resources(net, interval), plan.stored
    blocks = plan.ramb18 + (shell_ramb18(net, interval) if shell else 0)
    return replace(
        on_chip,
        ramb36=-(-blocks // 2),
        ff=(on_chip.ff or 0) + stored.ff,
        lutram=(on_chip.lutram or 0) + stored.lutram,
    )


def told(net: Net, interval: int, arguments: argparse.Namespace) -> list[str]:
    """Lines of the plan: what streams, how much of the port that takes, and what is left on chip."""
    plan, reason = planned(net, interval, arguments)
    if plan is None:
        return [f"no weights from memory: {reason}"] if reason else []
    used = taken(net, interval, plan)
    fits = "fits" if used.fits(replace(XC7Z020, ramb36=arguments.bram)) else "does not fit"
    return [
        f"from memory: weights of {', '.join(plan.names)}: {plan.bytes_a_frame:,} bytes a frame, {percent(plan)} of a "
        f"port of {PORT_BITS} bits at {BUS.mhz:g} MHz; an image of {plan.image_bytes:,} bytes",
        f"xc7z020 with these: {fits} as far as known: {used.dsp} DSP48E1, {used.ramb36} of {arguments.bram} RAMB36E1",
    ]


def percent(plan: StreamPlan) -> str:
    """Share of the port."""
    return f"{100 * plan.share:.1f} %"


def document(net: Net, interval: int, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The same for a script; None where nothing streams."""
    plan, reason = planned(net, interval, arguments)
    if plan is None:
        return {"refused": reason} if reason else None
    layers = {
        layer.name: {"bytes_a_frame": layer.bytes_a_frame, "word_bits": layer.word_bits, "offset": layer.offset}
        for layer in plan.layers
    }
    return {
        "layers": layers,
        "bytes_a_frame": plan.bytes_a_frame,
        "image_bytes": plan.image_bytes,
        "port_share": plan.share,
        "ramb36": -(-plan.ramb18 // 2),
    }
