"""What a new user does wrong, at the command line: one sentence, exit code 2, and nothing half-written."""

import os
import re
import shutil

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")

from ai8x_files import CONV, describe, float_state, layer_state
from nets_for_chips import case

from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec import save
from bittrue.targets.max78002.devices import MAX78002
from bittrue.targets.max78002.generate import write_project
from bittrue_firmware.compiling import COMPILER

WIDE = {"operation": "mlp", "flatten": True, "output_width": 32}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net, _, codes = case("plain")
    save(net, "net")
    np.save("x.npy", codes)
    return tmp_path


def refused(capsys, *call):
    """The one sentence on stderr of a call that is refused and leaves no file or folder behind."""
    before = sorted(str(path) for path in os.scandir("."))
    assert main([str(part) for part in call]) == 2
    captured = capsys.readouterr()
    assert not captured.out and captured.err.count("\n") == 1
    assert sorted(str(path) for path in os.scandir(".")) == before
    return captured.err


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((2, 40), int), r"takes samples of shape \(N, 3, 40\), not \(2, 40\)"),
        (np.zeros((1, 3, 41), int), r"not \(1, 3, 41\)"),
        (np.full((3, 40), 200), "is 200, outside -128..127 of Q1.7"),
        (np.zeros((0, 3, 40)), r"not \(0, 3, 40\)"),
    ],
)
def test_a_sample_of_another_shape(array, says, place, capsys):
    np.save("bad.npy", array)
    assert re.search(says, refused(capsys, "max78002", "generate", "net", "--sample", "bad.npy", "-o", "p"))


def test_a_flipped_byte_in_the_weights(place, capsys):
    flip(place / "net" / "weights.safetensors", -3)
    said = refused(capsys, "max78002", "generate", "net", "--sample", "x.npy", "-o", "p")
    assert "net was edited or is corrupt" in said


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_generate_leaves_nothing(place, monkeypatch, error):
    from bittrue import files

    written, before = [], files._temporary

    def stops(target, data):
        written.append(target)
        if len(written) == 5:
            raise error
        return before(target, data)

    monkeypatch.setattr(files, "_temporary", stops)
    net, device, codes = case("plain")
    with pytest.raises((KeyboardInterrupt, BadInput)):
        write_project(net, codes, device, "deep/er/p")
    assert not (place / "deep").exists()
    (place / "old").mkdir()
    (place / "old" / "mine.txt").write_text("kept")
    written.clear()
    with pytest.raises((KeyboardInterrupt, BadInput)):
        write_project(net, codes, device, "old")
    assert [path.name for path in (place / "old").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda p: flip(p / "net" / "weights.safetensors", -3), "was edited or is corrupt"),
        (lambda p: (p / "sample.npy").unlink(), "cannot read the sample p/sample.npy: No such file or directory; gen"),
        (lambda p: (p / "manifest.json").unlink(), "p has no manifest.json; name a folder that bittrue max78002 gen"),
        (lambda p: shutil.rmtree(p / "net"), "p/net"),
    ],
)
def test_a_project_that_is_not_whole(damage, says, place, capsys):
    net, device, codes = case("plain")
    write_project(net, codes, device, "p")
    damage(place / "p")
    assert says in refused(capsys, "max78002", "verify", "p")


@pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")
def test_an_edited_known_answer_is_a_fail_and_named(place, capsys):
    pytest.importorskip("unicorn", reason="unicorn is not installed")
    net, device, codes = case("plain")
    write_project(net, codes, device, "p")
    text = (place / "p" / "sampleoutput.h").read_text()
    word = re.findall(r"0x[0-9a-f]{8}", text)[3]
    (place / "p" / "sampleoutput.h").write_text(text.replace(word, f"0x{int(word, 16) ^ 1:08x}", 1))
    assert main(["max78002", "verify", "p"]) == 1
    captured = capsys.readouterr()
    assert "not as generated: sampleoutput.h" in captured.err
    assert "every layer is as the net says, so what it compares with, or how, is wrong" in captured.out


CUT = "write it again as a .npz of plain arrays"
LIMITS = [
    ([CONV | {"kernel_size": 12}], {"a": (4, 2, 12)}, "layer 0: kernel_size 12: give a whole number from 1 to 9"),
    ([CONV | {"pad": 3}], {"a": (4, 2, 3)}, "layer a: padding 3 is outside 0..2 for a kernel of 3; pad less"),
    ([CONV | {"max_pool": 17}], {"a": (4, 2, 3)}, "layer a: a pooling window of 17 is outside 1..16; pool in two"),
    ([CONV | {"stride": 2}], {"a": (4, 2, 3)}, "layer a: a stride of 2 does not exist; use 1, and pool before"),
    ([CONV | {"groups": 2}], {"a": (4, 2, 3)}, "layer a: 2 groups for 4 inputs and 4 outputs; use 1, or as many"),
    ([CONV | {"pad": 0}], {"a": (1100, 2, 3)}, "layer a: 1100 outputs are more than the 1024 of a MAX78002; use fewer"),
    ([CONV, WIDE], {"a": (4, 2, 3), "b": (2, 4 * 300)}, "layer b: flattening 300 samples exceeds 256; pool before it"),
    ([CONV], {"a": (4, 70, 3)}, "layer a: a MAX78002 pads convolutions of up to 64 channels, not of 70; use padding 0"),
    (
        [CONV | {"pad": 0}],
        {"a": (1024, 1000, 3)},
        "the weights take 3,072,000 bytes, 675,840 more than the 2,396,160 of a MAX78002; the largest layer is a with",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "shapes", "says"), LIMITS, ids=[row[2][:40] for row in LIMITS])
def test_a_layer_outside_the_chips_limits(layers, shapes, says, place, capsys):
    state = {}
    for index, (name, shape) in enumerate(shapes.items()):
        state |= layer_state(name, shape, seed=index)
    np.savez("q.npz", **state)
    describe(place, layers)
    assert says in refused(capsys, "import-ai8x", "network.yaml", "q.npz", "--device", "MAX78002", "-o", "n")


def test_checkpoints_that_are_not_folded_or_cut_off(place, capsys):
    call = ("import-ai8x", "network.yaml", "c.npz", "--device", "MAX78002", "-o", "n")
    describe(place, [CONV])
    np.savez("c.npz", **float_state("conv1", (4, 2, 3), norm=True))
    said = refused(capsys, *call)
    assert "still has batch norm in conv1" in said and "bittrue ecg verify-checkpoint c.npz --fold" in said
    (place / "c.npz").write_bytes((place / "c.npz").read_bytes()[:700])
    assert CUT in refused(capsys, *call)


def test_a_net_that_does_not_fit_the_data_memory(place, capsys):
    from nets_for_chips import conv

    from bittrue.spec.stages import stage_net

    rng = np.random.default_rng(0)
    stages = [conv(rng, "a", 900, 20, 3), conv(rng, "b", 800, 900, 1, 1)]
    save(stage_net("long", (20, 1000), stages), "long")
    np.save("long.npy", np.zeros((20, 1000), int))
    said = refused(capsys, "max78002", "generate", "long", "--sample", "long.npy", "-o", "p")
    assert re.search(
        r"layer b: it takes [\d,]+ bytes of each data memory and puts out [\d,]+, together [\d,]+ more", said
    )
    assert MAX78002.data_bytes == 81_920 and "81,920 there are" in said and "would fit there" in said
