"""The overlay folder: what is written, what is kept, what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from shell_stand_in import VERILOG

from bittrue.cli import main
from bittrue.cost import default_interval
from bittrue.errors import BadInput
from bittrue.lower.load import LoadPlan
from bittrue.lower.means import Means
from bittrue.lower.sources import Sources
from bittrue.lower.stream_shell import end_layouts, shell_latency, stream_bits
from bittrue.num import Format
from bittrue.spec import LAYERS, Dense, Net, Node, TensorType, save
from bittrue.spec.store import content_hash
from bittrue.targets.pynq_z1 import build, vivado
from bittrue.targets.pynq_z1.build import STAND_IN, write_overlay
from bittrue.targets.pynq_z1.manifest import Manifest


def example() -> Net:
    return LAYERS["Dense"].example()


def other() -> Net:
    net = example()
    layer = net.nodes[0].layer
    return replace(net, nodes=(replace(net.nodes[0], layer=replace(layer, bias=layer.bias + 1)),))


@pytest.fixture(autouse=True)
def no_generator(monkeypatch):
    """These tests are about the folder; tests/vivado/test_build.py generates Verilog."""

    def sources(net, interval, banks, means):
        memory = f"{build.Design.of(net, build.fclk(100)).module}.rom.words.mem"
        rom = f'module rom;\n  reg words [0:1];\n  initial $readmemh("{memory}", words);\nendmodule\n'
        return Sources(VERILOG + rom + f"// {interval} {len(banks)}\n", {memory: "0\n1\n"})

    monkeypatch.setattr(build, "_sources", sources)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_manifest_describes_the_net(tmp_path):
    banks = {"cold": example(), "hot": other(), "wet": example()}
    written = write_overlay(banks, tmp_path / "new" / "place", interval=16, clock_mhz=150)
    document = json.loads(written.manifest.read_text())
    net, plan = example(), LoadPlan(example(), 16, 4)
    samples = {"bits": net.input.format.bits, "frac": net.input.format.frac, "elements": net.input.shape[0]}
    assert document["input"].items() > samples.items()
    assert document["input"]["stream_bits"] >= document["input"]["container_bits"] * samples["elements"]
    assert (
        document
        | {
            "format": "bittrue-overlay",
            "version": 1,
            "net": net.name,
            "hash": content_hash(net),
            "interval": 16,
            "clock_mhz": 1000 / 7,
            "delay": net.delay,
            "latency": shell_latency(net, 16),
            "banks": [{"name": name, "hash": content_hash(bank)} for name, bank in banks.items()],
            "bank_count": 4,
            "load": {name: getattr(plan, name) for name in ("address_bits", "lane_bits", "word_bits", "data_bits")},
            "nodes": [node.name for node in net.nodes],
            "cells": {"ip": "net", "dma": "dma"},
            "vlnv": "bittrue:bittrue:net_shell:1.0",
        }
        == document
    )
    npz = written.manifest.with_suffix(".npz")
    sums = written.verilog.with_suffix(".sha256")
    hashes = {kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in (("npz", npz), ("rtl", sums))}
    assert document["files"] == hashes | {"bit": None, "hwh": None, "weights": None}
    with np.load(npz, allow_pickle=False) as words:
        assert sorted(words) == sorted(f"{name}_{kind}" for name in banks for kind in ("addresses", "codes"))
        for name, bank in banks.items():
            addresses, codes = plan.words(bank)
            assert words[f"{name}_addresses"].dtype == np.uint32
            assert words[f"{name}_codes"].dtype == np.int64
            assert np.array_equal(words[f"{name}_addresses"], addresses)
            assert np.array_equal(words[f"{name}_codes"], codes)


def test_the_same_net_gives_the_same_files(tmp_path):
    for name in ("a", "b"):
        write_overlay({"one": example()}, tmp_path / name, interval=8, clock_mhz=100)
    stem = build.Design.of(example(), build.fclk(100)).stem
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert sorted(files(tmp_path / "a")) == sorted(
        (
            *(f"overlay/{stem}.{kind}" for kind in ("json", "npz")),
            *("registers.h", "registers.md", "rtl/overlay.tcl"),
            *(f"rtl/{stem}_shell.{kind}" for kind in ("v", "sha256", "rom.words.mem")),
        )
    )


def test_a_simulated_overlay_is_sealed(tmp_path):
    written = write_overlay({"one": example()}, tmp_path, interval=8, clock_mhz=100, simulated=True)
    assert written.bit.read_bytes() == STAND_IN
    assert written.hwh.read_text().startswith("<?xml")
    assert written.sealed()
    written.hwh.write_text("changed")
    assert not written.sealed()


def vivado_made(written):
    written.bit.write_bytes(b"bit")
    written.hwh.write_bytes(b"hwh")
    written.seal()


def test_a_sealed_pair_stays_where_nothing_has_changed(tmp_path):
    vivado_made(write_overlay({"one": example()}, tmp_path, interval=8, clock_mhz=100))
    before = files(tmp_path)
    assert write_overlay({"one": example()}, tmp_path, interval=8, clock_mhz=100).sealed()
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    "change",
    [
        {"interval": 16},
        {"clock_mhz": 200},
        {"banks": {"two": example()}},
        {"banks": {"one": other()}},
        {"simulated": True},
    ],
)
def test_a_pair_of_another_design_is_removed(tmp_path, change):
    first = {"banks": {"one": example()}, "interval": 8, "clock_mhz": 100}
    vivado_made(write_overlay(folder=tmp_path, **first))
    written = write_overlay(folder=tmp_path, **first | change)
    if change == {"simulated": True}:
        assert written.bit.read_bytes() == STAND_IN
        return
    assert not written.bit.exists()
    assert not written.hwh.exists()
    assert Manifest.read(written.manifest).files["bit"] is None


@pytest.mark.parametrize("damage", ["bit", "hwh", "manifest", "verilog", "memory", "missing"])
def test_a_pair_whose_seal_is_broken_is_removed(tmp_path, damage):
    first = {"banks": {"one": example()}, "interval": 8, "clock_mhz": 100}
    written = write_overlay(folder=tmp_path, **first)
    vivado_made(written)
    if damage == "missing":
        written.hwh.unlink()
    elif damage == "verilog":
        written.verilog.write_text("another")
    elif damage == "memory":
        written.verilog.with_suffix(".rom.words.mem").write_text("0\n0\n")
    else:
        getattr(written, damage).write_text("damaged")
    write_overlay(folder=tmp_path, **first)
    assert not written.bit.exists()
    assert not written.hwh.exists()


@pytest.mark.parametrize("damage", ["memory", "list", "memory and list"])
def test_what_vivado_would_build_is_that_of_the_manifest(tmp_path, monkeypatch, damage):
    written = write_overlay({"one": example()}, tmp_path, interval=8, clock_mhz=100)
    written.check_sources()
    memory, sums = (written.verilog.with_suffix(suffix) for suffix in (".rom.words.mem", ".sha256"))
    before = hashlib.sha256(memory.read_bytes()).hexdigest()
    if damage != "list":
        memory.write_text("0\n0\n")
    if damage != "memory":
        after = hashlib.sha256(memory.read_bytes() if damage != "list" else b"").hexdigest()
        sums.write_text(sums.read_text().replace(before, after))
    with pytest.raises(BadInput, match="is not the file that" if damage == "memory" else "is not that of"):
        written.check_sources()
    monkeypatch.setattr(vivado, "find", lambda program: "false")
    for run in (vivado.check, vivado.build):
        with pytest.raises(BadInput, match=r"sha256"):
            run(written)


def test_what_simulates_a_pair_is_removed(tmp_path):
    write_overlay({"one": example()}, tmp_path, interval=8, clock_mhz=100, simulated=True)
    written = write_overlay({"one": example()}, tmp_path, interval=8, clock_mhz=100)
    assert not written.bit.exists()
    assert not written.sealed()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"banks": {}}, "no nets are given"),
        ({"banks": {"Cold": example()}}, "bank name 'Cold' cannot be used"),
        ({"banks": {"a": example(), "b": LAYERS["Add"].example()}}, "bank b differs from bank a"),
        ({"banks": {f"b{k}": example() for k in range(17)}}, "17 banks"),
        ({"interval": 0}, "interval"),
        ({"interval": 8, "fixed": True}, "only a pipeline has fixed weights by choice"),
        ({"means": Means(samples=2)}, "2 samples a word are for a pipeline"),
        ({"clock_mhz": 400.0}, "clock 400 MHz is out of range"),
    ],
)
def test_bad_input_leaves_nothing(tmp_path, change, sentence):
    with pytest.raises(BadInput, match=sentence):
        write_overlay(folder=tmp_path / "new", **{"banks": {"a": example()}, "interval": 8, "clock_mhz": 100} | change)
    assert not (tmp_path / "new").exists()


def test_a_folder_in_the_way_leaves_nothing(tmp_path):
    (tmp_path / "new" / "registers.h").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"registers\.h: it is a folder"):
        write_overlay({"a": example()}, tmp_path / "new", interval=8, clock_mhz=100)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["registers.h"]


def test_a_manifest_comes_back(tmp_path):
    written = write_overlay({"one": example()}, tmp_path, interval=8, clock_mhz=100)
    manifest = Manifest.read(written.manifest)
    assert manifest.to_json() == written.manifest.read_text()


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda d: d.update(format="x"), "is not the manifest of an overlay"),
        (lambda d: d.update(version=2), "has version 2, this driver reads 1"),
        (lambda d: d.pop("banks"), "has no banks"),
        (lambda d: d["cells"].update(ip="x"), "not of a design with net, dma"),
        (lambda d: d.update(load=None), "load is None, not an object, because there are 2 banks"),
        (lambda d: d.update(interval="8"), "interval is '8', not a whole number from 1 to 4294967295"),
        (lambda d: d.update(bank_count=True), "bank_count is True, not a whole number from 1 to 16"),
        (lambda d: d.update(bank_count=10**12), "bank_count is 1000000000000, not"),
        (lambda d: d.update(bank_count=6), "bank_count is 6, not a power of two"),
        (lambda d: d["load"].update(address_bits=32), r"load\.address_bits is 32, not what bank, lane and word take"),
        (lambda d: d.update(clock_mhz=None), "clock_mhz is None, not a number from"),
        (lambda d: d.update(clock_mhz=1e300), r"clock_mhz is 1e\+300, not a number from"),
        (lambda d: d["input"].pop("frac"), r"has no input\.frac"),
        (lambda d: d["input"].update(elements=100), r"input\.stream_bits is \d+, not a whole number from \d+ to 1024"),
        (lambda d: d["input"].update(bits=33), r"container_bits is 8, not a whole number from 33 to 64"),
        (lambda d: d.update(output=[1]), r"output is \[1\], not an object"),
        (lambda d: d.update(hash="sha256:12"), "hash is 'sha256:12', not a content hash"),
        (lambda d: d["banks"][0].update(hash="x"), r"banks\[0\]\.hash is 'x', not a content hash"),
        (lambda d: d["banks"][0].update(name="../x"), r"banks\[0\]\.name is '../x', not a name of"),
        (lambda d: d["banks"].append(d["banks"][0]), "not a list of banks with different names"),
        (lambda d: d.update(nodes=["a"] * 33), "not a list of at most 32 texts"),
        (lambda d: d["files"].update(bit="x"), r"files\.bit is 'x', not a SHA-256"),
    ],
)
def test_a_damaged_manifest_is_refused(tmp_path, edit, sentence):
    written = write_overlay({"one": example()}, tmp_path, interval=8, clock_mhz=100)
    document = json.loads(written.manifest.read_text())
    edit(document)
    written.manifest.write_text(json.dumps(document))
    with pytest.raises(BadInput, match=sentence):
        Manifest.read(written.manifest)


def test_no_json_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BadInput, match="is not JSON"):
        Manifest.read(tmp_path / "x.json")


@pytest.mark.parametrize("name", ["Small_net", "small_net", "other"])
def test_a_folder_holds_one_overlay(tmp_path, name):
    """Names that differ in case, or in - and _, make the same files; any two nets make one rtl/overlay.tcl."""
    write_overlay({"one": replace(example(), name="small-net")}, tmp_path, interval=8, clock_mhz=100)
    before = files(tmp_path)
    with pytest.raises(BadInput, match=f"holds the overlay of net small-net, and {name} is another net; give each"):
        write_overlay({"one": replace(example(), name=name)}, tmp_path, interval=8, clock_mhz=100)
    assert files(tmp_path) == before


def test_the_command_names_banks_after_folders(tmp_path, capsys):
    for name, net in (("hot", other()), ("cold", example()), ("normal", example())):
        save(net, tmp_path / "nets" / name)
    assert main(["overlay", str(tmp_path / "nets"), "-o", str(tmp_path / "o")]) == 0
    assert "3 of 4 banks given: cold, normal, hot" in capsys.readouterr().out
    both = [str(tmp_path / "nets" / name) for name in ("hot", "cold")]
    assert main(["overlay", *both, "-o", str(tmp_path / "o"), "--clock", "150", "--interval", "16"]) == 0
    out = capsys.readouterr().out
    assert "2 of 2 banks given: hot, cold" in out
    assert "clock 142.857 MHz, a sample every 16 clocks: 8.92857 MS/s if met" in out
    assert main(["overlay", *both, "-o", str(tmp_path / "o"), "--names", "a,b"]) == 0
    assert "2 of 2 banks given: a, b" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--names", "a,b"], "2 names are given for 1 nets"),
        (["--names", ""], "bank name '' cannot be used; give up to 60 lower-case letters"),
        (["--clock", "fast"], "'fast' is not a frequency in MHz"),
        (["--clock", "nan"], "'nan' is not a frequency in MHz"),
        (["--clock", "1000"], "clock 1,000 MHz is out of range"),
        (["--simulated", "--build"], "not allowed with"),
    ],
)
def test_the_command_refuses(tmp_path, capsys, arguments, sentence):
    save(example(), tmp_path / "net")
    assert main(["overlay", str(tmp_path / "net"), "-o", str(tmp_path / "o"), *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_demo_data_of_a_net_of_frames_are_refused(tmp_path, capsys):
    save(LAYERS["AvgPool1d"].example(), tmp_path / "net")
    assert main(["demo-data", str(tmp_path / "net"), "-o", str(tmp_path / "o")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("bittrue: net avg_pool1d is for no demo; there are demos of predistortion")
    assert not (tmp_path / "o").exists()


def test_a_net_of_frames(tmp_path, capsys):
    """Fixed weights, the order of a frame's elements, and an interval of its own."""
    net = LAYERS["Conv1d"].example()
    save(net, tmp_path / "net")
    assert main(["overlay", str(tmp_path / "net"), "-o", str(tmp_path / "o"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["bank_count"], said["interval"]) == (1, default_interval(net))
    manifest = Manifest.read(tmp_path / "o" / "overlay" / "conv1d.json")
    assert manifest.load is None and manifest.latency == shell_latency(net, said["interval"])
    for end, tensor, layout in zip(
        (manifest.input, manifest.output), (net.input, net.output), end_layouts(net, said["interval"]), strict=True
    ):
        assert (end.shape, end.words, end.stream_bits) == (tensor.shape, layout.transfers, stream_bits(tensor, layout))
        np.testing.assert_array_equal(end.frame.order, layout.order)


def test_two_nets_of_frames_are_banks(tmp_path, capsys):
    """The same net twice, too: then it can be loaded at run time."""
    net = LAYERS["Conv1d"].example()
    save(net, tmp_path / "net")
    nets = [str(tmp_path / "net")] * 2
    assert main(["overlay", *nets, "-o", str(tmp_path / "o"), "--names", "a,b"]) == 0
    assert "net conv1d, 2 of 2 banks given: a, b" in capsys.readouterr().out
    manifest = Manifest.read(tmp_path / "o" / "overlay" / "conv1d.json")
    plan = LoadPlan(net, default_interval(net), 2)
    assert (manifest.bank_count, manifest.load.data_bits) == (2, plan.data_bits)
    assert manifest.latency == shell_latency(net, default_interval(net)) and manifest.input.frame is not None
    words = np.load(tmp_path / "o" / "overlay" / "conv1d.npz")
    assert np.array_equal(words["b_codes"], plan.words(net)[1])


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda frame: frame.update(shape=[]), r"input\.frame\.shape is \[\], not a list of 1 to 3 sizes above 0"),
        (lambda frame: frame.update(shape=[4, 1 << 40]), "sizes above 0, of 67108864 elements at most"),
        (lambda frame: frame.update(shape=[4, True]), "not a list of 1 to 3 sizes above 0"),
        (lambda frame: frame.update(shape=[5, 9]), "not a table of the channels 0 to 4, each once"),
        (lambda frame: frame.update(table=[]), "not a list of at most 4 lists of 1 channels"),
        (lambda frame: frame["table"].append([0]), "not a list of at most 4 lists of 1 channels"),
        (lambda frame: frame["table"][0].append(0), "not a list of at most 4 lists of 1 channels"),
        (lambda frame: frame["table"][0].__setitem__(0, -2), "not a list of at most 4 lists of 1 channels"),
        (lambda frame: frame.pop("table"), r"has no input\.frame\.table"),
    ],
)
def test_a_damaged_frame_is_refused(tmp_path, edit, sentence):
    written = write_overlay({"one": LAYERS["Conv1d"].example()}, tmp_path, interval=64, clock_mhz=100)
    document = json.loads(written.manifest.read_text())
    assert document["input"]["frame"]["table"] == [[0], [1], [2], [3]]
    edit(document["input"]["frame"])
    written.manifest.write_text(json.dumps(document))
    with pytest.raises(BadInput, match=sentence):
        Manifest.read(written.manifest)


def test_frames_on_one_side_alone_are_refused(tmp_path):
    written = write_overlay({"one": LAYERS["Conv1d"].example()}, tmp_path, interval=64, clock_mhz=100)
    document = json.loads(written.manifest.read_text())
    document["output"]["frame"] = None
    written.manifest.write_text(json.dumps(document))
    with pytest.raises(BadInput, match="not of frames where the input is, and only there"):
        Manifest.read(written.manifest)


def test_demo_data_of_other_nets_than_the_overlays_are_refused(tmp_path, capsys):
    fmt = Format.parse("Q1.15")
    for k in (0, 1):
        net = Net("n", TensorType((2,), fmt), (Node("fc", Dense([[1, 2], [3, 4]], [k, 0], fmt, fmt), ("input",)),))
        save(net, tmp_path / f"n{k}")
    assert main(["overlay", str(tmp_path / "n0"), "-o", str(tmp_path / "o")]) == 0
    assert main(["demo-data", str(tmp_path / "n1"), "-o", str(tmp_path / "o" / "overlay")]) == 2
    assert "n.json holds banks n0, and not these nets by these names in this order" in capsys.readouterr().err
    assert not (tmp_path / "o" / "overlay" / "demo.npz").exists()


def test_two_folders_of_one_name_need_names(tmp_path, capsys):
    for place in ("a", "b"):
        save(example(), tmp_path / place / "net")
    nets = [str(tmp_path / place / "net") for place in ("a", "b")]
    assert main(["overlay", *nets, "-o", str(tmp_path / "o")]) == 2
    assert "the banks' names net, net are not different" in capsys.readouterr().err
    for name in ("My-Net", "my_net"):
        save(example(), tmp_path / name)
    assert main(["overlay", str(tmp_path / "My-Net"), str(tmp_path / "my_net"), "-o", str(tmp_path / "o")]) == 2
    assert "my_net, my_net are not different (folders' capitals become small" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["overlay", str(tmp_path / "empty"), "-o", str(tmp_path / "o")]) == 2
    assert "holds no net.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("interval", "samples", "mhz", "word"),
    [(1, 1, 100, 1), (1, 1, 200, 2), (1, 2, 200, 4), (2, 1, 200, 1), (1, 1, 250, 4)],
)
def test_a_pipeline_gets_words_that_the_dma_feeds_it_with(tmp_path, interval, samples, mhz, word):
    net, means = example(), Means(samples=samples)
    written = write_overlay({"one": net}, tmp_path, interval=interval, clock_mhz=mhz, means=means)
    manifest = Manifest.read(written.manifest)
    assert manifest.samples == word and manifest.clock_mhz == mhz
    lanes = [end_layouts(net, interval)[k].lanes for k in (0, 1)]
    assert [manifest.input.elements, manifest.output.elements] == [word * lane for lane in lanes]
    assert ('"samples"' in written.manifest.read_text()) == (word > 1)


def test_weights_of_a_pipeline_are_loaded_where_the_blocks_last(tmp_path):
    nets = {"one": example(), "two": other()}
    assert Manifest.read(write_overlay(nets, tmp_path, interval=1, clock_mhz=100).manifest).load
    alone = write_overlay({"one": example()}, tmp_path / "fixed", interval=1, clock_mhz=100, fixed=True)
    assert Manifest.read(alone.manifest).load is None
    few = write_overlay({"one": example()}, tmp_path / "few", interval=1, clock_mhz=100, means=Means(3))
    assert Manifest.read(few.manifest).bank_count == 1
    with pytest.raises(BadInput, match="DSP48E1 for its weights"):
        write_overlay(nets, tmp_path / "no", interval=1, clock_mhz=100, means=Means(3))
