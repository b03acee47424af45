"""A net as a QONNX model that computes the same integers in qonnx's executor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import bittrue
from bittrue import spec
from bittrue.errors import BadInput, listed, shown
from bittrue.limits import ELEMENTS, take
from bittrue.num import Interval
from bittrue.num.arrays import integer
from bittrue.ranges import ranges
from bittrue.spec import Net, TensorType
from bittrue.spec.layer import rule
from bittrue.spec.store import JSON_FILE, contents
from bittrue.targets.qonnx.exporting import arranging, eltwise, pools, quant, samples, weighted
from bittrue.targets.qonnx.exporting.carriers import DOUBLE, SINGLE, carrier
from bittrue.targets.qonnx.exporting.task import Task
from bittrue.targets.qonnx.graph import Graph, Tensor

RULES: dict[type, Callable[[Graph, Task], Tensor]] = {
    spec.MemoryTaps: samples.memory_taps,
    spec.ComplexFIR: samples.complex_fir,
    spec.Table: eltwise.table,
    spec.Dense: weighted.dense,
    spec.Conv: weighted.conv,
    spec.Pool: pools.pool,
    spec.Flatten: arranging.flatten,
    spec.Reshape: arranging.reshape,
    spec.Concat: arranging.concat,
    spec.Upsample: arranging.upsample,
    spec.Interleave: arranging.interleave,
    spec.Constant: arranging.constant,
    spec.Add: eltwise.add,
    spec.Sub: eltwise.add,
    spec.Mul: eltwise.mul,
    spec.ComplexMul: eltwise.complex_mul,
    spec.Bitwise: eltwise.bitwise,
}
"""What prints a layer, by kind."""
NOTE = "bittrue.net"
"""Key of the model's metadata under which net.json stands."""
SAMPLES = "bittrue.samples"
"""Key under which the number of samples stands."""
STREAM = 64
"""Samples of the stream that a net with memory takes, where nothing is said."""


@dataclass(frozen=True)
class Exported:
    """A serialised model, the number types of its inputs and outputs by name, and sentences about what it needs.

    Inputs and outputs are values, ``code * 2**-frac``, of shape ``(samples, *shape)``.
    """

    model: bytes
    kinds: dict[str, np.dtype]
    samples: int
    remarks: tuple[str, ...]


def export(net: Net, samples: int | None = None, finn: bool = False) -> Exported:
    """A net as a model of ONNX and Quant nodes.

    Parameters
    ----------
    samples : int, optional
        First axis of all tensors, which QONNX wants to know: frames at once, or samples of a stream that starts with
        zero history. Without, 1, and `STREAM` for a net with memory.
    finn : bool
        For FINN, whose thresholds round halves up by themselves; other executors differ on ties then.

    Raises
    ------
    BadInput
        For a layer without a rule, integers that float64 does not hold, or a graph beyond the limits.
    """
    count = integer(samples if samples is not None else STREAM if net.memory else 1)
    if count is None or not 1 <= count * net.elements <= ELEMENTS:
        raise BadInput(f"net {net.name} is to take {shown(samples)} samples; give 1 to {ELEMENTS // net.elements:,}")
    take(64 * count * net.elements, f"the graph of net {net.name}")
    graph, known = Graph(thresholds=finn), ranges(net)
    inputs: list[Tensor] = []
    carried: dict[str, Tensor] = {}
    ends: dict[str, np.dtype] = {}
    for name, tensor in net.inputs.items():
        end, carried[name] = _input(graph, name, tensor, count)
        inputs.append(end)
        ends[name] = end.kind
    spread = {name: (Interval.of(tensor.format),) * tensor.shape[0] for name, tensor in net.inputs.items()}
    spread |= {name: found.output for name, found in known.items()}
    for node in net.nodes:
        graph.place = node.name
        task = Task(
            node.name,
            node.layer,
            net.input_types(node),
            tuple(spread[source] for source in node.inputs),
            known[node.name],
            net.types[node.name],
            tuple(carried[source] for source in node.inputs),
            count,
        )
        carried[node.name] = rule(RULES, node.layer, "QONNX export has no rule for")(graph, task)
        graph.call(carried[node.name], node.name)
    if finn and (wide := _wide(net, graph)):
        raise BadInput(f"{listed(wide)} would be carried in float64, which FINN has not; narrow weights or inputs")
    ends |= {name: carried[name].kind for name in net.outputs}
    notes = {} if finn else {NOTE: str(contents(net)[JSON_FILE]), SAMPLES: str(count)}
    model = graph.model(net.name, inputs, net.outputs, notes, f"bittrue {bittrue.__version__}")
    return Exported(model, ends, count, _remarks(net, graph, count))


def _input(graph: Graph, name: str, tensor: TensorType, samples: int) -> tuple[Tensor, Tensor]:
    """The input as it is given, and behind a Quant node that tells its format."""
    fmt, shape = tensor.format, (samples, *tensor.shape)
    kind = carrier(-fmt.lo, [fmt.frac], f"input {name}")
    given = Tensor(name, shape, kind)
    if kind != SINGLE or fmt.bits < 2:
        return given, given
    return given, quant.quant_node(graph, given, fmt.bits, fmt.frac, "ROUND")


def _wide(net: Net, graph: Graph) -> list[str]:
    """Nodes that are carried in float64."""
    wide = {name.partition("/")[0] for name, tensor in graph.tensors.items() if tensor.kind == DOUBLE}
    return [node.name for node in net.nodes if node.name in wide]


def _remarks(net: Net, graph: Graph, samples: int) -> tuple[str, ...]:
    found = []
    if wide := _wide(net, graph):
        found.append(f"{', '.join(wide)} carried in float64: float32 would round sums, or has no such operator")
    if net.memory:
        found.append(
            f"the net looks {net.memory} samples back: the graph takes a stream of {samples} samples from zero history"
        )
    return tuple(found)
