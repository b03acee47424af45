"""What the generator writes, compiled and run: nets that use everything, and recorded cases of the vendor's tools."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")
pytest.importorskip("unicorn", reason="unicorn is not installed")

from drawn_branches import Draw
from nets_for_chips import RECIPES, case
from stages_for_chips import conv2d

from bittrue.cli import main
from bittrue.spec.stages import Pool, stage_net
from bittrue.targets.max78002.devices import MAX78000, MAX78002
from bittrue.targets.max78002.generate import write_project
from bittrue_firmware.compiling import COMPILER
from bittrue_firmware.verifying import verify

ROOT = Path(__file__).resolve().parents[2]
ORACLE = Path(os.environ.get("BITTRUE_ORACLE", ROOT.parent / "shared" / "oracle"))
CASES = sorted(
    str(path.parent.relative_to(ORACLE))
    for folder in ("max7800x", "max7800x_2d")
    for path in (ORACLE / folder).glob("*/network.yaml")
)
HEAVY = ("origin", "published_cifar10", "published_kws20")
VENDORS_ESTIMATE = {"max7800x/m78000_small": 12_235}
"""What ai8xize prints as the cycles of a case on the MAX78000."""

pytestmark = pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")


@pytest.mark.parametrize("name", RECIPES)
def test_generated_firmware_passes(name, tmp_path):
    net, device, codes = case(name)
    write_project(net, codes, device, tmp_path / "p")
    verdict = verify(tmp_path / "p")
    assert verdict.passed, verdict.complaints
    assert not verdict.warnings and not verdict.project.edited


@pytest.mark.parametrize("device", [MAX78000, MAX78002])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_pooling_all_samples_of_many_channels_in_front_of_a_kernel_of_1_is_not_flattening(device, kind, tmp_path):
    rng = np.random.default_rng(0)
    stages = [conv2d(rng, "a", 130, 6), conv2d(rng, "b", 5, 130, 1, pool=Pool(kind, 3, 3), wide=True)]
    net = stage_net("pooled", (6, 5, 5), stages)
    write_project(net, rng.integers(-128, 128, net.input.shape), device, tmp_path / "p")
    verdict = verify(tmp_path / "p")
    assert verdict.passed, verdict.complaints


@pytest.mark.parametrize("seed", [1, 6, 16, 20, 36, 56])
def test_generated_firmware_of_drawn_nets_passes(seed, tmp_path):
    drawn = Draw(seed)
    write_project(drawn.net, drawn.rng.integers(-128, 128, drawn.net.input.shape), drawn.device, tmp_path / "p")
    verdict = verify(tmp_path / "p")
    assert verdict.passed, verdict.complaints


@pytest.mark.skipif(not CASES, reason=f"no recorded cases in {ORACLE}; set BITTRUE_ORACLE")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[pytest.mark.heavy] if n.partition("/")[2].startswith(HEAVY) else [])
        for n in CASES or ["none"]
    ],
)
def test_a_recorded_case_runs_through_import_generate_and_verify(name, tmp_path, capsys):
    folder, device = ORACLE / name, json.loads((ORACLE / name / "case.json").read_text())["device"]
    files = [str(folder / "network.yaml"), str(folder / "quantized_checkpoint.npz")]
    _, *sides = np.load(folder / "sample_input_0.npy", allow_pickle=False).shape
    size = ["--size", "x".join(map(str, sides))] if len(sides) == 2 else ["--length", str(sides[0])]
    assert main(["import-ai8x", *files, "--device", device, *size, "-o", str(tmp_path / "net")]) == 0
    for sample in sorted(folder.glob("sample_input_*.npy"))[:2]:
        make = ["max78002", "generate", str(tmp_path / "net"), "--sample", str(sample), "--device", device]
        assert main([*make, "-o", str(tmp_path / "p")]) == 0
        capsys.readouterr()
        assert main(["max78002", "verify", str(tmp_path / "p")]) == 0
        out = capsys.readouterr().out
        assert "PASS: the firmware's known-answer test" in out
        if name in VENDORS_ESTIMATE:
            assert f"{VENDORS_ESTIMATE[name]:,} cycles" in out
