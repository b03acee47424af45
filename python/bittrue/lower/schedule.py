"""When every tensor of a net exists in hardware, and what each layer is built with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bittrue.errors import BadInput
from bittrue.lower import conv1d, pool1d, windows
from bittrue.lower.elementwise import TABLE, Elementwise, add_clocks
from bittrue.lower.features import Features, of_complex_fir, of_memory_taps
from bittrue.lower.fold import Fold, check_interval
from bittrue.lower.frames import (
    FLATTEN,
    Clocks,
    clocks_a_sample,
    column_sources,
    paced,
    source_columns,
)
from bittrue.lower.matrix import Matrix, loadable, of_dense
from bittrue.lower.matrix import of_complex_fir as matrix_of_complex_fir
from bittrue.lower.meeting import meeting
from bittrue.lower.ports import transfers
from bittrue.ranges import Range, ranges
from bittrue.spec import (
    Add,
    AvgPool1d,
    ComplexFIR,
    Conv1d,
    Dense,
    Flatten,
    Layer,
    MaxPool1d,
    MemoryTaps,
    Net,
    Node,
    Table,
)
from bittrue.spec.net import INPUT
from bittrue.spec.pool import Pool1d

HARDWARE: tuple[type[Layer], ...] = (
    MemoryTaps,
    Dense,
    ComplexFIR,
    Table,
    Add,
    Conv1d,
    MaxPool1d,
    AvgPool1d,
    Flatten,
)
"""The layers that have an RTL leg."""

QUEUE = 2
"""Clocks from a result's strobe to its stream: the queue behind every datapath."""

TAPS = 2
"""Clocks of a delay line."""

SKID = 1
"""Clocks of the register stage at the input."""


@dataclass(frozen=True, eq=False)
class Step:
    """One node in hardware. A vector is one transfer; a frame is one transfer a column.

    Parameters
    ----------
    latency : int
        Clocks from the first transfer of a sample into the node to the first of its result, nothing stalling.
    arrival : int
        Clocks from a sample's first clock at the net's input to the first transfer of this node's result.
    slack : tuple of int
        One an input: places that a queue in front of it needs, because its branch is earlier than the others.
    interval : int
        Clocks between two transfers of its result.
    features, matrix, fold, elementwise, filters, pools
        The parts the node is made of; ``None`` where it has no such part.
    """

    latency: int
    arrival: int
    slack: tuple[int, ...]
    interval: int
    features: Features | None = None
    matrix: Matrix | None = None
    fold: Fold | None = None
    elementwise: Elementwise | None = None
    filters: conv1d.Filters | None = None
    pools: pool1d.Pools | None = None


def check_hardware(net: Net) -> None:
    """Raise `BadInput` for a net of several inputs or outputs, tensors of more than two axes, or another layer."""
    if len(net.inputs) > 1 or net.outputs != (net.nodes[-1].name,):
        raise BadInput(f"net {net.name} has several inputs or outputs; the RTL leg takes nets with one of each")
    for tensor in net.types.values():
        if len(tensor.shape) > 2:
            raise BadInput(f"net {net.name}: the RTL leg takes vectors and frames, not tensors {tensor}; reshape them")
    for node in net.nodes:
        if not isinstance(node.layer, HARDWARE):
            raise BadInput(f"node {node.name}: {type(node.layer).__name__} has no RTL leg; run the net on another leg")


def schedule(net: Net, interval: int, *, banked: bool = False) -> dict[str, Step]:
    """`Step` of every node of ``net`` by name, for one sample every ``interval`` clocks.

    With ``banked``, weights and biases can be loaded, so accumulators are wide enough for any
    (`bittrue.lower.matrix.loadable`); nothing else differs.

    Raises `BadInput` for an interval that hardware cannot have, a layer without an RTL leg, a tensor that is neither a
    vector nor a frame, an accumulator that is too wide, or frames in a net with banks.
    """
    check_interval(interval)
    check_hardware(net)
    found = ranges(net)
    frames = len(net.input.shape) > 1
    if frames and banked:
        raise BadInput(f"net {net.name} takes frames, whose layers have fixed weights; build it without banks")
    clocks = clocks_a_sample(net, interval)
    # what frames find in the pipeline no longer changes after as many frames as there are layers
    when = {INPUT: source_columns(SKID, transfers(net.input), clocks, len(net.nodes) + 3 if frames else 1)}
    steps: dict[str, Step] = {}
    carried = column_sources(net)
    for node in net.nodes:
        sources = [when[carried[source]] for source in node.inputs]
        given, slack = meeting(sources, clocks // sources[0].shape[1])
        step = _step(net, node, carried, clocks, found[node.name], banked)
        step, when[node.name] = _timed(node, step, given, carried)
        first = int(when[node.name][0, 0])
        steps[node.name] = replace(step, arrival=first, latency=first - int(given[0, 0]), slack=slack)
    return steps


def _step(net: Net, node: Node, carried: dict[str, str], clocks: int, found: Range, banked: bool) -> Step:
    """A node's parts; its times are still to come."""
    layer, types = node.layer, net.input_types(node)
    given, output = types[0], net.types[node.name]
    interval = clocks // transfers(output)
    parts: dict[str, object] = {}
    if isinstance(layer, MemoryTaps):
        parts["features"] = of_memory_taps(layer, given.format)
    elif isinstance(layer, Conv1d):
        moves = windows.of_conv1d(layer, given, output)
        parts["filters"] = conv1d.of_conv1d(layer, given, found, moves, clocks)
    elif isinstance(layer, Pool1d):
        parts["pools"] = pool1d.of_pool1d(layer, given, windows.of_pool1d(layer, given, output), clocks)
    elif isinstance(layer, Dense) and len(net.types[carried[node.inputs[0]]].shape) == 2:
        frame = net.types[carried[node.inputs[0]]]
        parts["filters"] = conv1d.of_flattened_dense(layer, frame, found, windows.of_flattened(frame), clocks)
    elif isinstance(layer, Dense):
        matrix = of_dense(layer, given, found)
        parts["matrix"] = loadable(matrix, layer) if banked else matrix
        parts["fold"] = _fold(matrix, interval)
    elif isinstance(layer, ComplexFIR):
        parts["features"] = of_complex_fir(layer, given.format)
        matrix = matrix_of_complex_fir(layer, found)
        parts["matrix"] = loadable(matrix, layer) if banked else matrix
        parts["fold"] = _fold(matrix, interval)
    elif not isinstance(layer, Flatten):
        parts["elementwise"] = Elementwise(
            given.shape[0], interval, TABLE if isinstance(layer, Table) else add_clocks(len(types))
        )
    return Step(0, 0, (), interval, **parts)  # type: ignore[arg-type]


def _timed(node: Node, step: Step, given: Clocks, carried: dict[str, str]) -> tuple[Step, Clocks]:
    """When the node's result comes, given when its input does; and its parts, with buffers that hold what is early."""
    if isinstance(node.layer, Flatten):
        return step, given if carried[node.name] != node.name else given[:, -1:] + FLATTEN
    plan = step.filters or step.pools
    if plan is not None:
        buffer = replace(plan.buffer, columns=plan.buffer.places(given))
        if step.filters is not None:
            step = replace(step, filters=replace(step.filters, buffer=buffer))
        if step.pools is not None:
            step = replace(step, pools=replace(step.pools, buffer=buffer))
        return step, buffer.accepts(given) + plan.latency + QUEUE
    latency = step.features.latency + QUEUE + TAPS if step.features else 0
    for datapath in (step.fold, step.elementwise):
        latency += datapath.latency + QUEUE if datapath else 0
    return step, paced(given, step.interval) + latency


def _fold(matrix: Matrix, interval: int) -> Fold:
    outputs, inputs = matrix.weight.shape
    return Fold(inputs, outputs, interval)
