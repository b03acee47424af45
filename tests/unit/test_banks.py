"""Weights in lane order, and banks of weights: read back from the files by the maps alone."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from test_rom import NETS, PARSERS

from bittrue.emit.banks import JSON_FILE, MD_FILE, bank_roms, check_alike
from bittrue.emit.lanes import in_lanes
from bittrue.emit.rom import JSON_FILE as ADDRESS_MAP
from bittrue.emit.rom import roms
from bittrue.errors import BadInput
from bittrue.lower.schedule import schedule
from bittrue.num import Format
from bittrue.spec import LAYERS, ComplexFIR, Dense, MemoryTaps, Net, Node, TensorType, Term
from bittrue.spec.store import content_hash

Q = Format.parse


def signed(words: list[int], width: int) -> np.ndarray:
    return np.array([word - (1 << width) if word >> (width - 1) else word for word in words], dtype=np.int64)


def tdnn(seed: int = 0, name: str = "bank") -> Net:
    """Features, two dense layers and a filter, random codes without the lowest."""
    rng, io = np.random.default_rng(seed), Q("Q1.15")
    codes = lambda *shape: rng.integers(-32767, 32767, shape, endpoint=True)  # noqa: E731
    nodes = (
        Node("features", MemoryTaps((0, 1), (1, 2), io), ("input",)),
        Node("fc1", Dense(codes(7, 8), codes(7), Q("Q2.14"), Q("Q4.12")), ("features",)),
        Node("fc2", Dense(codes(2, 7), codes(2), io, io), ("fc1",)),
        Node("fir", ComplexFIR((Term(0, (0, 1, 2)),), codes(3, 2), io, io, io), ("input",)),
        Node("out", LAYERS["Add"](io), ("fc2", "fir")),
    )
    return Net(name, TensorType((2,), io), nodes)


# ---- lanes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [4, 8, 16, 40])
def test_every_lane_reads_the_words_of_its_own_rom(interval):
    """The file, split by the shapes in the map, against what the RTL puts into its ROMs."""
    pytest.importorskip("amaranth")
    from bittrue_rtl.matrix import Segment

    net, steps = tdnn(), schedule(tdnn(), interval).steps
    files = roms(net, interval)
    document = json.loads(files[ADDRESS_MAP])
    assert document["order"].startswith(f"the order of the lanes for a sample every {interval} clocks")
    found = {}
    for rom in document["roms"]:
        words = PARSERS[".mem"](next(files[name] for name in rom["files"] if name.endswith(".mem")), rom["width"])
        for t in rom["tensors"]:
            part = words[t["base"] : t["base"] + t["length"]]
            found[t["name"]] = signed(part, rom["width"]).reshape(t["shape"])
    for node in ("fc1", "fc2", "fir"):
        matrix, fold, lanes = steps[node].matrix, steps[node].fold, found[f"{node}.weight"]
        assert lanes.shape[:2] == (fold.rows, fold.segments)
        for row in range(fold.rows):
            for segment in range(fold.segments):
                held = Segment(matrix, fold, segment).contents()
                assert list(lanes[row, segment]) == list(held[f"rom{row}.words"][1])
    bias, fold = found["fc1.bias"], steps["fc1"].fold
    assert [int(bias[o % fold.rows, o // fold.rows]) for o in range(7)] == list(net.nodes[1].layer.bias)
    assert np.count_nonzero(bias) == np.count_nonzero(net.nodes[1].layer.bias)


def test_the_lowest_code_of_a_filter_has_no_negative():
    net = tdnn()
    fir = replace(net.nodes[3].layer, weight=np.array([[0, 0], [1, -32768], [0, 0]]))
    spoilt = Net(net.name, net.input, (*net.nodes[:3], replace(net.nodes[3], layer=fir), net.nodes[4]))
    with pytest.raises(BadInput, match="node fir: the negative of code -32768 does not fit"):
        in_lanes(spoilt, 8)
    with pytest.raises(BadInput, match="a pipeline that never stops has no lanes with memories"):
        in_lanes(net, 3)


def test_rows_are_the_order_where_nothing_is_said():
    assert json.loads(roms(tdnn())[ADDRESS_MAP])["order"].startswith("row-major")


# ---- banks ----------------------------------------------------------------------------------------------------------


def three(**other) -> dict[str, Net]:
    return {"cold": tdnn(1), "normal": tdnn(0), "hot": tdnn(2)} | other


@pytest.mark.parametrize("kind", sorted(PARSERS))
@pytest.mark.parametrize("interval", [None, 8])
def test_every_bank_comes_back_from_the_joined_memory(kind, interval):
    banks = three()
    files = bank_roms(banks, interval)
    document = json.loads(files[JSON_FILE])
    assert [(b["select"], b["name"], b["hash"]) for b in document["banks"]] == [
        (k, name, content_hash(net)) for k, (name, net) in enumerate(banks.items())
    ]
    for rom in document["roms"]:
        joined = PARSERS[kind](next(files[name] for name in rom["files"] if name.endswith(kind)), rom["width"])
        stride = 1 << rom["address_bits"]
        assert rom["stride"] == stride >= rom["used"] > stride // 2
        assert len(joined) == rom["depth"] == 3 * stride
        for bank in document["banks"]:
            own = PARSERS[kind](files[f"{bank['name']}/bank_w{rom['width']}{kind}"], rom["width"])
            start = bank["select"] << rom["address_bits"]
            assert joined[start : start + len(own)] == own and len(own) == rom["used"]
            assert not any(joined[start + len(own) : start + stride])
        single = json.loads(files[f"cold/{ADDRESS_MAP}"])
        assert rom["tensors"] == next(r["tensors"] for r in single["roms"] if r["width"] == rom["width"])


def test_the_bank_map_is_there_for_people_too():
    text = bank_roms(three())[MD_FILE]
    assert "| 1 | normal | `sha256:" in text and "`select << address_bits | base + index`" in text
    assert "## bank_banks_w16: 384 words of 16 bits, 128 a bank (76 used)" in text
    assert "| 0 | 55 | 56 | fc1.weight | 7 x 8 | Q2.14 |" in text


def test_comments_say_where_every_bank_lies():
    files = bank_roms(three())
    for line in ("normal: fc1.weight[7][8] Q2.14, words 128 to 183", "hot: not used[52] Q16.0, words 332 to 383"):
        assert f"// {line}" in files["bank_banks_w16.mem"] and f"; {line}" in files["bank_banks_w16.coe"]


def test_a_bank_that_fills_its_memory_wastes_nothing():
    fmt = Q("Q1.15")
    layer = Dense(np.ones((2, 2), np.int64), np.ones(2, np.int64), fmt, fmt)
    net = Net("full", TensorType((2,), fmt), (Node("fc", layer, ("input",)),))
    (words, biases) = json.loads(bank_roms({"a": net, "b": net})[JSON_FILE])["roms"]
    assert (words["stride"], words["depth"], biases["stride"]) == (4, 8, 2)


def test_one_wide_bias_widens_the_biases_of_all_banks():
    wide = tdnn(2)
    fc1 = replace(wide.nodes[1].layer, bias=wide.nodes[1].layer.bias + (1 << 31))
    wide = Net(wide.name, wide.input, (wide.nodes[0], replace(wide.nodes[1], layer=fc1), *wide.nodes[2:]))
    files = bank_roms(three(hot=wide))
    assert {rom["width"] for rom in json.loads(files[JSON_FILE])["roms"]} == {16, 64}
    assert "cold/bank_w64.mem" in files and "cold/bank_w32.mem" not in files


def altered(what: str) -> Net:
    net = tdnn(5)
    nodes = list(net.nodes)
    if what == "name":
        return tdnn(5, "other")
    if what == "weight_format":
        nodes[2] = replace(nodes[2], layer=replace(nodes[2].layer, weight_format=Q("Q2.14")))
    if what == "output":
        nodes[1] = replace(nodes[1], layer=replace(nodes[1].layer, output=Q("Q3.13")))
    if what == "shape":
        layer = nodes[1].layer
        nodes[1] = replace(nodes[1], layer=replace(layer, weight=layer.weight[:5], bias=layer.bias[:5]))
        nodes[2] = replace(nodes[2], layer=replace(nodes[2].layer, weight=nodes[2].layer.weight[:, :5]))
    if what == "layers":
        return Net(net.name, net.input, tuple(nodes[:3]))
    return Net(net.name, net.input, tuple(nodes))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("name", "in name: other against bank"),
        ("weight_format", "in fc2.weight_format: Q2.14 against Q1.15"),
        ("output", "in fc1.output: Q3.13 against Q4.12"),
        ("shape", r"in fc1.weight: shape \(5, 8\) against \(7, 8\)"),
        ("layers", "in the layers: features, fc1, fc2 against"),
    ],
)
def test_banks_that_are_not_one_network_are_refused(what, message):
    with pytest.raises(BadInput, match=f"bank hot differs from bank cold {message}"):
        bank_roms(three(hot=altered(what)))


def test_no_bank_is_refused_and_tables_are_constants():
    with pytest.raises(BadInput, match="no banks"):
        check_alike({})
    net = LAYERS["Table"].example()
    table = replace(net.nodes[0].layer, values=net.nodes[0].layer.values[::-1].copy())
    other = Net(net.name, net.input, (replace(net.nodes[0], layer=table), *net.nodes[1:]))
    with pytest.raises(BadInput, match="the constants of"):
        check_alike({"a": net, "b": other})


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
def test_one_bank_holds_what_its_rom_holds(net):
    files = bank_roms({"only": net})
    for rom in json.loads(files[JSON_FILE])["roms"]:
        joined, own = (PARSERS[".mem"](files[name], rom["width"]) for name in (rom["files"][0], _own(rom["files"][0])))
        assert joined[: len(own)] == own and not any(joined[len(own) :])


def _own(name: str) -> str:
    return "only/" + name.replace("_banks_", "_")
