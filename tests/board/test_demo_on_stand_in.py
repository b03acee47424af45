"""The unchanged demo script with the real driver on the stand-in for the board, where no simulation can be imported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_banks import NETS

from bittrue.apps.dpd.demonstrating import demo_data, plant
from bittrue.spec.store import save

pytest.importorskip("PIL", reason="the frames need Pillow: pip install pillow")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def demo(folder, tmp_path_factory):
    """The overlay folder of the small nets with the demo's data, and the folders of the nets."""
    place = tmp_path_factory.mktemp("demo")
    shutil.copytree(folder / "overlay", place / "overlay")
    demo_data.write(place / "overlay", NETS, [-65.0, 0.0, 60.0], plant.stored(), count=1, seed=1)
    for name, net in NETS.items():
        save(net, place / name)
    return place


def run(demo, work, *words):
    (bit,) = (demo / "overlay").glob("*.bit")
    nets = os.pathsep.join(str(demo / name) for name in NETS)
    command = [sys.executable, str(HERE / "stand_in" / "run.py"), nets, str(ROOT / "demo" / "hdmi_demo.py")]
    command += ["--overlay", str(bit), "--display", "none", "--output", "x.png", *words]
    kept = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=work, env=kept)


def test_the_script_runs_where_no_simulation_can_be_imported(demo, tmp_path):
    done = run(demo, tmp_path, "--frames", "6")
    assert done.returncode == 0, done.stderr
    assert "stand-in" in done.stdout and "bank hot" in done.stdout
    assert done.stdout.splitlines()[-1] == (
        "121,044 samples, 242,088 output codes compared with the reference: 0 mismatches"
    )
    assert (tmp_path / "x.png").is_file()


def test_a_code_that_the_pc_expects_and_the_board_does_not_give_ends_in_1(demo, tmp_path):
    import io

    import numpy as np

    path = demo / "overlay" / "demo.npz"
    kept = path.read_bytes()
    with np.load(io.BytesIO(kept), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["expected"][2, 0, 9999, 1] ^= 1
    np.savez(path, **arrays)
    try:
        done = run(demo, tmp_path, "--bank", "hot", "--frames", "1")
    finally:
        path.write_bytes(kept)
    assert done.returncode == 1 and "1 of 40348 codes differ, the first at sample 9999, Q" in done.stdout
