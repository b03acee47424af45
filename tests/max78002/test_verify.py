"""Projects compiled and run: what passes, and what a firmware, a folder or a machine can have wrong."""

import json
import os
import shutil
import sys

import numpy as np
import pytest
from hand_project import write_by_hand
from test_model import conv, linear

from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec import Abs
from bittrue.spec.stages import Pool
from bittrue_firmware.chip import MAX78000, MAX78002
from bittrue_firmware.compiling import COMPILER
from bittrue_firmware.verifying import verify

pytest.importorskip("unicorn", reason="unicorn is not installed")
pytestmark = pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")


def two_layers():
    rng = np.random.default_rng(7)
    first = conv("first", rng, 20, 2, 5, padding=2, pool=Pool("max", 2, 2), activation=Abs(), output_shift=-2)
    return [first, linear("second", rng, 5, 20 * 8, wide=True)]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "project"
    write_by_hand(folder, two_layers(), (2, 16))
    return folder


@pytest.fixture
def project(written, tmp_path):
    shutil.copytree(written, tmp_path / "project")
    return tmp_path / "project"


def edit(folder, old, new, name="main.c"):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("chip", [MAX78002, MAX78000], ids=lambda chip: chip.name)
def test_a_project_written_by_hand_passes(chip, tmp_path, capsys):
    write_by_hand(tmp_path / "p", two_layers(), (2, 16), chip)
    verdict = verify(tmp_path / "p")
    assert verdict.passed and verdict.complaints == () and verdict.warnings == ""
    assert "*** PASS ***" in verdict.outcome.console
    assert [report.name for report in verdict.layers] == ["first", "second"]
    assert main(["max78002", "verify", str(tmp_path / "p"), "--console"]) == 0
    out = capsys.readouterr().out
    assert "| *** PASS ***" in out and "estimated by formula, not measured" in out and "layer 1 second" in out
    assert main(["max78002", "verify", str(tmp_path / "p"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] and found["device"] == chip.name and found["frames"] is None
    assert [(one["name"], one["cycles"]) for one in found["layers"]] == [(x.name, x.cycles) for x in verdict.layers]


SETUP, START = "put(setup,", "put(start,"
WAIT = "while (cnn_time"
WORD = "*(volatile uint32_t *)"
FAULTS = [
    ("no power", "MXC_GCFR->reg0 = 0xf;", "", "which has no power; call cnn_enable"),
    ("no memory power", "MXC_GCFR->reg1 = 0xf;", "", "which has no memory power"),
    ("isolated", "MXC_GCFR->reg2 = 0;", "", "is isolated"),
    ("in reset", "MXC_GCFR->reg3 = 0;", "", "is in reset"),
    ("no clock", "MXC_SYS_ClockEnable(MXC_SYS_PERIPH_CLOCK_CNN);", "", "while the accelerator's clock is off"),
    ("no PLL", SETUP, f"MXC_GCR->pclkdiv = 3u << 17; {SETUP}", "the PLL, which is off"),
    ("no handler", "MXC_NVIC_SetVector(CNN_IRQn, CNN_ISR);", "", "has not enabled the accelerator's interrupt"),
    ("interrupt off", SETUP, f"NVIC_DisableIRQ(CNN_IRQn); {SETUP}", "has not enabled the accelerator's interrupt"),
    ("never started", "put(start, sizeof(start) / sizeof(start[0]));", "", "was not started"),
    ("done stays set", "~((1u << 12) | 1u)", "~1u", "leaves bit 12 (done) of CTL set"),
    ("sleeps again", "cnn_time = 1;", "", "its interrupt was taken before"),
    ("no PASS", "*** PASS ***", "done", "main returned without printing *** PASS ***"),
    ("returns 3", "return 0;", "return 3;", "main returned 3"),
    ("hangs", 'printf("*** PASS', 'for (;;); printf("*** PASS', "did not end within 3,000,000 instructions"),
    ("no register", SETUP, f"{WORD}0x51100050 = 1; {SETUP}", "0x51100050, where the model has no register"),
    ("no quadrant", SETUP, f"{WORD}0x50400000 = 1; {SETUP}", "no address of the accelerator"),
    ("no memory", SETUP, f"{WORD}0x60000000 = 1; {SETUP}", "0x60000000, where the emulator has no memory"),
    ("peripheral", SETUP, f"{WORD}0x40001234 = 1; {SETUP}", "0x40001234, where the emulator has no register"),
    ("unwritten", START, f"cnn_time = {WORD}0x51810000; {START}", "0x51810000, which nothing wrote"),
    ("a halfword", START, f"*(volatile uint16_t *)0x51800000 = 1; {START}", "the accelerator takes words"),
    ("too early", WAIT, f"result[0] = (int32_t){WORD}0x51800000; {WAIT}", "while the accelerator runs"),
    ("overwritten", WAIT, f"{WORD}0x51800000 = 0; {WAIT}", "while the accelerator runs"),
    ("unloads another", "(int32_t)found", "(int32_t)found + (i == 3)", "as value 3 of the result"),
    ("started twice", START, f"put(start, sizeof(start) / sizeof(start[0])); {START}", "is started while it runs"),
]


@pytest.mark.parametrize(("old", "new", "says"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_what_firmware_does_wrong_is_said(project, old, new, says):
    edit(project, old, new)
    verdict = verify(project, 3_000_000)
    assert not verdict.passed
    assert says in " ".join(verdict.complaints), verdict.complaints


def test_firmware_may_wait_without_sleeping(project):
    edit(project, "MXC_LP_EnterSleepMode();", ";")
    assert verify(project).passed


def test_firmware_may_poll_nothing_but_the_interrupt_mask(project):
    edit(project, "put(start,", "__disable_irq(); __enable_irq(); put(start,")
    assert verify(project).passed


def test_the_first_differing_layer_and_word_are_named(project, capsys):
    text = (project / "main.c").read_text()
    start = text.index("{0x51180000, 0x")
    value = int(text[start + 15 : start + 23], 16)
    edit(project, text[start : start + 24], f"{{0x51180000, 0x{value ^ 16:08x}}}")
    assert main(["max78002", "verify", str(project)]) == 1
    out = capsys.readouterr().out
    assert "FAIL: layer 0, first: bias 0 is" in out and "known-answer test fails: 'Data mismatch at 0x" in out
    assert main(["max78002", "verify", str(project), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["passed"] and found["complaints"][0].startswith("layer 0, first: bias 0 is")


def test_an_edited_answer_is_told_from_a_wrong_layer(project):
    text = (project / "main.c").read_text()
    row = text[text.index("static const uint32_t answer") :].splitlines()[1]
    edit(project, row, row[:-10] + ("0" if row[-10] != "0" else "1") + row[-9:])
    verdict = verify(project)
    assert len(verdict.complaints) == 1 and "every layer is as the net says" in verdict.complaints[0]


def test_code_that_does_not_compile_is_bad_input(project, capsys):
    edit(project, "int main(void)", "int main(int)))")
    with pytest.raises(BadInput, match=r"does not compile: .*main\.c:\d+:\d+: error"):
        verify(project)
    assert main(["max78002", "verify", str(project)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_code_that_does_not_fit_the_flash_is_bad_input(project):
    edit(project, "volatile uint32_t cnn_time;", "volatile uint32_t cnn_time; const uint8_t big[0x290000] = {1};")
    edit(project, "cnn_time = 1;", "cnn_time = big[cnn_time];")
    with pytest.raises(BadInput, match="FLASH' overflowed"):
        verify(project)


def test_data_that_do_not_fit_the_ram_are_bad_input(project):
    edit(project, "volatile uint32_t cnn_time;", "volatile uint32_t cnn_time; uint8_t big[0x5f000];")
    edit(project, "cnn_time = 1;", "cnn_time = big[cnn_time];")
    with pytest.raises(BadInput, match="does not compile: the program leaves no 8 KiB of RAM for its stack; put out"):
        verify(project)


def test_what_is_missing_is_one_sentence(project, monkeypatch, tmp_path):
    with pytest.raises(BadInput, match=r"nowhere has no manifest\.json; name a folder that bittrue"):
        verify(tmp_path / "nowhere")
    monkeypatch.setitem(sys.modules, "unicorn", None)
    with pytest.raises(BadInput, match=r"install bittrue's extra max78002: pip install -e"):
        verify(project)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="apt install gcc-arm-none-eabi"):
        verify(project)
    (project / "main.c").unlink()
    monkeypatch.undo()
    with pytest.raises(BadInput, match="holds no C files"):
        verify(project)


def manifest_of(change):
    def apply(folder):
        found = json.loads((folder / "manifest.json").read_text())
        change(found)
        (folder / "manifest.json").write_text(json.dumps(found))

    return apply


DAMAGE = [
    ("no JSON", lambda folder: (folder / "manifest.json").write_text("{"), "is not JSON"),
    ("format", manifest_of(lambda m: m.update(version=2)), "is no manifest of format"),
    ("device", manifest_of(lambda m: m.update(device="MAX78001")), "'MAX78001'"),
    ("hash", manifest_of(lambda m: m.update(hash="sha256:0")), "is not the net that"),
    ("layers", manifest_of(lambda m: m.update(layers=[])), "lists no layers"),
    ("a layer", manifest_of(lambda m: m["layers"][0].pop("offset")), "layer 0 is {"),
    ("a number", manifest_of(lambda m: m["layers"][1].update(processors="x")), "has processors 'x'; give a map of 64"),
    ("channels", manifest_of(lambda m: m["layers"][0].update(channels=21)), "does not fit the net's node 'first'"),
    ("place", manifest_of(lambda m: m["layers"][0].update(offset=81_912)), "is placed outside data memory"),
    ("the last", manifest_of(lambda m: m["layers"].pop()), "ends with node first"),
    ("sample", lambda folder: np.save(folder / "sample.npy", np.zeros((2, 17), int)), "has shape (2, 17)"),
    ("range", lambda folder: np.save(folder / "sample.npy", np.full((2, 16), 128)), "128"),
    ("no array", lambda folder: (folder / "sample.npy").write_text("x"), "project/sample.npy is not a .npy file"),
    ("nested", lambda folder: (folder / "manifest.json").write_text('{"a":' * 70 + "1" + "}" * 70), "beyond 64 levels"),
    ("twice", lambda folder: (folder / "manifest.json").write_text('{"hash": 1, "hash": 2}'), "the key 'hash' twice"),
    ("infinity", manifest_of(lambda m: m["layers"][0].update(offset=float("inf"))), "holds Infinity"),
    ("kinds", manifest_of(lambda m: m["layers"][0].update(passes=[1])), "layer 0 is {"),
    ("truth", manifest_of(lambda m: m["layers"][0].update(passes=True)), "layer 0 is {"),
    ("a list", manifest_of(lambda m: m.update(layers=[[]])), "layer 0 is [], but has name (str)"),
    ("a device", manifest_of(lambda m: m.update(device=["MAX78002"])), "is for device ['MAX78002']"),
    ("far away", manifest_of(lambda m: m["layers"][0].update(offset=1 << 62)), "is placed outside data memory"),
    ("below", manifest_of(lambda m: m["layers"][0].update(offset=-4)), "is placed outside data memory, at -4"),
    ("no processor", manifest_of(lambda m: m["layers"][0].update(processors="-0x1")), "has processors '-0x1'"),
    ("65 of them", manifest_of(lambda m: m["layers"][0].update(processors=hex(1 << 64))), "give a map of 64"),
    ("outside", manifest_of(lambda m: m.update(files={"../x": "sha256:0"})), "lists '../x', which is no file of it"),
    ("a pipe", lambda folder: os.mkfifo(folder / "more.h"), "more.h is no plain file"),
]


@pytest.mark.parametrize(("damage", "says"), [row[1:] for row in DAMAGE], ids=[row[0] for row in DAMAGE])
def test_a_damaged_folder_is_bad_input(project, damage, says):
    damage(project)
    with pytest.raises(BadInput) as caught:
        verify(project)
    assert says in str(caught.value)


def test_the_sample_of_the_folder_counts(project):
    codes = np.load(project / "sample.npy", allow_pickle=False)
    codes[1, 5] ^= 1
    np.save(project / "sample.npy", codes)
    verdict = verify(project)
    assert not verdict.passed and "channel 1, sample 5" in verdict.complaints[0]


def test_edited_files_are_remarked(project, capsys):
    manifest_of(lambda m: m.update(files={"main.c": "sha256:0"}))(project)
    assert main(["max78002", "verify", str(project)]) == 0
    assert "not as generated: main.c" in capsys.readouterr().err
