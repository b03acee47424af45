"""Projects of images and branches, written by hand: they pass, and every corruption of them is found and named."""

import re
import shutil

import numpy as np
import pytest
from hand_nets import CASES, MADE, made
from hand_project import write_net_by_hand

pytest.importorskip("unicorn", reason="unicorn is not installed")

from replaying import Replay

from bittrue import spec
from bittrue_firmware.chip import MAX78000, MAX78002
from bittrue_firmware.compiling import COMPILER
from bittrue_firmware.verifying import verify

pytestmark = pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")
QUICK = {("branches", MAX78002), ("transposed", MAX78000), ("passes", MAX78000), ("concat", MAX78002)}
NETS = pytest.mark.parametrize(
    ("name", "chip"),
    [
        pytest.param(*case, id=f"{case[0]}-{case[1].name}", marks=[] if case in QUICK else [pytest.mark.heavy])
        for case in CASES
    ],
)


@pytest.fixture(scope="module")
def replays(tmp_path_factory):
    """The run of a project, which passes, to do again; each is made once."""
    found = {}

    def make(name, chip):
        if (name, chip.name) not in found:
            bench, folder = made(name, chip), tmp_path_factory.mktemp(name) / "project"
            write_net_by_hand(folder, bench.net, bench.hand, bench.codes(), bench.ends)
            with pytest.MonkeyPatch.context() as patch:
                found[name, chip.name] = Replay(folder, patch)
        return found[name, chip.name]

    return make


@NETS
def test_no_register_bit_may_be_wrong(name, chip, replays):
    replay, rng = replays(name, chip), np.random.default_rng(1)
    memories = ("weights", "bias", "data", "control")
    numbers = [n for n, kind in enumerate(replay.kinds) if kind not in memories]
    for number in rng.choice(numbers, min(40, len(numbers)), replace=False):
        bit = int(rng.integers(32))
        assert replay.flipped(number, bit), (replay.kinds[number], hex(replay.writes[number][2]), bit)


@NETS
def test_no_weight_bias_or_input_may_be_wrong(name, chip, replays):
    """Bytes that fill up words of memory are not the net's: of them nothing is said."""
    replay, rng = replays(name, chip), np.random.default_rng(2)
    for kind in ("weights", "bias", "data"):
        numbers = [n for n, found in enumerate(replay.kinds) if found == kind]
        bits = [(n, bit) for n in rng.choice(numbers, min(8, len(numbers)), replace=False) for bit in (0, 6)]
        found = [bool(replay.flipped(n, bit)) for n, bit in bits if replay.writes[n][2] & 0xFF]
        assert sum(found) > 0.8 * len(found), (kind, found)


def changed(replay, register, layer, old, new):
    """The complaint about a run in which a register of a layer has another value in all quadrants."""
    chip, writes = replay.project.chip, list(replay.writes)
    at = chip.register_base + chip.registers.index(register) * chip.register_step + layer * chip.layer_step
    places = [n for n, (address, _, _) in enumerate(writes) if (address - chip.base) % chip.stride == at]
    assert places
    for n in places:
        address, size, value = writes[n]
        assert re.fullmatch(old, f"{value:x}"), hex(value)
        writes[n] = address, size, new(value)
    return replay.complaint(writes)


SAYS = [
    ("branches", MAX78000, "ONED", 3, "76000", lambda v: v ^ 1 << 14, "meet by sub, in first_add of the net by add"),
    ("branches", MAX78000, "ONED", 4, "62100", lambda v: v | 1 << 16, "it pools before its operands meet, the net"),
    ("branches", MAX78000, "ONED", 6, "aa000", lambda v: v - (1 << 18), "it reads 2 operand(s), the net has 3"),
    ("branches", MAX78000, "LCTL", 4, ".*8a0", lambda v: v | 1 << 8, "is max 2 2 1 and max 2 2 1, the net's avg 2 2 1"),
    ("branches", MAX78000, "RPTR", 4, "90", lambda v: v + 1, "it reads channel 0, sample 0 of left from"),
    ("transposed", MAX78000, "RCNT", 0, "1000b", lambda v: v - 2, "through 4 x 3 pixels, the net through 5 x 3"),
    ("images", MAX78000, "PCCNT", 1, "2", lambda v: 1, "it goes through 6 x 5 pixels|PCCNT|pooling"),
]


@pytest.mark.parametrize(("name", "chip", "register", "layer", "old", "new", "says"), SAYS)
def test_what_is_not_the_nets_is_said(name, chip, register, layer, old, new, says, replays):
    complaint = changed(replays(name, chip), register, layer, old, new)
    assert complaint and re.search(says.replace("(", r"\(").replace(")", r"\)"), complaint), complaint


def test_all_results_are_compared(tmp_path):
    bench = made("branches", MAX78002)
    write_net_by_hand(tmp_path / "p", bench.net, bench.hand, bench.codes(), bench.ends)
    assert spec.load(tmp_path / "p" / "net").outputs == ("all", "alone")
    assert verify(tmp_path / "p").passed
    text = (tmp_path / "p" / "main.c").read_text()
    assert "result[i] = (int32_t)found;" in text
    last = len(re.findall(r"0xffffffff, 0x", text)) - 1
    wrong = text.replace("result[i] = (int32_t)found;", f"result[i] = (int32_t)found + (i == {last});")
    (tmp_path / "p" / "main.c").write_text(wrong)
    verdict = verify(tmp_path / "p")
    assert re.search(r"as value 63 of the result alone; the net has", verdict.complaints[0]), verdict.complaints


def test_what_a_layer_does_is_shown(replays):
    replay = replays("branches", MAX78002)
    verdict = verify(replay.project.folder)
    does = [report.does for report in verdict.layers]
    assert does[3] == "8 processors, 2 operands (add), maximum of 2 x 2, kernel 3 x 3, 8-bit weights"
    assert "pass-through" in does[1] and len(does) == len(MADE["branches"][0](MAX78002).ends)
