"""bittrue as a user gets it: a wheel, built here, installed in an environment of its own, run outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("hatchling", reason="the wheel is built by hatchling: pip install -e '.[dev]'")
ROOT = Path(__file__).parents[2]
SMALL = ("dpd-2000", "dpd-best", "dpd-realtime", "ecg-tiny", "tdnn-compat", "tdnn-wide", "tdnn-thermal/cold")


class Place:
    """An environment with the wheel in ``folder``, which lies outside the checkout, and the packages that are here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        here = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BITTRUE"))}
        # compiled models are those of the checkout's tests, as the same source is compiled once
        self.environment = here | {"BITTRUE_BUILD": str(ROOT / "build"), "COLUMNS": "120"}
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        (self.wheel,) = (folder / "dist").iterdir()
        venv.create(folder / "env", symlinks=True)
        self.bin = folder / "env" / "bin"
        (site,) = (folder / "env" / "lib").glob("python3*/site-packages")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(self.bin / "python"),
            "install",
            "-q",
            "--no-index",
            "--no-deps",
        ]
        subprocess.run([*pip, str(self.wheel)], cwd=folder, check=True, env=self.environment)
        (site / "here.pth").write_text(sysconfig.get_path("purelib"))  # its own .pth files are not read

    def __call__(self, *words: str, code: int = 0) -> str:
        """What ``bittrue`` prints; the exit code must be ``code``."""
        command = [self.bin / "bittrue", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Place:
    return Place(tmp_path_factory.mktemp("wheel"))


def needs_generator() -> None:
    pytest.importorskip("amaranth", reason="the generator is missing: pip install -e '.[sim]'")


def test_it_is_the_wheel_that_runs(installed):
    code = "import bittrue, bittrue.places; print(bittrue.places.checkout(), bittrue.__file__)"
    done = subprocess.run(
        [installed.bin / "python", "-c", code], cwd=installed.folder, env=installed.environment, capture_output=True
    )
    checkout, file = done.stdout.decode().split()
    assert checkout == "None" and Path(file).is_relative_to(installed.folder)
    assert "the core works" in installed("doctor")


@pytest.mark.parametrize("name", SMALL)
def test_small_nets_come_with_it(installed, name):
    assert "sha256:" in installed("info", name)


def test_what_is_not_there_is_answered_with_what_is(installed):
    assert "a net that is here: dpd-2000, dpd-best, dpd-realtime, ecg-tiny, " in installed("info", "ecg-9layer", code=2)


def test_c_and_verilog_are_printed(installed):
    assert "tdnn_wide.h" in installed("c", "tdnn-wide", "-o", "c")
    needs_generator()
    assert "tdnn_compat.v" in installed("verilog", "tdnn-compat", "-o", "rtl", "--interval", "1024")


def test_an_overlay_has_the_scripts_and_their_check(installed):
    needs_generator()
    found = installed("overlay", "tdnn-thermal", "-o", "overlay", "--interval", "1024", "--build", code=2)
    assert "banks given: cold, normal, hot" in found and "vivado is not on the PATH" in found
    assert "Vivado's scripts pass the strict mock" in found or "tclsh is missing" in found
    assert "bittrue/data/rtl/vivado" in found.replace("\\", "/")


def test_firmware_is_generated(installed):
    pytest.importorskip("yaml", reason="PyYAML is missing: pip install -e '.[max78002]'")
    np.save(installed.folder / "x.npy", np.zeros((1, 3, 128)))
    found = installed("max78002", "generate", "ecg-tiny", "--sample", "x.npy", "-o", "firmware")
    assert "MAX78002" in found and (installed.folder / "firmware" / "cnn.c").is_file()


def test_a_missing_package_names_the_extra_and_the_wheel(installed):
    code = "from bittrue.extras import install; print(install('sim'))"
    done = subprocess.run(
        [installed.bin / "python", "-c", code], cwd=installed.folder, env=installed.environment, capture_output=True
    )
    wheel = installed.wheel.as_uri()
    assert done.stdout.decode().strip() == f"install bittrue's extra sim: pip install 'bittrue[sim] @ {wheel}'"


@pytest.mark.heavy
def test_sim_runs(installed):
    needs_generator()
    found = installed("sim", "--samples", "300", "--bench-samples", "100")
    assert "EQUAL" in found and "picture: build/sim/tdnn-wide.png" in found
