"""A source in hardware: which generator serves which input, how much waits behind it, ports, and what it all takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bittrue.lower.bram import PORTS, SHALLOW, rom_blocks
from bittrue.lower.features import REQUANTISE
from bittrue.lower.fold import TooShort
from bittrue.lower.layout import Layout
from bittrue.lower.ports import container_bits, module_name, port_bits
from bittrue.lower.schedule import Schedule, schedule
from bittrue.num import Format
from bittrue.num.draws import DRAW_BITS, GROUP, INDEX_BITS
from bittrue.num.threefry import EVERY, ROUNDS
from bittrue.spec import Net
from bittrue.spec.source import GAIN, START_BITS, Latent, Source

STAGES = ROUNDS + -(-ROUNDS // EVERY)
"""Clocks of the generator: a round each, and one for every addition of the key."""
CHOICE = 1
"""Clocks in which the input that is served is chosen."""
LOOK_UP = 3
"""Clocks of the table of the normal distribution, its sign with it."""
AROUND = 7
"""Clocks besides those from a request until its first code is in the queue and a place in that is free again."""
MULTIPLY = 2
"""Clocks of the gain before it is rounded: operands, product."""
LOADING = 2 * START_BITS
"""Clocks after a restart in which the first frame's number becomes positions, two for each of its bits."""
SEED_BITS = 64


def source_name(net: Net) -> str:
    """Name of the Verilog module of a net with its generator."""
    return f"{module_name(net)}_source"


@dataclass(frozen=True)
class Feed:
    """A latent's input in hardware.

    Parameters
    ----------
    name : str
    latent : Latent
    layout : Layout
    format : Format
    clocks : int
        Of a frame.
    """

    name: str
    latent: Latent
    layout: Layout
    format: Format
    clocks: int

    @property
    def groups(self) -> int:
        """Blocks of a position: one for every four channels."""
        return -(-self.layout.shape[0] // GROUP)

    @property
    def blocks(self) -> int:
        """Blocks of a frame."""
        return self.layout.positions * self.groups

    @property
    def latency(self) -> int:
        """Clocks from the request for a position to its first code, when nothing else is served."""
        return CHOICE + STAGES + self.groups + (LOOK_UP if self.latent.distribution == "gaussian" else 0)

    def ahead(self, sharing: int) -> int:
        """Positions under way or waiting, so that none is late where a generator serves ``sharing`` inputs."""
        pace = max(1, self.clocks // self.layout.positions)
        return -(-(self.latency + AROUND + sharing) // pace) + 2

    @property
    def tables(self) -> int:
        """Copies of the table: a block RAM looks up two codes a clock."""
        return -(-self.layout.lanes // PORTS) if self.latent.distribution == "gaussian" else 0

    @property
    def ramb18(self) -> int:
        """RAMB18E1 of those, a RAMB36E1 counted as two."""
        lanes = self.layout.lanes
        ports = [min(PORTS, lanes - PORTS * k) for k in range(self.tables)]
        return sum(rom_blocks(1 << INDEX_BITS, self.format.bits, number, SHALLOW) for number in ports)


@dataclass(frozen=True, eq=False)
class SourcePlan:
    """A source at one initiation interval.

    Parameters
    ----------
    source : Source
    interval : int
        As asked for.
    schedule : Schedule
        Of the net.
    engines : tuple of tuple of Feed
        The generators, and the inputs that each serves.

    ``samples / clocks`` samples leave a clock.
    """

    source: Source
    interval: int
    schedule: Schedule
    engines: tuple[tuple[Feed, ...], ...]

    @property
    def clocks(self) -> int:
        """Clocks a frame in steady state."""
        return self.schedule.clocks

    @property
    def samples_a_clock(self) -> float:
        """Samples of the signal a clock: times the clock's frequency it is the sample rate."""
        return self.source.samples / self.clocks

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """All latents."""
        return tuple(feed for engine in self.engines for feed in engine)

    @property
    def output(self) -> Layout:
        """How the signal travels."""
        return self.schedule.layouts[self.source.net.last]

    @property
    def dsps(self) -> int:
        """DSP48E1 besides those of the net: the gain's, one a lane, two where samples have more than 25 bits."""
        return self.output.lanes * (1 if self.source.net.output.format.bits <= 25 else 2)

    @property
    def ramb18(self) -> int:
        """RAMB18E1 besides those of the net: the tables of the normal distribution."""
        return sum(feed.ramb18 for feed in self.feeds)

    @property
    def latency(self) -> int:
        """Clocks from the end of a reset or restart to the first sample, nothing stalling: at least."""
        arrival = max(self.schedule.steps[name].arrival for name in self.source.net.outputs)
        return LOADING + max(feed.latency for feed in self.feeds) + arrival + MULTIPLY + REQUANTISE

    def described(self, mhz: float) -> str:
        """How fast the signal is at a clock of so many MHz, and what is in front of the net."""
        count = len(self.engines)
        return (
            f"a noise source: {self.source.samples:,} samples every {self.clocks:,} clocks, "
            f"{self.samples_a_clock * mhz:.3g} MS/s at {mhz:g} MHz; {count} generator{'s' * (count > 1)} for "
            f"{len(self.feeds)} latents, {self.dsps} DSP48E1 and {self.ramb18} RAMB18E1 besides the net's"
        )

    @cached_property
    def ports(self) -> dict[str, tuple[str, int]]:
        """Ports of the module by name, each with its direction and its bits."""
        inputs = {"clk": 1, "rst": 1, "restart": 1, "seed": SEED_BITS, "start": START_BITS, "gain": GAIN.bits}
        inputs |= {parameter_port(name): container_bits(fmt) for name, (_, fmt) in self.source.settings.items()}
        fmt = self.source.net.output.format
        found = {name: ("input", bits) for name, bits in inputs.items()}
        found |= {"m_axis_tdata": ("output", port_bits(self.output, fmt)), "m_axis_tvalid": ("output", 1)}
        return found | {"m_axis_tready": ("input", 1)}


def parameter_port(name: str) -> str:
    """The port of a parameter: its code, sign-extended into a container."""
    return f"param_{name.lower()}"


def source_plan(source: Source, interval: int) -> SourcePlan:
    """`SourcePlan` of ``source`` for a frame every ``interval`` clocks.

    A generator gives a block of four draws a clock and serves as many inputs as have no more blocks a frame together
    than a frame has clocks.

    Raises `BadInput` as `bittrue.lower.schedule.schedule` does, and where one input alone has more blocks.
    """
    plan = schedule(source.net, interval)
    feeds = []
    for name, latent in source.latents.items():
        feed = Feed(name, latent, plan.layouts[name], source.net.types[name].format, plan.clocks)
        if feed.blocks > plan.clocks:
            raise TooShort(
                f"net {source.net.name}: input {name} takes {feed.blocks:,} blocks of {GROUP} draws of {DRAW_BITS} "
                f"bits a frame, and a generator gives one a clock; choose an interval of {feed.blocks:,} or more"
            )
        feeds.append(feed)
    return SourcePlan(source, interval, plan, _packed(feeds, plan.clocks))


def _packed(feeds: Sequence[Feed], clocks: int) -> tuple[tuple[Feed, ...], ...]:
    """The feeds on as few generators as first fit, the largest first, finds."""
    engines: list[list[Feed]] = []
    for feed in sorted(feeds, key=lambda feed: -feed.blocks):
        for engine in engines:
            if sum(other.blocks for other in engine) + feed.blocks <= clocks:
                engine.append(feed)
                break
        else:
            engines.append([feed])
    return tuple(tuple(engine) for engine in engines)
