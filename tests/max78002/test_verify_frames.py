"""Many frames through one firmware: those that pass, and whatever goes wrong after the known-answer test has passed."""

import json
import shutil

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")
pytest.importorskip("unicorn", reason="unicorn is not installed")

from hand_project import write_by_hand
from nets_for_chips import case
from test_verify import two_layers

from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec import Add, Conv2d, Flatten, Net, Node, Reshape, TensorType
from bittrue.targets.max78002.devices import MAX78000
from bittrue.targets.max78002.generate import write_project
from bittrue_firmware.compiling import COMPILER
from bittrue_firmware.frames import verify_frames
from bittrue_firmware.verifying import verify
from bittrue_firmware.weight_memory import WeightMemory

pytestmark = pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")

NETS = ["plain", "passes", "depthwise", "pooling", "flat", "small", "flat_78000"]
HEAVY = ["binary", "zeros", "dilated", "wide", "spread", "dilated_78000"]


def frames_of(net, count, seed=0):
    return np.random.default_rng(seed).integers(-128, 128, (count, *net.input.shape))


@pytest.mark.parametrize("name", [*NETS, *(pytest.param(name, marks=pytest.mark.heavy) for name in HEAVY)])
def test_every_frame_goes_through_the_same_firmware(name, tmp_path, monkeypatch):
    net, device, codes = case(name)
    write_project(net, codes, device, tmp_path / "p")
    stored, store = [], WeightMemory._store
    monkeypatch.setattr(WeightMemory, "_store", lambda *given: (stored.append(given[1:]), store(*given)))
    verdict = verify(tmp_path / "p")
    once = len(stored)
    advanced = []
    found = verify_frames(verdict, frames_of(net, 6), advance=lambda: advanced.append(1))
    assert found.passed and found.frames == len(advanced) == 6, found.complaints
    assert stored[once:] == stored[:once]  # the weights are loaded once


def test_a_result_that_is_also_copied_is_where_the_first_of_its_layers_puts_it(tmp_path):
    filters = [np.random.default_rng(seed).integers(-128, 128, (2, 2, 1, 1)) for seed in (1, 2)]
    nodes = [
        Node("a", Conv2d(filters[0], [0, 128], "Q1.7", "Q1.7"), "input"),
        Node("b", Conv2d(filters[1], [128, 0], "Q1.7", "Q1.7"), "a"),
        Node("sum", Add("Q1.7"), ("a", "b")),
    ]
    net = Net("kept", TensorType((2, 3, 4), "Q1.7"), nodes, outputs=("a", "sum"))
    made = write_project(net, frames_of(net, 1)[0], MAX78000, tmp_path / "p")
    assert [layer.name for layer in made.layers] == ["a", "b", "a_copy", "sum"]
    found = verify_frames(verify(tmp_path / "p"), frames_of(net, 5))
    assert found.passed and found.frames == 5, found.complaints


def test_another_shape_of_a_result_lies_where_that_does(tmp_path):
    weight = np.random.default_rng(3).integers(-128, 128, (6, 2, 1, 1))
    nodes = [
        Node("a", Conv2d(weight, [0] * 6, "Q1.7", "Q1.7"), "input"),
        Node("frame", Reshape((6, 12)), "a"),
        Node("flat", Flatten(), "frame"),
    ]
    net = Net("shapes", TensorType((2, 3, 4), "Q1.7"), nodes, outputs=("a", "flat"))
    write_project(net, frames_of(net, 1)[0], MAX78000, tmp_path / "p")
    verdict = verify(tmp_path / "p")
    assert verdict.passed and [placed.node for placed in verdict.project.results] == ["a", "a"]
    found = verify_frames(verdict, frames_of(net, 5))
    assert found.passed and found.frames == 5, found.complaints


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "project"
    net, device, codes = case("plain")
    write_project(net, codes, device, folder)
    return net, folder


@pytest.fixture
def project(written, tmp_path):
    shutil.copytree(written[1], tmp_path / "project")
    return tmp_path / "project"


def edit(folder, old, new, name="main.c"):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


WORD = "*(volatile uint32_t *)"
STREAM = f"*(volatile uint8_t *)0x51400001 = 1; {WORD}0x51400000 = 1; {WORD}0x51400004 = 2; {WORD}0x51400008 = 3;"
LOAD, SHOW = "/* Replace this by your data. */", "cnn_unload(result);"
ANSWER, PASS = "    uint32_t address;\n", 'printf("\\n*** PASS'
FAULTS = [
    ("a bias", LOAD, f"if (lap++ == 2) {{ {WORD}0x51180000 = 5; }}", "frame 2: layer 1, b: bias 0 is 5, the net's -15"),
    ("weights", LOAD, f"if (lap++ == 1) {{ {STREAM} }}", "frame 1: layer 2, c: weight 0 of output 0"),
    ("a register", LOAD, f"if (lap++ == 3) {{ {WORD}0x51100148 = 3; }}", "frame 3: layer 1, quadrant 0: ENA is"),
    ("the input", LOAD, "if (lap++ == 2) { return; }", "frame 2: layer 0 reads data memory at 0x51800000"),
    ("a fault", LOAD, f"if (lap++ == 2) {{ {WORD}0x51100050 = 1; }}", "frame 2: the firmware writes 0x00000001 to"),
    ("hangs", LOAD, "if (lap++ == 2) { for (;;) {} }", "frame 2: the firmware did not end within 3,000,000"),
    ("no start", "cnn_start();", "if (lap++ != 1) cnn_start(); else cnn_time = 1;", "frame 1: the firmware's own"),
    ("compares", ANSWER, f"{ANSWER} if (lap++ == 2) return CNN_FAIL;", "frame 2: the firmware's own known-answer test"),
    ("unloads", SHOW, f"{SHOW} result[3] ^= lap++ == 2;", "frame 2: cnn_unload gives"),
    ("no PASS", PASS, f"if (lap++ != 2) {PASS}", "frame 2: main came to cnn_disable without printing"),
    ("one byte", LOAD, f"if (lap++ == 2) {{ {WORD}0x51800400 = 1; }}", None),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_what_goes_wrong_later_is_named_with_its_frame(written, project, old, new, says):
    edit(project, old, new)
    edit(project, "#include <stdint.h>", "#include <stdint.h>\nstatic int lap;\n")
    verdict = verify(project, 3_000_000)
    assert verdict.passed, verdict.complaints
    found = verify_frames(verdict, frames_of(written[0], 5), 3_000_000)
    if says is None:
        assert found.passed  # nobody reads there
        return
    assert not found.passed and found.complaints[0].startswith(says), found.complaints


def test_after_the_last_frame_the_firmware_ends(written, project):
    edit(project, LOAD, "lap++;")
    edit(project, "#include <stdint.h>", "#include <stdint.h>\nstatic volatile int lap;\n")
    edit(project, "    return 0;\n}", "    return lap == 4;\n}")
    verdict = verify(project)
    assert verify_frames(verdict, frames_of(written[0], 3)).passed
    found = verify_frames(verdict, frames_of(written[0], 4))
    assert found.complaints == ("frame 3: main returned 1; 0 means that all went well",)


def test_the_stack_is_as_it_was(written, project):
    """A variable of main that is on the stack has its value of before again, in every frame."""
    edit(project, "    cnn_configure();", "    volatile uint32_t kept = 7;\n    cnn_configure();\n    kept++;")
    edit(project, "    show_results();", "    show_results();\n    if (kept != 8) { fail(); }")
    found = verify_frames(verify(project), frames_of(written[0], 3))
    assert found.passed, found.complaints


def test_a_firmware_that_failed_runs_no_frames(written, project):
    edit(project, "    return 0;\n}", "    return result[0] == 0 ? 3 : 7;\n}")
    verdict = verify(project)
    assert verdict.complaints == ("main returned 7; 0 means that all went well",)
    with pytest.raises(BadInput, match="passes its known-answer test"):
        verify_frames(verdict, frames_of(written[0], 1))


def test_a_firmware_that_is_built_in_another_way_is_refused(project, written, tmp_path):
    net = write_by_hand(tmp_path / "hand", two_layers(), (2, 16))
    with pytest.raises(BadInput, match=r"has no constant input_0.*or leave --frames out"):
        verify_frames(verify(tmp_path / "hand"), frames_of(net, 1))
    edit(project, "cnn_disable();", "")
    with pytest.raises(BadInput, match="has no function cnn_disable"):
        verify_frames(verify(project), frames_of(written[0], 1))


def test_the_command_runs_frames(written, tmp_path, capsys):
    net, folder = written
    np.save(tmp_path / "x.npy", frames_of(net, 7).astype(np.int8))
    call = ["max78002", "verify", str(folder), "--frames", str(tmp_path / "x.npy")]
    assert main(call) == 0
    assert f"PASS: 7 frames of {tmp_path / 'x.npy'} through the same firmware" in capsys.readouterr().out
    assert main([*call, "--count", "3"]) == 0
    assert "PASS: 3 frames" in capsys.readouterr().out
    assert main([*call, "--count", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["frames"]
    assert (found["frames"], found["passed"], found["complaints"]) == (2, True, [])
    assert main([*call, "--count", "8"]) == 2
    assert "holds 7 frames and --count asks for 8" in capsys.readouterr().err
    assert main([*call[:3], "--count", "8"]) == 2
    assert "name the file with --frames" in capsys.readouterr().err


def test_the_command_ends_with_1_at_the_first_difference(written, project, tmp_path, capsys):
    edit(project, LOAD, f"static int lap; if (lap++ == 1) {{ {WORD}0x51180000 = 5; }}")
    np.save(tmp_path / "x.npy", frames_of(written[0], 4))
    assert main(["max78002", "verify", str(project), "--frames", str(tmp_path / "x.npy")]) == 1
    out = capsys.readouterr().out
    assert "PASS: the firmware's known-answer test" in out and "FAIL: frame 1: layer 1, b: bias 0 is 5, the" in out
    assert main(["max78002", "verify", str(project), "--frames", str(tmp_path / "x.npy"), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] and not found["frames"]["passed"] and "bias 0 is 5" in found["frames"]["complaints"][0]
    edit(project, "lap++ == 1", "lap++ == 0")
    assert main(["max78002", "verify", str(project), "--frames", str(tmp_path / "x.npy")]) == 1
    assert "frame" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((2, 2, 40), int), "takes samples of shape (N, 3, 40), not (2, 2, 40)"),
        (np.zeros((0, 3, 40), int), "not (0, 3, 40)"),
        (np.full((2, 3, 40), 128), "outside -128..127"),
        (np.zeros((2, 3, 40), complex), "holds complex128"),
        (np.full((2, 3, 40), np.nan), "nan"),
    ],
)
def test_frames_that_do_not_fit_are_bad_input(array, says, written, tmp_path, capsys):
    np.save(tmp_path / "x.npy", array)
    assert main(["max78002", "verify", str(written[1]), "--frames", str(tmp_path / "x.npy")]) == 2
    captured = capsys.readouterr()
    assert says in captured.err and captured.err.count("\n") == 1 and not captured.out
