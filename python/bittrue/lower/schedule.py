"""When every tensor of a net exists in hardware, and what each layer is built with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar
from weakref import WeakKeyDictionary

from bittrue.errors import BadInput
from bittrue.lower.along import Along, of_axes
from bittrue.lower.bram import SHALLOW
from bittrue.lower.clocks import Clocks, source
from bittrue.lower.filters import Filters
from bittrue.lower.fold import EVERY_CLOCK, MAX_INTERVAL, MIN_INTERVAL, Fold, check_interval, is_pipeline
from bittrue.lower.layout import WHOLE, Layout
from bittrue.lower.lowering import RULES, Lowered, Place, lowered
from bittrue.lower.matrix import Matrix
from bittrue.lower.means import Means
from bittrue.lower.meeting import ALWAYS, meeting
from bittrue.lower.pipelined import PipelinedUnit, pipelined, queue_depth
from bittrue.lower.products import DSPS, LEAST_DIGITS
from bittrue.lower.slack import Slack
from bittrue.lower.stored import memory
from bittrue.lower.units import QUEUE, MatrixUnit, Unit, WindowUnit
from bittrue.ranges import ranges
from bittrue.spec import ComplexFIR, Conv, Dense, Flatten, Layer, MemoryTaps, Net, Pool, Reshape

HARDWARE: tuple[type[Layer], ...] = tuple(RULES)
"""The layers that have an RTL leg."""

SKID = 1
"""Clocks of the register stage at an input."""

BEATS = 1 << 20
"""Beats of a tensor whose clocks are followed at most, where that is more than two samples."""

Kind = TypeVar("Kind", bound=Unit)


@dataclass(frozen=True, eq=False)
class Step:
    """One node in hardware.

    Parameters
    ----------
    units : tuple of Unit
        One after another; the last one's result is the node's.
    adapters : dict of Unit
        By the number of the input that they stand in front of.
    latency : int
        Clocks from the first beat of a sample that is taken to the first of its result, nothing stalling.
    arrival : int
        Clocks from a sample's first clock at the net's inputs to the first beat of this node's result.
    queues : tuple of Slack
        One an input: the queue in front of it, because its branch is earlier than the others; None where it is not.
    waits : tuple of int
        One an input: clocks that a beat waits at most where it comes from, because it comes before it can be taken.
    """

    units: tuple[Unit, ...]
    latency: int
    arrival: int
    queues: tuple[Slack | None, ...]
    waits: tuple[int, ...]
    adapters: dict[int, Unit] = field(default_factory=dict)

    @property
    def slack(self) -> tuple[int, ...]:
        """Places of each queue."""
        return tuple(queue.places if queue else 0 for queue in self.queues)

    @property
    def parts(self) -> tuple[Unit, ...]:
        """Units and adapters."""
        return (*self.adapters.values(), *self.units)

    @property
    def kept_blocks(self) -> int:
        """RAMB18E1 of memories besides those of constants."""
        return sum(unit.buffers for unit in self.parts) + sum(queue.ramb18 for queue in self.queues if queue)

    def part(self, kind: type[Kind]) -> Kind | None:
        """The unit of a kind, if there is one."""
        return next((unit for unit in self.units if isinstance(unit, kind)), None)

    @property
    def matrix(self) -> Matrix | None:
        """What a matrix-vector product weighs with."""
        unit = self.part(MatrixUnit)
        return unit.matrix if unit else None

    @property
    def fold(self) -> Fold | None:
        """How that is folded."""
        unit = self.part(MatrixUnit)
        return unit.fold if unit else None

    @property
    def filters(self) -> Filters | None:
        """What weighs windows."""
        unit = self.part(WindowUnit)
        return unit.plan if unit and isinstance(unit.plan, Filters) else None

    @property
    def weighs(self) -> bool:
        """Whether there are weights that can be loaded in a net with banks."""
        return self.matrix is not None or self.filters is not None


@dataclass(frozen=True, eq=False)
class Schedule:
    """A net in hardware.

    Parameters
    ----------
    clocks : int
        A sample in steady state.
    layouts : dict of Layout
        Of every tensor by its name; that of a node without hardware is that of its stream.
    carried : dict of str
        The tensor whose stream carries each tensor: another one where a node needs no hardware.
    steps : dict of Step
        By node.
    streamed : bool
        Tensors travel in beats, and inputs are paced; else all are vectors that travel whole.
    behind : int
        Clocks from a result of the last node to its port.
    """

    clocks: int
    layouts: dict[str, Layout]
    carried: dict[str, str]
    steps: dict[str, Step]
    streamed: bool
    behind: int = 0


def check_hardware(net: Net) -> None:
    """Raise `BadInput` for a net with a layer that has no RTL leg."""
    for node in net.nodes:
        if not isinstance(node.layer, HARDWARE):
            raise BadInput(f"node {node.name}: {type(node.layer).__name__} has no RTL leg; run the net on another leg")


def has_frames(net: Net) -> bool:
    """Whether there are frames or images."""
    return any(len(tensor.shape) > 1 for tensor in net.types.values())


def is_streamed(net: Net, interval: int) -> bool:
    """Whether tensors travel in beats: there are frames or images, or a vector of more than `layout.WHOLE` elements and
    time for as many beats."""
    long = any(tensor.shape[0] > WHOLE for tensor in net.types.values())
    return has_frames(net) or (long and interval >= WHOLE)


def schedule(
    net: Net,
    interval: int,
    *,
    banked: bool = False,
    dsps: int = DSPS,
    luts: int | None = None,
    samples: int = 1,
) -> Schedule:
    """`Schedule` of ``net`` for one sample every ``interval`` clocks.

    With ``banked``, weights and biases can be loaded, so accumulators are wide enough for any
    (`bittrue.lower.matrix.loadable`); of layers that share multipliers nothing else differs. ``dsps``, ``luts`` and
    ``samples`` are the `Means` of a pipeline, which an interval below `MIN_INTERVAL` is: what the DSP48E1 do not
    multiply becomes adders.

    Raises `BadInput` for an interval that hardware cannot have, a layer without an RTL leg, an accumulator that is too
    wide, and a pipeline that its means are not enough for.
    """
    check_interval(interval)
    check_hardware(net)
    Means(dsps, luts, samples).check(interval, banked)
    if is_pipeline(interval):
        return scheduled_pipeline(net, interval, Means(dsps, luts, samples), banked)
    streamed = is_streamed(net, interval) and not (banked and not has_frames(net))
    clocks, followed = clocks_a_sample(net, interval), _samples(net, streamed)
    plan, latest = _followed(net, clocks, followed, streamed, banked)
    under_way = latest // clocks + 2
    if streamed and followed < under_way:
        plan, _ = _followed(net, clocks, under_way, streamed, banked)
    return plan


def scheduled_pipeline(net: Net, interval: int, means: Means, banked: bool) -> Schedule:
    """The schedule of a pipeline; made once a net and its means, since the search for adders takes seconds."""
    if has_frames(net):
        raise BadInput(
            f"net {net.name} takes frames, and only nets of vectors and samples take one every clock; give at least "
            f"{least_interval(net)}"
        )
    known = _PIPELINES.setdefault(net, {})
    key = interval, replace(means, word=None), banked  # the shell's words change nothing here
    if key not in known:
        known[key] = _within_luts(net, interval, means, banked)
    return known[key]


_PIPELINES: WeakKeyDictionary[Net, dict[tuple[int, Means, bool], Schedule]] = WeakKeyDictionary()
"""A net does not change, so neither does its pipeline."""


def _within_luts(net: Net, interval: int, means: Means, banked: bool) -> Schedule:
    """A pipeline, its LUTs within what its means allow; where that needs it, DSP48E1 also for weights of two digits."""
    plan = _pipeline(net, interval, means, banked, LEAST_DIGITS)
    if means.luts is None:
        return plan
    taken = luts_of(net, plan)
    if taken > means.luts and not banked and dsps_of(plan) < means.dsps:
        plan = min(plan, _pipeline(net, interval, means, banked, 2), key=lambda each: luts_of(net, each))
        taken = luts_of(net, plan)
    if taken > means.luts:
        raise BadInput(
            f"net {net.name}: a pipeline takes {taken:,} LUTs beside {dsps_of(plan)} DSP48E1, and {means.luts:,} and "
            f"{means.dsps} are the most it may take; prune the net, narrow its weights, choose a longer interval, or "
            f"allow more (--dsps, --luts)"
        )
    return plan


def dsps_of(plan: Schedule) -> int:
    """DSP48E1 of a schedule."""
    return sum(unit.dsps for step in plan.steps.values() for unit in step.parts)


def luts_of(net: Net, plan: Schedule) -> int:
    """LUTs of a pipeline: adders of weighted sums, shift registers, and queues of outputs that are made of LUTs."""
    units = [unit for step in plan.steps.values() for unit in step.units]
    added = sum(unit.full_adders for unit in units if isinstance(unit, PipelinedUnit))
    return added + sum(unit.stored.lutram for unit in units) + queue_luts(net, plan)


def queue_luts(net: Net, plan: Schedule) -> int:
    """LUTs of the queues of a pipeline's outputs, but for those in block RAM."""
    sizes = (queue_size(net, plan, name) for name in net.outputs)
    return sum(memory(*size) for size in sizes if size[0] <= SHALLOW)


def queue_size(net: Net, plan: Schedule, name: str) -> tuple[int, int]:
    """Places, and bits of each, of the queue of an output of a pipeline."""
    return queue_depth(plan.steps[name].arrival - SKID), plan.layouts[name].lanes * net.types[name].format.bits


def layouts_of_pipeline(net: Net, samples: int) -> dict[str, Layout]:
    """Vectors whole, those of so many samples side by side."""
    return {name: Layout.whole((samples * tensor.shape[0],)) for name, tensor in net.types.items()}


def _pipeline(net: Net, interval: int, means: Means, banked: bool, least: int) -> Schedule:
    """Every node as soon as the latest of its inputs is there."""
    found, carried = ranges(net), carriers(net)
    places = {}
    for node in net.nodes:
        if carried[node.name] == node.name:
            types = tuple(net.types[name] for name in node.inputs)
            whole = tuple(Layout.whole(tensor.shape) for tensor in types)
            output = net.types[node.name]
            places[node.name] = Place(
                node.layer, types, whole, output, EVERY_CLOCK, found[node.name], streamed=False, banked=banked
            )
    units = pipelined(net, places, found, means, interval, least)
    clocks, steps = dict.fromkeys(net.inputs, SKID), {}
    for node in net.nodes:
        start = max((clocks[carried[name]] for name in node.inputs), default=SKID)
        latency = sum(unit.latency for unit in units.get(node.name, ()))  # type: ignore[attr-defined]
        clocks[node.name] = start + latency
        none = (None,) * len(node.inputs)
        steps[node.name] = Step(units.get(node.name, ()), latency, start + latency, none, (0,) * len(none))
    layouts = layouts_of_pipeline(net, means.samples)
    return Schedule(interval, layouts, carried, steps, streamed=False, behind=QUEUE)


def _followed(net: Net, clocks: int, samples: int, streamed: bool, banked: bool) -> tuple[Schedule, int]:
    """The schedule by the clocks of so many samples, and the last clock of the first: all that are under way with it
    must be followed, or what waits for them is not seen.

    How long the beats of a tensor wait for those that take them is known when these have been followed, so all is
    followed again until no wait grows.
    """
    held = dict.fromkeys([*net.inputs, *(node.name for node in net.nodes)], 0)
    while True:
        plan, latest = _once(net, clocks, samples, streamed, banked, held)
        waits = dict(held)
        for node in net.nodes:
            for name, wait in zip(node.inputs, plan.steps[node.name].waits, strict=False):  # a constant has no input
                waits[plan.carried[name]] = max(wait, waits[plan.carried[name]])
        if waits == held:
            return plan, latest
        held = waits


def _once(
    net: Net, clocks: int, samples: int, streamed: bool, banked: bool, held: dict[str, int]
) -> tuple[Schedule, int]:
    """`_followed` where the beats of each tensor are ``held`` back so many clocks at most."""
    found, carried = ranges(net), carriers(net)
    layouts = {name: _input_layout(net, name, clocks, streamed) for name in net.inputs}
    when = {name: source(layout, SKID, clocks, samples) for name, layout in layouts.items()}
    steps: dict[str, Step] = {}
    for node in net.nodes:
        streams = [carried[name] for name in node.inputs]
        if carried[node.name] != node.name:
            when[node.name], layouts[node.name] = when[streams[0]], layouts[streams[0]]
            first = int(when[node.name][0, 0])
            steps[node.name] = Step((), 0, first, (None,), (0,))
            continue
        place = Place(
            node.layer,
            tuple(net.types[name] for name in streams),
            tuple(layouts[name] for name in streams),
            net.types[node.name],
            clocks,
            found[node.name],
            streamed,
            banked,
        )
        parts = lowered(place)
        layouts[node.name] = parts.units[-1].output
        come = [when[name] for name in streams] or [source(layouts[node.name], ALWAYS, clocks, samples)]
        bits = [layout.lanes * tensor.format.bits for layout, tensor in zip(place.layouts, place.given, strict=True)]
        steps[node.name], when[node.name] = _timed(parts, come, bits, clocks, held[node.name])
    return Schedule(clocks, layouts, carried, steps, streamed), max(int(beats[0, -1]) for beats in when.values())


def _timed(parts: Lowered, come: list[Clocks], bits: list[int], clocks: int, held: int) -> tuple[Step, Clocks]:
    """The step of a node, whose inputs have beats of so many ``bits``, its memories and queues large enough where its
    result is ``held`` back, and when that comes."""
    first_unit, adapters = parts.units[0], {}
    beyond = 0 if first_unit.holds else held
    entered = {k: adapter.waits(come[k]) for k, adapter in parts.adapters.items()}
    for k, adapter in parts.adapters.items():
        adapters[k], come[k] = adapter.held_back(beyond).timed([come[k]])
        bits[k] = adapter.output.lanes * adapter.format.bits
    interval = clocks if come[0].shape[1] == 1 else 1
    given, queues = meeting(come, bits or [0], first_unit.taken, interval, beyond)
    here = beyond + first_unit.waits(given[0])
    waits = tuple(entered.get(k, 0 if queue else here) for k, queue in enumerate(queues))
    taken, units = int(given[0][0, 0]), []
    for unit in parts.units:
        sized, result = unit.held_back(held).timed(given)
        units.append(sized)
        given = [result]
    first = int(result[0, 0])
    return Step(tuple(units), first - taken, first, queues, waits, adapters), result


def _samples(net: Net, streamed: bool) -> int:
    """Samples that are followed: what they find in the pipeline no longer changes after as many as there are layers."""
    if not streamed:
        return 1
    most = max(tensor.elements for tensor in net.types.values())
    return max(3, min(len(net.nodes) + 3, BEATS // most))


def _input_layout(net: Net, name: str, clocks: int, streamed: bool) -> Layout:
    """A vector whole where I/Q samples are meant or all are whole; else over as few lanes as keep up."""
    shape = net.types[name].shape
    users = [node.layer for node in net.nodes if name in node.inputs]
    if not streamed or (len(shape) == 1 and any(isinstance(user, MemoryTaps | ComplexFIR) for user in users)):
        return Layout.whole(shape)
    return Layout.spread(shape, clocks // Layout.whole(shape).positions)


def layouts_of(net: Net, interval: int, banked: bool = False) -> dict[str, Layout]:
    """`Schedule.layouts`, raised as by `schedule`, without the search for the adders of a pipeline."""
    check_interval(interval)
    if is_pipeline(interval) and not has_frames(net):
        check_hardware(net)
        return layouts_of_pipeline(net, 1)
    return schedule(net, interval, banked=banked).layouts


def carriers(net: Net) -> dict[str, str]:
    """The tensor whose stream carries each tensor, by name.

    Hardware needs nothing for a `Flatten` that only `Dense` layers take, which then weigh the frame itself, and for a
    `Reshape` to the same shape.
    """
    users: dict[str, list[bool]] = {}
    for node in net.nodes:
        for name in node.inputs:
            users.setdefault(name, []).append(isinstance(node.layer, Dense))
    sources = {name: name for name in net.inputs}
    for node in net.nodes:
        through = isinstance(node.layer, Flatten) and node.name not in net.outputs and all(users[node.name])
        through |= isinstance(node.layer, Reshape) and net.types[node.name] == net.types[node.inputs[0]]
        sources[node.name] = sources[node.inputs[0]] if through else node.name
    return sources


def built_nodes(net: Net) -> list[str]:
    """Nodes that hardware has a component of, by name."""
    return [name for name, source in carriers(net).items() if name == source and name not in net.inputs]


def least_interval(net: Net) -> int:
    """The shortest initiation interval that hardware for ``net`` can have whose layers share multipliers.

    A position of any tensor and a window of any layer take a clock at least; windows of pools, and of convolutions that
    are transposed, as many as they have places. Vectors that travel whole take ``MIN_INTERVAL``.

    Raises `BadInput` where that is more than ``MAX_INTERVAL``.
    """
    if not has_frames(net):
        return MIN_INTERVAL
    least = max(MIN_INTERVAL, *(Layout.whole(tensor.shape).positions for tensor in net.types.values()))
    for node in net.nodes:
        if isinstance(node.layer, Conv | Pool):
            rows, columns = of_axes(node.layer.axes, net.types[node.inputs[0]].shape[1:])
            least = max(least, _clocks_of_windows(node.layer, rows, columns))
    base = max(Layout.whole(net.types[name].shape).positions for name in net.inputs)
    least = -(-least // base) * base
    if least > MAX_INTERVAL:
        raise BadInput(
            f"net {net.name}: hardware would take {least} clocks a sample at least, one for every position and every "
            f"window, and {MAX_INTERVAL} is the limit; make its tensors smaller"
        )
    return least


def _clocks_of_windows(layer: Conv | Pool, rows: Along, columns: Along) -> int:
    """All places of all windows where they are read one after another, else a clock a window."""
    if isinstance(layer, Conv) and rows.period * columns.period == 1:
        return rows.count * columns.count
    lengths = [sum(along.sizes[n % along.period] for n in range(along.count)) for along in (rows, columns)]
    return lengths[0] * lengths[1]


def clocks_a_sample(net: Net, interval: int) -> int:
    """Clocks a sample in steady state: ``interval``, for frames rounded down to a multiple of the input's positions.

    Raises `BadInput` for an interval that is shorter than `least_interval`, and as that does.
    """
    if is_pipeline(interval) and not has_frames(net):
        return interval
    least = least_interval(net)
    if interval < least:
        raise BadInput(
            f"net {net.name}: an initiation interval of {interval} clocks is too short, because every position and "
            f"every window take a clock or more; give at least {least}"
        )
    base = max(Layout.whole(net.types[name].shape).positions for name in net.inputs)
    return interval if base == 1 else interval // base * base
