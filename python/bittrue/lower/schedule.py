"""When every tensor of a net exists in hardware, and what each layer is built with."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.lower.elementwise import TABLE, Elementwise, add_clocks
from bittrue.lower.features import Features, of_complex_fir, of_memory_taps
from bittrue.lower.fold import Fold, check_interval
from bittrue.lower.matrix import Matrix, loadable, of_dense
from bittrue.lower.matrix import of_complex_fir as matrix_of_complex_fir
from bittrue.ranges import ranges
from bittrue.spec import Add, ComplexFIR, Dense, Layer, MemoryTaps, Net, Table
from bittrue.spec.net import INPUT

HARDWARE: tuple[type[Layer], ...] = (MemoryTaps, Dense, ComplexFIR, Table, Add)
"""The layers that have an RTL leg."""

QUEUE = 2
"""Clocks from a result's strobe to its stream: the queue behind every datapath."""

TAPS = 2
"""Clocks of a delay line."""

SKID = 1
"""Clocks of the register stage at the input."""


@dataclass(frozen=True, eq=False)
class Step:
    """One node in hardware.

    Parameters
    ----------
    latency : int
        Clocks from the acceptance of a vector to its result on the output stream, nothing stalling.
    arrival : int
        Clocks from a sample's first clock at the net's input to this node's result.
    slack : tuple of int
        One an input: places that a queue in front of it needs, because its branch is earlier than the others.
    features, matrix, fold, elementwise
        The parts the node is made of; ``None`` where it has no such part.
    """

    latency: int
    arrival: int
    slack: tuple[int, ...]
    features: Features | None = None
    matrix: Matrix | None = None
    fold: Fold | None = None
    elementwise: Elementwise | None = None


def schedule(net: Net, interval: int, *, banked: bool = False) -> dict[str, Step]:
    """`Step` of every node of ``net`` by name, for one sample every ``interval`` clocks.

    With ``banked``, weights and biases can be loaded, so accumulators are wide enough for any
    (`bittrue.lower.matrix.loadable`); nothing else differs.

    Raises `BadInput` for an interval that hardware cannot have, a layer without an RTL leg, a tensor that is not a
    vector, or an accumulator that is too wide.
    """
    check_interval(interval)
    found = ranges(net)
    steps: dict[str, Step] = {}
    arrivals = {INPUT: SKID}
    for node in net.nodes:
        types = net.input_types(node)
        layer, given = node.layer, types[0]
        if not isinstance(layer, HARDWARE):
            raise BadInput(f"node {node.name}: {type(layer).__name__} has no RTL leg; run the net on another leg")
        if len(given.shape) != 1:
            raise BadInput(f"node {node.name}: the RTL leg takes vectors, not tensors of shape {given.shape}")
        parts: dict[str, object] = {}
        if isinstance(layer, MemoryTaps):
            parts["features"] = features = of_memory_taps(layer, given.format)
            latency = features.latency + QUEUE + TAPS
        elif isinstance(layer, Dense):
            matrix = of_dense(layer, given, found[node.name])
            parts["matrix"] = loadable(matrix, layer) if banked else matrix
            parts["fold"] = fold = _fold(matrix, interval)
            latency = fold.latency + QUEUE
        elif isinstance(layer, ComplexFIR):
            parts["features"] = features = of_complex_fir(layer, given.format)
            matrix = matrix_of_complex_fir(layer, found[node.name])
            parts["matrix"] = loadable(matrix, layer) if banked else matrix
            parts["fold"] = fold = _fold(matrix, interval)
            latency = features.latency + QUEUE + TAPS + fold.latency + QUEUE
        else:
            clocks = TABLE if isinstance(layer, Table) else add_clocks(len(types))
            parts["elementwise"] = plan = Elementwise(given.shape[0], interval, clocks)
            latency = plan.latency + QUEUE
        latest = max(arrivals[source] for source in node.inputs)
        slack = tuple(_slack(latest - arrivals[source], interval) for source in node.inputs)
        arrivals[node.name] = latest + latency
        steps[node.name] = Step(latency, arrivals[node.name], slack, **parts)  # type: ignore[arg-type]
    return steps


def _slack(early: int, interval: int) -> int:
    """Places for the vectors of a branch that is ``early`` clocks before the others.

    A vector may wait ``interval - 2`` clocks where it is without delaying the next one. A queue takes 3 clocks itself,
    which is less than that, so it never makes its branch the latest.
    """
    return 0 if early <= interval - 2 else -(-early // interval)


def _fold(matrix: Matrix, interval: int) -> Fold:
    outputs, inputs = matrix.weight.shape
    return Fold(inputs, outputs, interval)
