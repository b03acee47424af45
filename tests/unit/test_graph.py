"""The picture of a net's graph."""

import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from bittrue.cli import graph, main
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import LAYERS, Add, Dense, Net, Node, TensorType, save

SVG = "{http://www.w3.org/2000/svg}"
FMT = Format.parse("Q1.7")


def skipping(layers: int) -> Net:
    """A chain whose first tensor is also needed at its end."""
    copy = Dense(np.eye(2, dtype=int), np.array([0, 0]), Format.parse("Q1.1"), FMT)
    nodes = [Node(f"n{k}", copy, (f"n{k - 1}" if k else "input",)) for k in range(layers)]
    return Net("skipping", TensorType((2,), FMT), (*nodes, Node("sum", Add(FMT), (nodes[-1].name, "n0"))))


def boxes(drawn: ET.Element) -> list[tuple[float, float, float, float]]:
    found = [box for box in drawn.iter(f"{SVG}rect") if box.get("rx")]
    return [tuple(float(box.get(key)) for key in ("x", "y", "width", "height")) for box in found]


@pytest.mark.parametrize("name", LAYERS)
def test_every_tensor_has_a_box_with_its_name_and_type(name):
    net = LAYERS[name].example()
    drawn = ET.fromstring(graph.svg(net, ranges(net)))
    texts = [text.text for text in drawn.iter(f"{SVG}text")]
    for node in net.nodes:
        assert any(text.startswith(f"{node.name}: {type(node.layer).__name__}") for text in texts)
        assert str(net.types[node.name]) in texts
    assert len(boxes(drawn)) == len(net.nodes) + 1


@pytest.mark.parametrize("net", [skipping(6), LAYERS["Mul"].example()], ids=["skipping", "side by side"])
def test_boxes_lie_apart_and_inside_the_picture(net):
    drawn = ET.fromstring(graph.svg(net, ranges(net)))
    found = boxes(drawn)
    for k, (x, y, width, height) in enumerate(found):
        assert x >= 0 and y >= 0
        assert x + width <= float(drawn.get("width")) and y + height <= float(drawn.get("height"))
        for other_x, other_y, other_width, other_height in found[k + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or y + height <= other_y or other_y + other_height <= y


def test_an_arrow_for_every_tensor_taken_and_for_every_row_it_passes():
    net = skipping(6)
    drawn = ET.fromstring(graph.svg(net, ranges(net)))
    arrows = [path for path in drawn.iter(f"{SVG}path") if path.get("stroke")]
    tips = [path for path in arrows if path.get("marker-end")]
    assert len(tips) == 6 + 2  # a chain of six, and both operands of the sum
    assert len(arrows) == len(tips) + 5  # n0 passes n1 to n5


def test_the_page_holds_the_picture_and_every_layer(tmp_path: Path, capsys):
    save(skipping(3), tmp_path / "net")
    assert main(["info", str(tmp_path / "net"), "--html", str(tmp_path / "net.html")]) == 0
    text = (tmp_path / "net.html").read_text()
    (encoded,) = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", text)
    assert b64decode(encoded).decode() == graph.svg(skipping(3), ranges(skipping(3)))
    assert '<figure style="overflow-x: auto"><img style="width: auto" alt="graph of ' in text  # its text stays readable
    assert "<td>n2</td><td>Dense</td><td>n1</td><td>2 Q1.7</td><td>4</td>" in text


def test_refusals(tmp_path: Path, capsys):
    save(skipping(graph.MOST), tmp_path / "net")
    assert main(["info", str(tmp_path / "net"), "--html", str(tmp_path / "net.html")]) == 2
    assert "too many for a picture" in capsys.readouterr().err
    save(LAYERS["Table"].example(), tmp_path / "table")
    assert main(["info", str(tmp_path / "table"), "--html", str(tmp_path / "net.png")]) == 2
    assert ".html" in capsys.readouterr().err
    assert not list(tmp_path.glob("net.*"))
