"""The overlay of a noise source: scripts, description, hand-off file and manifest say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from mock_vivado import MEMORY, changed, run, small_design

from bittrue.cli import main
from bittrue.cli.source_overlay import taken
from bittrue.committed import located
from bittrue.errors import BadInput
from bittrue.lower.source import source_plan
from bittrue.lower.source_shell import source_hash, source_shell_latency
from bittrue.num import Format
from bittrue.spec import Concat, Conv1d, Net, Node, TensorType, save
from bittrue.spec.source import Latent, Parameter, Source
from bittrue.spec.source_store import load as load_source
from bittrue.spec.source_store import save as save_source
from bittrue.targets.pynq_z1 import vivado
from bittrue.targets.pynq_z1.design import Design
from bittrue.targets.pynq_z1.hwh import hwh, parameters
from bittrue.targets.pynq_z1.layout import layout
from bittrue.targets.pynq_z1.source_build import write_source_overlay
from bittrue.targets.pynq_z1.source_manifest import SourceManifest

INTERVAL = 36


def small_source() -> Source:
    io = Format.parse("Q1.7")
    conv = Conv1d([[[3, 4, 5], [-6, 7, 8], [30, 20, 10]]], [0], io, Format(16, 12), "relu")
    nodes = Node("both", Concat(), ("noise", "level")), Node("out", conv, ("both",))
    net = Net("small-source", {"noise": TensorType((2, 14), io), "level": TensorType((1, 14), io)}, nodes)
    return Source(net, {"noise": Latent(0, "gaussian", 12), "level": Parameter("H", -102, 102, 7, 8, 128)})


def source_design(video: bool = False) -> Design:
    plain = small_design()
    return Design(plain.stem, plain.clock, 0, 32, video)


@pytest.fixture
def sourced(folder: Path) -> Path:
    """The hand-written shell without its input."""
    path = folder / "rtl" / "stand_in_shell.v"
    lines = path.read_text().replace(", input", ",\n  input").replace(", output", ",\n  output").splitlines()
    path.write_text("\n".join(line for line in lines if "s_axis_t" not in line))
    (folder / "rtl" / "overlay.tcl").write_text(source_design().settings_tcl([MEMORY]))
    return folder


def test_the_scripts_build_what_is_described(sourced):
    ran = run(sourced)
    assert ran.code == 0, ran.output
    record, plan = ran.record, layout(source_design())
    assert {name: cell["vlnv"] for name, cell in record["cells"].items()} == plan.cells
    assert "to_net" not in plan.cells and plan.cells["net"] == "bittrue:bittrue:source_shell:1.0"
    assert {(net["driver"], load) for net in record["nets"] for load in net["loads"]} == {
        (f"{net.driver.cell}/{net.driver.name}", f"{load.cell}/{load.name}") for net in plan.nets for load in net.loads
    }
    inner = {tuple(link) for link in record["links"] if "/" in link[0] and "/" in link[1]}
    wanted = [(a, b) for a, b, _ in plan.streams] + list(plan.buses)
    assert inner == {(f"{a.cell}/{a.name}", f"{b.cell}/{b.name}") for a, b in wanted}
    assert record["cells"]["dma"]["config"] == source_design().dma_config()
    assert {a["space"] for a in record["addresses"]} == {"ps7/Data", "dma/Data_S2MM"}


@pytest.mark.parametrize("video", [False, True])
def test_the_hand_off_file_says_it_too(video):
    design = source_design(video)
    root = ElementTree.fromstring(hwh(design))
    modules = {module.get("FULLNAME"): module for module in root.iter("MODULE")}
    assert set(modules) == {f"/{cell}" for cell in layout(design).cells}
    ports = {port.get("NAME") for port in modules["/dma"].iter("PORT")}
    assert "s_axis_s2mm_tdata" in ports and not any("mm2s_t" in name for name in ports if name)
    assert parameters(design, "interrupts")["NUM_PORTS"] == str(1 + video)
    assert parameters(design, "memory")["NUM_SI"] == "1"
    assert parameters(design, "dma")["c_include_mm2s"] == "0"


WRONG = {
    "a DMA that sends": ("overlay.tcl", "c_include_mm2s 0", "c_include_mm2s 1", "c_m_axis_mm2s_tdata_width"),
    "an interrupt too many": ("source_design.tcl", "NUM_PORTS 1", "NUM_PORTS 2", "In1"),
    "a memory port too many": ("source_design.tcl", "NUM_SI 1 CONFIG.NUM_MI 1", "NUM_SI 2 CONFIG.NUM_MI 1", "S01_AXI"),
    "no crossing": (
        "source_design.tcl",
        "        net/m_axis       from_net/S_AXIS\n        from_net/M_AXIS  dma/S_AXIS_S2MM\n",
        "        net/m_axis       dma/S_AXIS_S2MM\n        from_net/M_AXIS  from_net/S_AXIS\n",
        "clock",
    ),
    "a source taken for a net": ("overlay.tcl", "source           {1}", "source           {0}", "s_axis"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_rejected(sourced, fault):
    file, old, new, said = WRONG[fault]
    ran = run(sourced, changed(sourced, f"rtl/{file}" if file == "overlay.tcl" else file, old, new))
    assert ran.code != 0
    assert re.search(said, ran.output), ran.output


def test_the_folder_and_its_manifest(tmp_path, capsys):
    """By the command, from the source's folder: the strict mock passes, without Vivado 2."""
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    source = small_source()
    save_source(source, tmp_path / "net")
    words = ["overlay", str(tmp_path / "net"), "-o", str(tmp_path / "o"), "--interval", str(INTERVAL)]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    plan = source_plan(source, INTERVAL)
    assert (said["samples"], said["interval"], said["fits_xc7z020"]) == (12, INTERVAL, True)
    assert said["samples_a_second"] == pytest.approx(12 / plan.clocks * 200e6)
    manifest = SourceManifest.read(tmp_path / "o" / "overlay" / "small_source.json")
    assert manifest.to_json() == (tmp_path / "o" / "overlay" / "small_source.json").read_text()
    assert (manifest.hash, manifest.latency) == (source_hash(source), source_shell_latency(plan))
    (setting,) = manifest.settings
    assert vars(setting) == {"name": "H", "low": -102, "high": 102, "default": 7, "frac": 8, "offset": 128}
    if vivado.find("vivado") is None:
        assert main([*words, "--build"]) == 2
        captured = capsys.readouterr()
        assert "vivado is not on the PATH" in captured.err
        if vivado.find("tclsh"):
            assert "Vivado's scripts pass the strict mock: 9 cells" in captured.out


@pytest.fixture
def written(tmp_path, monkeypatch):
    from bittrue.lower.sources import Sources
    from bittrue.targets.pynq_z1 import source_build

    monkeypatch.setattr(source_build, "_sources", lambda source, interval: Sources("module x;\nendmodule\n", {}))
    return write_source_overlay(small_source(), tmp_path / "o", interval=INTERVAL, clock_mhz=100, simulated=True)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda d: d.update(version=2), "has version 2, this driver reads 1"),
        (lambda d: d.update(samples=13), "samples is 13, not 12, which is what output.frame.shape says"),
        (lambda d: d.update(gain=40000), "gain is 40000, not a whole number from -32768 to 32767"),
        (lambda d: d["output"].update(frame=None), r"output\.frame is None, not an object"),
        (lambda d: d["parameters"][0].update(low=200), r"parameters\[0\]\.high is 102, not a whole number from 200"),
        (lambda d: d["parameters"][0].update(name="1"), r"parameters\[0\]\.name is '1', not a name of letters"),
        (lambda d: d["parameters"].append(d["parameters"][0]), "not a list of parameters with different names"),
        (lambda d: d.update(vlnv="x"), "is not of a design with net, dma and bittrue:bittrue:source_shell"),
        (lambda d: d["files"].update(bit="x"), r"files\.bit is 'x', not a SHA-256"),
    ],
)
def test_a_damaged_manifest_is_refused(written, edit, sentence):
    document = json.loads(written.manifest.read_text())
    edit(document)
    written.manifest.write_text(json.dumps(document))
    with pytest.raises(BadInput, match=sentence):
        SourceManifest.read(written.manifest)


def test_a_source_is_no_bank_and_a_folder_holds_one_overlay(written, tmp_path, capsys):
    assert written.sealed()
    save_source(small_source(), tmp_path / "net")
    save(small_source().net, tmp_path / "plain")
    assert main(["overlay", str(tmp_path / "net"), str(tmp_path / "plain"), "-o", str(tmp_path / "p")]) == 2
    assert "is a noise source, which has no banks; give it alone" in capsys.readouterr().err
    assert main(["overlay", str(tmp_path / "net"), "-o", str(tmp_path / "p"), "--names", "a"]) == 2
    assert "--names names the banks of a net" in capsys.readouterr().err
    assert main(["overlay", str(tmp_path / "net"), "-o", str(tmp_path / "p"), "--interval", "4"]) == 2
    assert "net small-source cannot become an overlay: " in capsys.readouterr().err


def test_what_a_source_takes_is_what_yosys_counts():
    """`weights/noise-fgn` as in docs/resources.md: 130 RAMB18 are 65 RAMB36, though neither part has an even number."""
    source = load_source(located("noise-fgn"))
    used = taken(source_plan(source, 65520))
    assert (used.dsp, used.ramb36) == (123, 65)
