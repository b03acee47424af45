"""The driver, unchanged, against a stand-in for the board: nothing of the simulation is needed or can be imported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_banks import NETS

from bittrue.spec.store import save

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HERE_FIRST = {"PYTHONPATH": str(ROOT / "python")}
PROGRAM = """
import sys
import numpy as np
import bittrue.board

with bittrue.board.open(sys.argv[1], chunk=300) as dpd:
    codes = np.load(sys.argv[2])
    out = []
    for name in ("cold", "hot"):
        dpd.bank = name
        out.append(dpd.run_codes(codes))
    dpd.load("normal", *dpd.manifest.bank_words("hot"))
    dpd.bank = "normal"
    dpd.reset()
    out.append(dpd.run_codes(codes))
    assert "fc2" in dpd.saturated()
    dpd.bypass = True
    dpd.reset()
    out.append(dpd.run_codes(codes))
    assert dpd.counters()["samples_out"] == len(codes)
    np.save(sys.argv[3], np.stack(out))
"""


THREADS = """
import sys, threading
import numpy as np
import bittrue.board

sys.setswitchinterval(1e-6)
zeros, random = np.zeros((8, 2), int), np.random.default_rng(1)
given = [np.concatenate([zeros, random.integers(-9999, 9999, (300, 2)), zeros]) for _ in range(2)]
with bittrue.board.open(sys.argv[1], chunk=20) as dpd:
    alone = [dpd.run_codes(codes) for codes in given]
    found = [None, None]
    threads = [threading.Thread(target=lambda k=k: found.__setitem__(k, dpd.run_codes(given[k]))) for k in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print([np.array_equal(*pair) for pair in zip(alone, found)])
"""


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    """Folders of the nets, as ``run.py`` takes them."""
    place = tmp_path_factory.mktemp("nets")
    for name, net in NETS.items():
        save(net, place / name)
    return os.pathsep.join(str(place / name) for name in NETS)


def run(nets: str, program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / "stand_in" / "run.py"), nets, str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ | HERE_FIRST)


def test_the_hardware_of_another_net_is_refused(nets, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    (manifest,) = (tmp_path / "copy" / "overlay").glob("*.json")
    document = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(document | {"hash": f"sha256:{'0' * 64}"}))
    program = tmp_path / "program.py"
    program.write_text("import sys, bittrue.board\nbittrue.board.open(sys.argv[1])")
    done = run(nets, program, manifest.with_suffix(".bit"))
    assert done.returncode == 1
    assert "BoardError: the hardware was built for net sha256:" in done.stderr.splitlines()[-1]


def test_a_program_for_the_board_runs_without_any_simulation(nets, bit, tmp_path):
    import numpy as np
    from small_banks import samples

    from bittrue import ref

    program, codes = tmp_path / "program.py", samples(1000)
    program.write_text(PROGRAM)
    np.save(tmp_path / "x.npy", codes)
    done = run(nets, program, bit, tmp_path / "x.npy", tmp_path / "y.npy")
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "y.npy")
    select = np.repeat([0, 2], len(codes))
    swapped = ref.run_banks(list(NETS.values()), np.concatenate([codes, codes]), select)
    np.testing.assert_array_equal(found[0], swapped[:1000])
    np.testing.assert_array_equal(found[1], swapped[1000:])
    np.testing.assert_array_equal(found[2], ref.run(NETS["hot"], codes))
    np.testing.assert_array_equal(found[3], codes)


def test_two_threads_wait_for_each_other(nets, bit, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(THREADS)
    done = run(nets, program, bit)
    assert (done.returncode, done.stdout) == (0, "[True, True]\n"), done.stderr


@pytest.mark.parametrize(
    "module", ["bittrue_sim.virtual_board", "bittrue.cosim.shell_model", "bittrue_rtl", "amaranth"]
)
def test_the_simulation_cannot_be_imported_there(nets, tmp_path, module):
    program = tmp_path / "program.py"
    program.write_text(f"import {module}")
    done = run(nets, program)
    assert done.returncode == 1 and "is not importable on the stand-in" in done.stderr


def test_the_pynq_there_is_the_stand_in(nets, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import pynq; print(pynq.__version__)")
    assert run(nets, program).stdout == "3.1.2+standin\n"


def test_a_buffer_that_is_left_is_noticed(nets, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import pynq; pynq.allocate((2,), 'u4', cacheable=1)")
    assert "1 buffers were not freed" in run(nets, program).stderr
