"""Projects of the networks that the vendor's tools were recorded on: they compile, and expect the recorded output.

The cases are read by path, from the environment variable BITTRUE_ORACLE or from ../shared/oracle beside the repository.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")

from bittrue.targets.max78002.checkpoint import read_checkpoint
from bittrue.targets.max78002.devices import device_of
from bittrue.targets.max78002.generate import write_project
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("BITTRUE_ORACLE", ROOT.parent / "shared" / "oracle")) / "max7800x"
CASES = sorted(path.parent.name for path in FOLDER.glob("*/network.yaml"))
COMPILER = "arm-none-eabi-gcc"
pytestmark = pytest.mark.skipif(not CASES, reason=f"no recorded cases in {FOLDER}; set BITTRUE_ORACLE")


def written(name, folder, number=0):
    """The plan of a recorded network whose project is in ``folder``, with one of its samples."""
    case = FOLDER / name
    device = device_of(json.loads((case / "case.json").read_text())["device"])
    sample = np.load(case / f"sample_input_{number}.npy", allow_pickle=False)
    checkpoint = read_checkpoint(case / "quantized_checkpoint.npz")
    net = import_network(read_network(case / "network.yaml"), checkpoint, device, sample.shape[1]).net
    return write_project(net, sample, device, folder)


@pytest.mark.parametrize("name", CASES)
def test_the_known_answer_is_the_recorded_output(name, tmp_path):
    last = written(name, tmp_path).layers[-1].result
    expected = np.load(FOLDER / name / "sample_output_0.npy", allow_pickle=False).ravel()
    text = (tmp_path / "sampleoutput.h").read_text()
    words = [int(word, 16) for word in re.findall(r"0x[0-9a-f]{8}", text)]
    found, k = [], 0
    while words[k]:
        found += words[k + 3 : k + 3 + words[k + 2]]
        k += 3 + words[k + 2]
    assert last.length == 1 and last.passes == 1  # so the words stand in the order of the channels
    if not last.wide:
        found = [word >> 8 * lane & 0xFF for word in found for lane in range(4)][: last.channels]
    width = 32 if last.wide else 8
    assert [value - (1 << width) if value >> width - 1 else value for value in found] == expected.tolist()


@pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")
@pytest.mark.parametrize("name", CASES)
def test_the_project_compiles_without_a_warning(name, tmp_path):
    written(name, tmp_path)
    stub = ROOT / "firmware" / "max78002" / "stub"
    for source in ("cnn.c", "main.c", "softmax.c"):
        command = [COMPILER, "-mcpu=cortex-m4", "-mthumb", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
        command += [f"-I{stub}", "-c", str(tmp_path / source), "-o", str(tmp_path / "o")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:2000]
