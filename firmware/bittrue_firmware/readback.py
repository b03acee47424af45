"""The layer that the registers and memories hold, beside the net's: whatever the sample, no weight may differ.

A known-answer test sees a wrong weight only where its sample does. Here the settings, weights and biases that the
accelerator was given are read back and compared one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bittrue.spec import Abs, Conv1d, Node, ReLU
from bittrue.spec.conv import Conv
from bittrue.spec.eltwise import Eltwise
from bittrue.spec.pool import Pool
from bittrue.spec.weighted import Weighted
from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.project import Project
from bittrue_firmware.readback_weights import biases_differ, weights_differ
from bittrue_firmware.reading_places import misplaced
from bittrue_firmware.settings import LayerSettings
from bittrue_firmware.tracing import FUNCTIONS, Traced, traced


def differences(project: Project, number: int, settings: LayerSettings, accelerator: Accelerator) -> Iterator[str]:
    """What differs between layer ``number`` of the project and what the accelerator was told, in words."""
    net, placed = project.net, project.layers[number]
    ends = [layer.node for layer in project.layers[:number]]
    moved = Traced(operands=(placed.node,))  # of a result that another layer wrote
    found = moved if placed.node in (*ends, *net.inputs) else traced(net, placed.node, ends)
    yield from misplaced(project, number, settings, accelerator.layers[0], found)
    yield from _operands(project, settings, found)
    yield from _pooling(settings, [*found.after, *found.before])
    yield from _frame(project, settings, found)
    node = found.sum
    if node is None:
        if settings.kind != "pass":
            yield f"it sums, where the net has {placed.node}, which does not"
        return
    layer = node.layer
    assert isinstance(layer, Weighted)
    if settings.kind != ("depthwise" if isinstance(layer, Conv) and layer.groups > 1 else "conv"):
        yield f"it is a {settings.kind} layer, which {node.name} of the net is not"
        return
    (source,) = net.input_types(node)
    yield from _scaling(settings, layer, layer.shift(source.format))
    channels = net.types[found.operands[0]].shape[0]
    yield from weights_differ(settings, placed, layer, channels, accelerator.weights)
    yield from biases_differ(settings, placed, layer, accelerator.bias)


def _operands(project: Project, settings: LayerSettings, found: Traced) -> Iterator[str]:
    """Count, function and order of the operands."""
    ours, count = settings.operands, len(found.operands)
    if ours.count != count:
        yield f"it reads {ours.count} operand(s), the net has {count}"
    channels = project.net.types[found.operands[0]].shape[0]
    if settings.folded and channels <= len(settings.processors):
        yield f"CHOFFS says that its passes are rows; {channels} channels take one pass"
    node = found.meeting
    if node is None or ours.count != count:
        return
    if ours.function != FUNCTIONS[type(node.layer)]:
        yield f"its operands meet by {ours.function}, in {node.name} of the net by {FUNCTIONS[type(node.layer)]}"
    if isinstance(node.layer, Eltwise):
        drop = node.layer.shift([given.format for given in project.net.input_types(node)])
        if drop or node.layer.output.bits != 8:
            yield f"{node.name} drops {drop} bits to {node.layer.output.bits}; the chip keeps all, and clips to 8"
    first = bool(found.before) or not found.after
    if ours.pool_first != first:
        yield f"it pools {'before' if ours.pool_first else 'after'} its operands meet, the net does not"


def _pooling(settings: LayerSettings, nodes: Sequence[Node]) -> Iterator[str]:
    """Kind and shape of the window, the same for all operands."""
    pools: list[Pool | None] = [node.layer for node in nodes if isinstance(node.layer, Pool)]
    for pool in pools or [None]:
        axes = [] if pool is None else [(axis.size, axis.stride, axis.dilation) for axis in pool.axes]
        axes += [(1, axes[0][1] if axes else 1, 1)] * (2 - len(axes))
        kind = pool.kind if pool else "max"
        wanted = [(kind, *axis) for axis in axes]
        ours = "avg" if settings.average else "max"
        found = [
            (ours, size, settings.stride, step) for size, step in zip(settings.pool, settings.pool_step, strict=True)
        ]
        if all(axis[1] == 1 for axis in wanted):  # a window of one pixel is its own maximum and average
            found = [(kind, *axis[1:]) for axis in found]
        for n, count in enumerate((settings.rows, settings.columns)):
            if wanted[n][1] == 1:
                wanted[n] = (*wanted[n][:3], found[n][3])
            if count == 1:  # there is no second window
                found[n] = (*found[n][:2], wanted[n][2], found[n][3])
        if found != wanted:
            yield "its pooling (kind, size, stride, dilation) is {}, the net's {}".format(
                *(" and ".join(" ".join(map(str, axis)) for axis in _shown(axes)) for axes in (found, wanted))
            )
            return


def _shown(axes: Sequence[tuple[str, int, int, int]]) -> Sequence[tuple[str, int, int, int]]:
    return axes if axes[1][1] > 1 else axes[:1]


def _frame(project: Project, settings: LayerSettings, found: Traced) -> Iterator[str]:
    """Rows and columns of what is read, where the layer goes through an image."""
    shape = _read_shape(project, found)
    if len(shape) != 3 or (settings.linear and settings.rows == settings.columns == 1):
        return
    channels, rows, columns = shape
    if settings.width != columns:
        yield f"its rows have {settings.width} pixels, the net's {columns}"
    pools = [node.layer for node in (found.before or found.after) if isinstance(node.layer, Pool)]
    if pools:
        rows, columns = (axis.windows(n) for axis, n in zip(pools[0].axes, (rows, columns), strict=True))
    passes = -(-channels // len(settings.processors)) if settings.folded else 1
    if (settings.rows, settings.columns) != (rows * passes, columns):
        yield f"it goes through {settings.rows} x {settings.columns} pixels, the net through {rows} x {columns}"


def _read_shape(project: Project, found: Traced) -> tuple[int, ...]:
    """The shape in which the first layer of the trace takes its operands: another than they were written in, maybe."""
    node = (found.before or ((found.meeting,) if found.meeting else ()) or ((found.sum,) if found.sum else ()))[:1]
    given = project.net.input_types(node[0])[0] if node else project.net.types[found.operands[0]]
    shape: tuple[int, ...] = given.shape
    return shape


def _scaling(settings: LayerSettings, layer: Weighted, drop: int) -> Iterator[str]:
    if not settings.wide and settings.shift != 7 - drop:
        yield f"it shifts by {settings.shift:+d}, the net by {7 - drop:+d}"
    if settings.wide != (layer.output.bits == 32):
        yield f"it puts out {32 if settings.wide else 8} bits, the net {layer.output.bits}"
    wanted = {ReLU: "relu", Abs: "abs"}.get(type(layer.activation), "none")
    if settings.activation != wanted:
        yield f"its activation is {settings.activation}, the net's {wanted}"
    if not isinstance(layer, Conv) or (isinstance(layer, Conv1d) and settings.columns > 1):
        return
    pads = settings.pad_rows, settings.pad_columns
    for axis, pad in zip(layer.axes, pads, strict=False):
        after = pad + settings.upsampling - 1
        if (axis.before, axis.after) != (pad, after):
            yield f"it pads {pad} zeros, the net {axis.before} and {axis.after}"
        if axis.upsampling != settings.upsampling or axis.stride != 1:
            yield f"it puts {settings.upsampling - 1} zeros between pixels, the net {axis.upsampling - 1}"
