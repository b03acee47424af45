"""A picture of a net's graph, as SVG: a box a tensor, an arrow wherever a layer takes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from bittrue.cost import macs, rom_bits
from bittrue.errors import BadInput
from bittrue.ranges import Range
from bittrue.spec import Net, Node, Weighted
from bittrue.spec.activation import to_json

LINE, PAD, GAP, STEP = 17, 10, 28, 44
"""Pixels: a line of text, the border of a box, between boxes side by side, between rows of boxes."""
LETTER = 7.2
"""Width of a letter of the 12 pixel monospaced font."""
MOST = 500
"""Most layers that are drawn: nobody could see more."""
COLOURS = {"input": "#fff3d6", "weighted": "#dcecf5", "output": "#e2f0dc", "other": "#f2f2f2"}


@dataclass(eq=False)
class _Box:
    """A tensor, or the place where an arrow passes a row of boxes (no ``lines``)."""

    lines: Sequence[str]
    kind: str
    row: int
    above: list[_Box] = field(default_factory=list)
    left: float = 0.0

    @property
    def width(self) -> float:
        return max((len(line) for line in self.lines), default=0) * LETTER + 2 * PAD if self.lines else GAP / 2

    @property
    def height(self) -> float:
        return len(self.lines) * LINE + PAD

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def svg(net: Net, found: dict[str, Range]) -> str:
    """The picture: inputs at the top, every layer below all that it takes, results marked.

    Raises `BadInput` for a net of more than `MOST` layers.
    """
    if len(net.nodes) > MOST:
        raise BadInput(f"net {net.name} has {len(net.nodes):,} layers, too many for a picture; {MOST} are drawn")
    rows = _placed(_boxes(net, found))
    tops, y = [], float(PAD)
    for row in rows:
        tops.append(y)
        y += max(box.height for box in row) + STEP
    width = max(box.left + box.width for row in rows for box in row) + PAD
    height = y - STEP + PAD
    parts = [_arrow(rows, tops, box, source) for row in rows for box in row for source in box.above]
    parts += [_drawn(box, tops[box.row]) for row in rows for box in row if box.lines]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="monospace" font-size="12">\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{chr(10).join(parts)}\n</svg>\n'
    )


def _boxes(net: Net, found: dict[str, Range]) -> list[list[_Box]]:
    """Boxes row by row; an arrow over several rows gets a place in each of them."""
    boxes = {name: _Box((name, str(given)), "input", 0) for name, given in net.inputs.items()}
    rows: list[list[_Box]] = [list(boxes.values())]
    for node in net.nodes:
        row = 1 + max((boxes[source].row for source in node.inputs), default=-1)
        kind = "output" if node.name in net.outputs else "weighted" if isinstance(node.layer, Weighted) else "other"
        box = boxes[node.name] = _Box(_lines(net, node, found[node.name]), kind, row)
        rows += [[] for _ in range(row + 1 - len(rows))]
        for source in dict.fromkeys(node.inputs):
            above = boxes[source]
            for between in range(above.row + 1, row):
                passing = _Box((), "", between, [above])
                rows[between].append(passing)
                above = passing
            box.above.append(above)
        rows[row].append(box)
    return rows


def _lines(net: Net, node: Node, reach: Range) -> list[str]:
    layer, output = node.layer, net.types[node.name]
    lines = [f"{node.name}: {type(layer).__name__}", str(output)]
    if isinstance(layer, Weighted):
        lines[0] += f", {to_json(layer.activation)}"
        lines.append(f"weights {'x'.join(map(str, layer.weight.shape))} {layer.weight_format}")
    if multiplications := macs(layer, output):
        lines.append(f"{multiplications:,} MACs, {rom_bits(layer):,} bits")
    if reach.acc_bits:
        lines.append(f"accumulator {reach.acc_bits} bits")
    return lines


def _placed(rows: list[list[_Box]]) -> list[list[_Box]]:
    """Every row in the order of what it takes, in the middle of the picture."""
    for row in rows:
        row.sort(key=lambda box: sum(above.middle for above in box.above) / len(box.above) if box.above else 0.0)
        left = 0.0
        for box in row:
            box.left = left
            left += box.width + GAP
        shift = -(left - GAP) / 2
        for box in row:
            box.left += shift
    least = min(box.left for row in rows for box in row)
    for row in rows:
        for box in row:
            box.left += PAD - least
    return rows


def _arrow(rows: list[list[_Box]], tops: Sequence[float], box: _Box, source: _Box) -> str:
    start, end = tops[source.row] + source.height, tops[box.row]
    if not source.lines:
        start = tops[source.row] + max(other.height for other in rows[source.row])
    bend = (end - start) / 2
    path = f"M{source.middle:.1f},{start:.1f} C{source.middle:.1f},{start + bend:.1f} "
    path += f"{box.middle:.1f},{end - bend:.1f} {box.middle:.1f},{end:.1f}"
    if not box.lines:
        path += f" V{tops[box.row] + max(other.height for other in rows[box.row]):.1f}"
    tip = ' marker-end="url(#tip)"' if box.lines else ""
    return f'<path d="{path}" fill="none" stroke="#555" stroke-width="1.3"{tip}/>'


def _drawn(box: _Box, top: float) -> str:
    text = "".join(
        f'<text x="{box.left + PAD:.1f}" y="{top + LINE * (k + 1) - 2:.1f}"'
        f"{' font-weight=' + chr(34) + 'bold' + chr(34) if not k else ''}>{escape(line)}</text>"
        for k, line in enumerate(box.lines)
    )
    return (
        f'<rect x="{box.left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" '
        f'fill="{COLOURS[box.kind]}" stroke="#777"/>{text}'
    )
