"""The AXI shell around a net: its name, its streams, and what its registers hold from the start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bittrue.errors import BadInput
from bittrue.lower.fold import is_pipeline
from bittrue.lower.layout import WHOLE, Layout
from bittrue.lower.means import PLAIN, Means
from bittrue.lower.ports import module_name, port_bits
from bittrue.lower.registers import ADDRESS_BITS, BY_NAME, LONG_INTERVAL, MOST_BANKS, MOST_NODES, hash_words
from bittrue.lower.schedule import Schedule, has_frames, layouts_of, schedule
from bittrue.lower.streaming import StreamPlan
from bittrue.spec import Net, TensorType
from bittrue.spec.net import INPUT
from bittrue.spec.store import content_hash

STAGES = 2
"""Clocks that the shell adds to the net's latency: a register stage on s_axis and one on m_axis."""
PARTS = 2
"""Clocks that it adds where a word of its streams has several of the net's: a register to take them apart, and one to
put results together."""
FRAME_STAGES = 6
"""Clocks that it adds for frames: those stages, and four more from a frame's last word to its first one, offered to
the net."""
SPARE_WORDS = 8
"""Words of the frame after that fit beside a frame in the shell, so that none waits for the other."""
WIDEST = 1024
"""Most bits of tdata that the DMA takes."""

Port = tuple[str, int]
"""Direction (``"input"`` or ``"output"``) and width in bits."""


def shell_name(net: Net) -> str:
    """Name of the Verilog module of the net's shell."""
    return f"{module_name(net)}_shell"


@lru_cache(maxsize=32)
def _schedule(net: Net, interval: int, banked: bool, means: Means = PLAIN) -> Schedule:
    return schedule(net, interval, banked=banked, dsps=means.dsps, luts=means.luts, samples=means.samples)


def end_layouts(net: Net, interval: int, banked: bool = False, means: Means = PLAIN) -> tuple[Layout, Layout]:
    """How input and output of a net travel through its shell; errors as of `bittrue.lower.schedule.schedule`."""
    _ = net.input  # refuses several
    if is_pipeline(interval):
        layouts = layouts_of(net, interval)
        ends = [layouts[name].lanes * means.held for name in (INPUT, net.last)]
        return Layout.whole((ends[0],)), Layout.whole((ends[1],))
    layouts = _schedule(net, interval, banked and not has_frames(net)).layouts
    return layouts[INPUT], layouts[net.last]


def is_framed(layouts: tuple[Layout, Layout]) -> bool:
    """Whether TLAST ends a frame of several words; else every word is a sample, and TLAST ends a transfer."""
    return max(layout.transfers for layout in layouts) > 1


def held_words(layout: Layout) -> int:
    """Words of the memory that a frame waits in until it is whole."""
    return layout.transfers + SPARE_WORDS


def stream_bits(tensor: TensorType, layout: Layout | None = None) -> int:
    """Width of tdata: the elements of one beat, their containers rounded up to 8, 16, 32, .. 1024 bits.

    Without ``layout`` a vector travels whole. Raises `BadInput` for a beat that is wider.
    """
    exact = port_bits(layout or Layout.whole(tensor.shape), tensor.format)
    bits = max(8, 1 << (exact - 1).bit_length())
    if bits > WIDEST:
        what, fix = "sample", "give the net fewer inputs and outputs or narrower ones"
        if layout is not None and layout.positions > 1:
            what, fix = "position of", "give the net fewer channels or narrower ones, or a longer interval"
        raise BadInput(
            f"a {what} {tensor} takes {exact} bits of a stream; the DMA's streams have at most {WIDEST}, so {fix}"
        )
    return bits


def shell_latency(
    net: Net, interval: int, banked: bool = False, means: Means = PLAIN, streaming: StreamPlan | None = None
) -> int:
    """Clocks from a sample taken on s_axis to its result offered on m_axis, nothing stalling; for frames, from the last
    word taken to the first one offered.

    A pipeline whose multipliers are shared lets samples in in every second or third clock: one that comes in another
    waits for that. Banks make a difference for pipelines, and for long vectors, which then travel whole. A layer that
    streams its weights is a clock later.
    """
    if is_pipeline(interval):
        plan = _schedule(net, interval, banked, means)
        apart = PARTS + (means.parts - 1) * interval if means.parts > 1 else 0
        return plan.steps[net.last].arrival + plan.behind + STAGES + apart
    stages = FRAME_STAGES if is_framed(end_layouts(net, interval, banked)) else STAGES
    later = streaming.later(net) if streaming else 0
    return _schedule(net, interval, banked and not has_frames(net)).steps[net.last].arrival + stages + later


def can_bypass(net: Net) -> bool:
    """Whether input samples fit in the place of output samples: one type on both sides, and each in one word."""
    return net.input == net.output and len(net.input.shape) == 1 and net.input.elements <= WHOLE


def bank_count(given: int) -> int:
    """Banks of the hardware for ``given`` nets: a power of two from 2 on, or 1, fixed weights, where none is given.

    Raises `BadInput` for more than the registers have room for.
    """
    if given > MOST_BANKS:
        raise BadInput(f"{given} banks are given; a shell has at most {MOST_BANKS}, so leave some out")
    return max(2, 1 << (given - 1).bit_length()) if given else 1


def shell_ports(net: Net, layouts: tuple[Layout, Layout] | None = None) -> dict[str, Port]:
    """Direction and width of every port of the shell by its name; without layouts (`end_layouts`), of one that takes
    vectors whole."""
    ports = control_ports()
    given, made = layouts or (None, None)
    for name, tensor, layout, way in (
        ("s_axis", net.input, given, "input"),
        ("m_axis", net.output, made, "output"),
    ):
        ports |= stream_ports(name, stream_bits(tensor, layout), way)
    return ports


def control_ports() -> dict[str, Port]:
    """Clock, reset, and the AXI4-Lite slave."""
    ports: dict[str, Port] = {"aclk": ("input", 1), "aresetn": ("input", 1)}
    for channel in ("aw", "ar"):
        ports |= {f"s_axi_ctrl_{channel}{name}": port for name, port in _ADDRESS.items()}
    return ports | {f"s_axi_ctrl_{name}": port for name, port in _DATA.items()}


def stream_ports(name: str, bits: int, way: str) -> dict[str, Port]:
    """An AXI4-Stream whose words run ``way``: ``"input"`` or ``"output"``."""
    back = "output" if way == "input" else "input"
    ports = {f"{name}_tdata": (way, bits), f"{name}_tkeep": (way, bits // 8), f"{name}_tlast": (way, 1)}
    return ports | {f"{name}_tvalid": (way, 1), f"{name}_tready": (back, 1)}


_ADDRESS: dict[str, Port] = {
    "addr": ("input", ADDRESS_BITS),
    "prot": ("input", 3),
    "valid": ("input", 1),
    "ready": ("output", 1),
}
_DATA: dict[str, Port] = {
    "wdata": ("input", 32),
    "wstrb": ("input", 4),
    "wvalid": ("input", 1),
    "wready": ("output", 1),
    "bresp": ("output", 2),
    "bvalid": ("output", 1),
    "bready": ("input", 1),
    "rdata": ("output", 32),
    "rresp": ("output", 2),
    "rvalid": ("output", 1),
    "rready": ("input", 1),
}


def built_words(
    net: Net, interval: int, banks: Sequence[Net], means: Means = PLAIN, streaming: StreamPlan | None = None
) -> dict[str, tuple[int, ...]]:
    """Words that registers hold because the hardware was built so, by register name: ``BANK_HASH`` has several.

    Parameters
    ----------
    net : Net
    interval : int
        Clocks a sample.
    banks : sequence of Net
        In the order of their numbers; none for fixed weights.
    means : Means
        Of a pipeline.
    streaming : StreamPlan, optional
        Of weights that come from memory.

    Raises
    ------
    BadInput
        For a net, an interval or a number of banks that the registers have no room for.
    """
    count, clocks = bank_count(len(banks)), shell_latency(net, interval, bool(banks), means, streaming)
    layouts = end_layouts(net, interval, bool(banks), means)
    limits = (
        ("nodes", len(net.nodes), MOST_NODES),
        ("samples of delay", net.delay, (1 << 12) - 1),
        ("clocks of latency", clocks, (1 << 32) - 1),
    )
    for what, value, most in limits:
        if value > most:
            raise BadInput(
                f"net {net.name} has {value} {what}; a shell's registers have room for {most}, use a smaller net"
            )
    first = content_hash(banks[0] if banks else net)
    hashes = [content_hash(bank) for bank in banks] or [first]
    words: dict[str, tuple[int, ...]] = {f"HASH{k}": (word,) for k, word in enumerate(hash_words(first))}
    for end, tensor, layout in zip(("IN", "OUT"), (net.input, net.output), layouts, strict=True):
        fmt = tensor.format
        word = BY_NAME[f"FORMAT_{end}"].encode(bits=fmt.bits, frac=fmt.frac, elements=layout.lanes)
        words |= {f"FORMAT_{end}": (word,), f"FRAME_{end}": (layout.transfers,)}
    if not is_framed(layouts):
        words |= {"SHORT_FRAMES": (0,), "LONG_FRAMES": (0,)}
    words["SHAPE"] = (BY_NAME["SHAPE"].encode(interval=min(interval, LONG_INTERVAL), banks=count),)
    words["INTERVAL"] = (interval,)
    words["DELAY"] = (BY_NAME["DELAY"].encode(samples=net.delay, clocks=min(clocks, (1 << 20) - 1)),)
    words["LATENCY"] = (clocks,)
    words["WEIGHTS_BYTES"] = (streaming.image_bytes if streaming else 0,)
    if not streaming:
        words |= {f"WEIGHTS_{name}": (0,) for name in ("ADDRESS", "STATUS", "BEATS", "STARVED")}
    hashes += [first] * (count - len(hashes))
    words["BANK_HASH"] = tuple(word for digest in hashes for word in hash_words(digest))
    return words
