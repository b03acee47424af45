"""Every corruption of a generated project must end in FAIL: of registers and memories bit by bit, and of files."""

import re
import shutil

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")
pytest.importorskip("unicorn", reason="unicorn is not installed")

from nets_for_chips import case
from replaying import Replay

from bittrue.targets.max78002.generate import write_project
from bittrue_firmware.compiling import COMPILER
from bittrue_firmware.verifying import verify

pytestmark = pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")

HEAVY = ("binary", "pooling", "dilated", "flat", "wide", "dilated_78000")
NETS = [*("plain", "depthwise", "small"), *(pytest.param(name, marks=pytest.mark.heavy) for name in HEAVY)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}

    def make(name):
        if name not in made:
            net, device, codes = case(name)
            made[name] = tmp_path_factory.mktemp(name) / "project"
            write_project(net, codes, device, made[name])
        return made[name]

    return make


@pytest.mark.parametrize("name", NETS)
def test_no_register_bit_may_be_wrong(name, folders, monkeypatch):
    replay, rng = Replay(folders(name), monkeypatch), np.random.default_rng(1)
    memories = ("weights", "bias", "data", "control")
    numbers = [n for n, kind in enumerate(replay.kinds) if kind not in memories]
    for number in rng.choice(numbers, 24, replace=False):
        bit = int(rng.integers(32))
        assert replay.flipped(number, bit), (replay.kinds[number], hex(replay.writes[number][2]), bit)


@pytest.mark.parametrize("name", NETS)
def test_no_weight_bias_or_input_may_be_wrong(name, folders, monkeypatch):
    """Bytes that fill up words of memory are not the net's: of them nothing is said."""
    replay, rng = Replay(folders(name), monkeypatch), np.random.default_rng(2)
    used = {kind: [n for n, found in enumerate(replay.kinds) if found == kind] for kind in ("weights", "bias", "data")}
    for kind, numbers in used.items():
        bits = [(n, bit) for n in rng.choice(numbers, min(8, len(numbers)), replace=False) for bit in (6, 12)]
        found = [bool(replay.flipped(n, bit)) for n, bit in bits if replay.writes[n][2] >> bit // 8 * 8 & 0xFF]
        assert sum(found) > 0.9 * len(found), (kind, found)


@pytest.mark.parametrize("name", ["plain", "small"])
def test_a_write_that_is_missing_is_seen(name, folders, monkeypatch):
    replay, rng = Replay(folders(name), monkeypatch), np.random.default_rng(3)
    clearing = {n for n, kind in enumerate(replay.kinds) if kind == "control"}
    for number in rng.choice(sorted(set(range(len(replay.writes))) - clearing), 16, replace=False):
        left = replay.writes[:number] + replay.writes[number + 1 :]
        assert replay.complaint(left), (replay.kinds[number], replay.writes[number])


def nth(folder, name, pattern, number, change):
    """Change the group of the ``number``-th match of a pattern in a file."""
    path = folder / name
    text = path.read_text()
    found = list(re.finditer(pattern, text))
    match = found[number % len(found)]
    path.write_text(text[: match.start(1)] + change(match[1]) + text[match.end(1) :])


def flip(bit):
    return lambda text: f"0x{int(text, 16) ^ 1 << bit:0{len(text) - 2}x}"


WORD, BYTE = r"(0x[0-9a-f]{8})[,\s]", r"(0x[0-9a-f]{2})[,\s]"
REGISTER = r"set_(?:one|all)\([^;]*LREG_{}, (0x[0-9a-f]+)\)"
FILES = [
    ("weights.h", WORD, 5, flip(9)),
    ("weights.h", WORD, 77, flip(30)),
    ("weights.h", WORD, 0, flip(17)),
    ("weights.h", WORD, 0, flip(2)),
    ("weights.h", WORD, 1, flip(0)),
    ("weights.h", BYTE, 3, flip(0)),
    ("weights.h", BYTE, 30, flip(7)),
    ("sampledata.h", WORD, 3, flip(0)),
    ("sampledata.h", WORD, 17, flip(13)),
    ("sampleoutput.h", WORD, 3, flip(0)),
    ("sampleoutput.h", WORD, 0, flip(4)),
    *(("cnn.c", REGISTER.format(register), 1, flip(bit)) for register, bit in [
        ("RCNT", 0), ("RCNT", 13), ("STRIDE", 5), ("WPTR_BASE", 3), ("WPTR_BASE", 15), ("RPTR_BASE", 0), ("LCTL", 8),
        ("LCTL2", 12), ("LCTL2", 4), ("MCNT1", 3), ("MCNT2", 3), ("POST", 13), ("POST", 17), ("POST", 0), ("ENA", 2),
        ("ONED", 8), ("OCHAN", 0), ("PRCNT", 1),
    ]),
    ("cnn.c", r"CNN_BIAS\(q\) \((0x[0-9a-f]+)u", 0, flip(3)),
    ("cnn.c", r"CNN_DATA\(processor\) \+ (0x[0-9a-f]+)", 0, flip(4)),
    ("cnn.c", r"set_all\(1, (LREG_LCTL2), ", 0, lambda text: "LREG_TPTR"),
    ("main.c", r"\*\)(0x[0-9a-f]{8}), input_0", 0, flip(3)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "pattern", "number", "change"), FILES)
def test_a_corrupted_file_ends_in_fail(name, pattern, number, change, folders, tmp_path):
    shutil.copytree(folders("plain"), tmp_path / "p")
    nth(tmp_path / "p", name, pattern, number, change)
    verdict = verify(tmp_path / "p", 30_000_000)
    assert not verdict.passed
    assert name in verdict.project.edited
