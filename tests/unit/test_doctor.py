"""What bittrue doctor finds beside Python packages."""

from bittrue.apps.ecg.beats import split
from bittrue.cli import doctor


def test_doctor_counts_the_ecg_records(monkeypatch, tmp_path):
    def found():
        return next(line for line in doctor.findings() if line.thing == "MIT-BIH records")

    monkeypatch.setenv("BITTRUE_MITDB", str(tmp_path / "nowhere"))
    assert not found().found and "set BITTRUE_MITDB" in found().skipped
    names = [*split.DS1, *split.DS2, *split.PACED]
    for name in names:
        for end in ("hea", "dat", "atr"):
            (tmp_path / f"{name}.{end}").touch()
    monkeypatch.setenv("BITTRUE_MITDB", str(tmp_path))
    assert found().found == f"48 records in {tmp_path}" and found().good
    (tmp_path / "232.atr").unlink()
    assert not found().good and "has 47 of 48 records, each .hea, .dat and .atr; copy 232 there" in found().skipped


def test_doctor_sees_a_cross_compiler_without_its_c_library(monkeypatch, tmp_path):
    compiler = tmp_path / "arm-none-eabi-gcc"
    compiler.write_text("#!/bin/sh\necho nano.specs\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    line = next(line for line in doctor.findings() if line.thing == "arm-none-eabi-gcc")
    assert not line.good and "has no newlib; install it, on Debian: apt install gcc-arm-none-eabi" in line.skipped
