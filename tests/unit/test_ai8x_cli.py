"""The commands around ai8x files: what they write and print, and one sentence with exit code 2 for what is wrong."""

import json

import numpy as np
import pytest
from ai8x_files import CONV, describe, float_state, layer_state

from bittrue import ref, spec
from bittrue.cli import main
from bittrue.targets.max78002.checkpoint import npz_bytes, read_checkpoint
from bittrue.targets.max78002.quantise import quantise

STATE = float_state("a", (4, 2, 3)) | float_state("b", (3, 4 * 9), 4, 1)
UNFOLDED = float_state("a", (4, 2, 3), norm=True) | float_state("b", (3, 4 * 9), 4, 1)
LAYERS = [CONV, {"operation": "mlp", "flatten": True, "output_width": 32}]


@pytest.fixture
def files(tmp_path):
    """A folder with a description, checkpoints of all kinds, and nothing else."""
    describe(tmp_path, LAYERS)
    (tmp_path / "float.npz").write_bytes(npz_bytes(STATE))
    (tmp_path / "unfolded.npz").write_bytes(npz_bytes(UNFOLDED))
    quantised = quantise(read_checkpoint(tmp_path / "float.npz"))
    (tmp_path / "quantised.npz").write_bytes(npz_bytes(quantised.state))
    return tmp_path


def run(*words):
    return main([str(word) for word in words])


def refused(capsys, files, *words):
    """The sentence of a refused command, which leaves no file behind."""
    before = sorted(files.rglob("*"))
    assert run(*words) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("bittrue: ") and captured.err.count("\n") == 1
    assert sorted(files.rglob("*")) == before
    return captured.err


def test_import_writes_a_net_and_says_what_it_is(files, capsys):
    yaml, out = files / "network.yaml", files / "net"
    assert run("import-ai8x", yaml, files / "quantised.npz", "--device", "max78002", "-o", out, "--length", 9) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "small, 2x9 Q1.7 to 3 Q14.10" not in printed.out and "small, 2x9 Q1.7 to 3 Q" in printed.out
    assert (
        "a: conv1d 4x2x3, 8-bit weights, shift" in printed.out and "b: linear 3x36, 4-bit weights, wide" in printed.out
    )
    net = spec.load(out)
    codes = np.random.default_rng(0).integers(-128, 128, (6, 2, 9))
    assert run("import-ai8x", yaml, files / "float.npz", "--device", "MAX78000", "-o", files / "again") == 0
    assert "were quantised" in capsys.readouterr().err
    assert np.array_equal(ref.run(net, codes), ref.run(spec.load(files / "again"), codes))


def test_results_for_a_script(files, capsys):
    yaml, out = files / "network.yaml", files / "net"
    options = ("--device", "max78002", "-o", out, "--length", 9, "--json")
    assert run("import-ai8x", yaml, files / "float.npz", *options) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["net"], found["device"]) == ("small", "MAX78002") and "were quantised" in found["remarks"][0]
    assert [node["name"] for node in found["nodes"]] == [node.name for node in spec.load(out).nodes]
    assert run("ecg", "verify-checkpoint", files / "float.npz", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [layer["layer"] for layer in found["layers"]] == ["a", "b"] and found["files"] == []
    assert found["next"].startswith("quantise it") and {finding["good"] for finding in found["findings"]} <= {
        True,
        False,
    }
    assert run("ecg", "quantize", files / "float.npz", "-o", files / "q.npz", "--json") == 0
    assert json.loads(capsys.readouterr().out)["files"] == [str(files / "q.npz")]


def test_a_net_of_a_torch_checkpoint_is_the_same(files, capsys):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    state = {key: torch.as_tensor(value) for key, value in STATE.items()}
    torch.save({"state_dict": state, "arch": "small", "epoch": 1}, files / "c.pth.tar")
    for name, out in (("c.pth.tar", "one"), ("float.npz", "two")):
        assert run("import-ai8x", files / "network.yaml", files / name, "--device", "MAX78002", "-o", files / out) == 0
    assert (files / "one" / "net.json").read_bytes() == (files / "two" / "net.json").read_bytes()


def test_import_refuses(files, capsys):
    yaml, good, out = files / "network.yaml", files / "quantised.npz", ("-o", files / "net")
    sentence = refused(capsys, files, "import-ai8x", yaml, files / "unfolded.npz", "--device", "MAX78002", *out)
    assert "still has batch norm in a " in sentence and "--fold -o folded.npz" in sentence
    assert "unknown device" in refused(capsys, files, "import-ai8x", yaml, good, "--device", "MAX1", *out)
    assert "do not fit" in refused(
        capsys, files, "import-ai8x", yaml, good, "--device", "MAX78002", *out, "--length", 8
    )
    assert "is not UTF-8" in refused(capsys, files, "import-ai8x", good, good, "--device", "MAX78002", *out)
    assert "no known kind" in refused(capsys, files, "import-ai8x", yaml, yaml, "--device", "MAX78002", *out)


def test_verify_says_what_to_do_next(files, capsys):
    assert run("ecg", "verify-checkpoint", files / "float.npz") == 0
    assert "next: quantise it: bittrue ecg quantize" in capsys.readouterr().out
    assert run("ecg", "verify-checkpoint", files / "quantised.npz") == 0
    assert "next: import it" in capsys.readouterr().out


def test_verify_of_an_unfolded_checkpoint_reports_and_refuses(files, capsys):
    assert run("ecg", "verify-checkpoint", files / "unfolded.npz") == 2
    printed = capsys.readouterr()
    assert "no   batch norm is not folded in 1 layers: a" in printed.out and "next: fold it" in printed.out
    assert printed.err.count("\n") == 1 and "still has batch norm in a (keys" in printed.err


@pytest.mark.parametrize("name", ["folded.npz", "folded.pth.tar"])
def test_folding_writes_a_checkpoint_that_can_be_quantised(files, capsys, name):
    if name.endswith("tar"):
        pytest.importorskip("torch", reason="PyTorch is not installed")
    assert run("ecg", "verify-checkpoint", files / "unfolded.npz", "--fold", "-o", files / name) == 0
    assert "yes  no batch norm is left" in capsys.readouterr().out
    assert run("ecg", "quantize", files / name, "-o", files / "q.npz", "--network", files / "network.yaml") == 0
    assert read_checkpoint(files / "q.npz").quantised


def test_quantised_files_of_both_kinds_make_the_same_net(files, capsys):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    for name, out in (("q.npz", "one"), ("q.pth.tar", "two")):
        assert run("ecg", "quantize", files / "float.npz", "-o", files / name) == 0
        yaml = files / "network.yaml"
        assert run("import-ai8x", yaml, files / name, "--device", "MAX78002", "-o", files / out) == 0
    assert "were quantised" not in capsys.readouterr().err
    assert (files / "one" / "net.json").read_bytes() == (files / "two" / "net.json").read_bytes()


def test_the_commands_refuse(files, capsys):
    source = files / "float.npz"
    assert "belong together" in refused(capsys, files, "ecg", "verify-checkpoint", source, "--fold")
    assert "belong together" in refused(capsys, files, "ecg", "verify-checkpoint", source, "-o", files / "x.npz")
    fold = refused(capsys, files, "ecg", "verify-checkpoint", source, "--fold", "-o", files / "x.npz")
    assert "there is nothing to fold" in fold
    assert "names no format" in refused(capsys, files, "ecg", "quantize", source, "-o", files / "x.onnx")
    again = refused(capsys, files, "ecg", "quantize", files / "quantised.npz", "-o", files / "x.npz")
    assert "is quantised already" in again
    bits = refused(capsys, files, "ecg", "quantize", source, "-o", files / "x.npz", "--weight-bits", "9")
    assert "not a whole number from 1 to 8" in bits
    assert "arguments are required: what" in refused(capsys, files, "ecg")


def test_nothing_is_written_where_the_folder_does_not_exist(files, capsys):
    sentence = refused(capsys, files, "ecg", "quantize", files / "float.npz", "-o", files / "none" / "q.npz")
    assert "cannot write" in sentence


def test_a_pass_through_and_signs_are_shown(files, capsys):
    describe(files, [{"operation": "none"}, CONV])
    state = layer_state("a", (4, 2, 3), 1, binary=True)
    (files / "signs.npz").write_bytes(npz_bytes(state))
    out = ("-o", files / "net")
    assert run("import-ai8x", files / "network.yaml", files / "signs.npz", "--device", "MAX78002", *out) == 0
    printed = capsys.readouterr().out
    assert "layer0: none pass-through\n" in printed and "a: conv1d 4x2x3, -1/+1 weights, shift +7" in printed


def test_images_and_branches_are_imported_and_shown(files, capsys):
    image = {"operation": "conv2d", "pad": 1, "output": True}
    layers = [
        image,
        {"operation": "convtranspose2d", "output_width": 32},
        {"operation": "sub", "in_sequences": [0, -1]},
    ]
    describe(files, layers)
    state = layer_state("a", (2, 2, 3, 3)) | layer_state("b", (2, 2, 3, 3))
    (files / "q.npz").write_bytes(npz_bytes(state))
    command = ("import-ai8x", files / "network.yaml", files / "q.npz", "--device", "MAX78002", "-o", files / "net")
    assert run(*command, "--size", "6x5") == 0
    printed = capsys.readouterr()
    assert "small, 2x6x5 Q1.7 to 2x6x5 Q1.7, 2x12x10 Q18.14, 2x6x5 Q1.7" in printed.out
    assert "b: convtranspose2d 2x2x3x3, 8-bit weights, wide" in printed.out
    assert "layer2: none sub of a, input\n" in printed.out
    assert "layer b is a result too, as nothing takes it" in printed.err
    np.save(files / "x.npy", np.zeros((2, 6, 5), np.int64))
    made = ("--sample", files / "x.npy", "-o", files / "project")
    assert run("max78002", "generate", files / "net", *made) == 0
    assert "2x6x5 Q1.7 to 2x6x5 Q1.7, 2x12x10 Q18.14, 2x6x5 Q1.7" in capsys.readouterr().out
    assert (files / "project" / "cnn.c").exists()


@pytest.mark.parametrize(
    ("size", "sentence"), [("6x", "not a whole number"), ("0x5", "from 1 to 2048"), ("2x3x4", "not a whole number")]
)
def test_a_size_is_one_number_or_two(files, capsys, size, sentence):
    command = ("import-ai8x", files / "network.yaml", files / "quantised.npz", "--device", "MAX78002")
    assert sentence in refused(capsys, files, *command, "-o", files / "net", "--size", size)


def test_a_pooling_that_the_vendors_tool_gets_wrong_is_refused(files, capsys):
    describe(files, [{"operation": "conv2d", "max_pool": 3, "pool_dilation": 2}])
    (files / "q.npz").write_bytes(npz_bytes(layer_state("a", (2, 2, 3, 3))))
    command = ("import-ai8x", files / "network.yaml", files / "q.npz", "--device", "MAX78002", "-o", files / "net")
    assert "pool_dilation 2: it works with windows of 2, not of 3; the vendor's tool reads outside" in refused(
        capsys, files, *command
    )


def test_shapes_that_do_not_join_are_refused(files, capsys):
    pooled = {"operation": "conv2d", "max_pool": 2, "pool_stride": 2, "pad": 1}
    describe(files, [pooled, {"operation": "add", "in_sequences": [0, -1]}])
    (files / "q.npz").write_bytes(npz_bytes(layer_state("a", (2, 2, 3, 3))))
    command = ("import-ai8x", files / "network.yaml", files / "q.npz", "--device", "MAX78002", "-o", files / "net")
    sentence = refused(capsys, files, *command, "--size", "6x6")
    assert "in_sequences names data of 2x3x3 and 2x6x6, which cannot be combined element by element" in sentence


def test_import_never_replaces_another_net(files, capsys):
    words = ("import-ai8x", files / "network.yaml", files / "float.npz", "--device", "MAX78002", "-o", files / "net")
    assert run(*words) == 0 and run(*words) == 0
    describe(files, LAYERS, arch="other")
    capsys.readouterr()
    assert "is of net small, and net other would replace it; choose another folder" in refused(capsys, files, *words)
