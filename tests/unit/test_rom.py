"""Weight ROMs: each format, parsed back by its specification, gives the net's codes at the mapped addresses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from bittrue.emit.constants import constants
from bittrue.emit.rom import JSON_FILE, MD_FILE, layout, roms, write_roms
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import LAYERS, Add, ComplexFIR, Dense, Layer, Net, Node, Table, TensorType, Term
from bittrue.spec.store import content_hash


def mem(text: str, width: int) -> list[int]:
    """``$readmemh``: comments, then hexadecimal words separated by blanks."""
    return [int(word, 16) for word in re.sub(r"//.*", "", text).split()]


def coe(text: str, width: int) -> list[int]:
    """Comment lines, then ``keyword=value;`` twice."""
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(";"))
    values = dict(part.split("=") for part in "".join(body.split()).split(";") if part)
    assert list(values) == ["memory_initialization_radix", "memory_initialization_vector"]
    return [
        int(word, int(values["memory_initialization_radix"]))
        for word in values["memory_initialization_vector"].split(",")
    ]


def intel_hex(text: str, width: int) -> list[int]:
    """Records ``:LLAAAATT<data>CC``; every byte is given once, and the end record comes last."""
    memory: dict[int, int] = {}
    upper, ended = 0, False
    for line in text.splitlines():
        assert not ended and re.fullmatch(r":([0-9A-F]{2}){5,}", line), line
        record = bytes.fromhex(line[1:])
        assert record[0] == len(record) - 5 and sum(record) % 256 == 0, line
        address, kind, data = int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        if kind == 0:
            assert address + len(data) <= 0x10000, "a data record does not cross 64 KiB"
            for offset, byte in enumerate(data):
                assert memory.setdefault(upper + address + offset, byte) is byte
        elif kind == 4:
            upper = int.from_bytes(data, "big") << 16
        else:
            assert (kind, data) == (1, b"")
            ended = True
    assert ended and sorted(memory) == list(range(len(memory)))
    size, data = (width + 7) // 8, bytes(memory[k] for k in range(len(memory)))
    return [int.from_bytes(data[k : k + size], "big") for k in range(0, len(data), size)]


PARSERS = {".mem": mem, ".coe": coe, ".hex": intel_hex}


def odd_words() -> Net:
    """Words of 5, 11 and 16 bits, biases beyond 32 bits, extremes everywhere, and a ROM beyond 64 KiB."""
    rng = np.random.default_rng(1)
    x, w, t = Format(16, 15), Format(11, 9), Format(5, 2)
    table = Table(rng.integers(t.lo, t.hi, 1 << 16, endpoint=True), t)
    weight = rng.integers(w.lo, w.hi, (2, 2), endpoint=True)
    weight[0] = w.lo, w.hi
    wide = Table(rng.integers(-32768, 32767, 1 << 16, endpoint=True), Format(16, 3))
    fir = ComplexFIR((Term(0, (0, 7)),), np.array([[w.lo, w.hi], [-1, 0]]), w, x, x)
    second = Dense(weight.T, np.array([0, 1]), w, x)
    nodes = (
        Node("five", table, ("input",)),
        Node("fc", Dense(weight, np.array([-(1 << 40), (1 << 40) - 1]), w, x), ("five",)),
        Node("fc2", second, ("fc",)),
        Node("sixteen", wide, ("fc2",)),
        Node("fir", fir, ("input",)),
        Node("sum", Add(Format(16, 15)), ("sixteen", "fir")),
    )
    return Net("Odd-words", TensorType((2,), x), nodes)


NETS = [*(LAYERS[name].example() for name in sorted(LAYERS)), odd_words()]


def tensors_of(net: Net) -> dict[str, np.ndarray]:
    """Every array of the net by ``node.field``, found without the exporter."""
    return {
        f"{node.name}.{name}": value
        for node in net.nodes
        for name, value in vars(node.layer).items()
        if isinstance(value, np.ndarray)
    }


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
@pytest.mark.parametrize("kind", sorted(PARSERS))
def test_every_tensor_comes_back(net: Net, kind: str) -> None:
    files = roms(net)
    document = json.loads(files[JSON_FILE])
    found: dict[str, np.ndarray] = {}
    for rom in document["roms"]:
        (name,) = (name for name in rom["files"] if name.endswith(kind))
        words = PARSERS[kind](files[name], rom["width"])
        assert len(words) == rom["depth"]
        used = 0
        for tensor in rom["tensors"]:
            assert tensor["base"] == used, "tensors follow each other without gaps"
            used += tensor["length"]
            part = words[tensor["base"] : used]
            assert all(0 <= word < 1 << tensor["width"] for word in part)
            half = 1 << tensor["width"] - 1
            codes = [word - 2 * half if word >= half else word for word in part]
            found[tensor["name"]] = np.array(codes, dtype=np.int64).reshape(tensor["shape"])
        assert used == len(words)
    expected = tensors_of(net)
    assert sorted(found) == sorted(expected)
    for name, codes in expected.items():
        np.testing.assert_array_equal(found[name], codes, err_msg=name)


def test_files_widths_and_formats() -> None:
    net = odd_words()
    files = roms(net)
    stems = {f"odd_words_w{width}{kind}" for width in (5, 11, 16, 64) for kind in PARSERS}
    assert set(files) == stems | {JSON_FILE, MD_FILE}
    document = json.loads(files[JSON_FILE])
    assert document["hash"] == content_hash(net)
    formats = {t["name"]: (t["width"], t["format"]) for rom in document["roms"] for t in rom["tensors"]}
    assert formats == {
        "five.values": (5, "Q3.2"),
        "fc.weight": (11, "Q2.9"),
        "fc.bias": (64, "Q53.11"),
        "fc2.weight": (11, "Q2.9"),
        "fc2.bias": (64, "Q40.24"),
        "sixteen.values": (16, "Q13.3"),
        "fir.weight": (11, "Q2.9"),
    }


def test_digits_of_every_word() -> None:
    """A memory of 11 bits takes three digits, and bits beyond the word are zero: -1024 is 400, not c00."""
    lines = roms(odd_words())["odd_words_w11.mem"].splitlines()
    words = [line for line in lines if not line.startswith("//")]
    assert words[:2] == ["400", "3ff"] and words[-2:] == ["7ff", "000"]
    assert roms(odd_words())["odd_words_w11.hex"].startswith(":10000000040003FF")


@pytest.mark.parametrize(
    ("bias", "width"), [(-(1 << 31), 32), ((1 << 31) - 1, 32), (1 << 31, 64), (-(1 << 31) - 1, 64)]
)
def test_bias_width_is_32_or_64(bias: int, width: int) -> None:
    fmt = Format(32, 0)  # weights of 32 bits share the ROM with biases of 32 bits
    layer = Dense(np.array([[7]]), np.array([bias]), fmt, fmt)
    plan = layout(Net("bias", TensorType((1,), Format(8, 0)), (Node("fc", layer, ("input",)),)))
    assert {w: [t.name for t in tensors] for w, tensors in plan.items()} == (
        {32: ["fc.weight", "fc.bias"]} if width == 32 else {32: ["fc.weight"], 64: ["fc.bias"]}
    )


def test_markdown_lists_every_tensor() -> None:
    files = roms(odd_words())
    rows = [line for line in files[MD_FILE].splitlines() if line.startswith("| ") and "tensor" not in line]
    assert rows == [
        f"| {t['base']} | {t['base'] + t['length'] - 1} | {t['length']} | {t['name']} | "
        f"{' x '.join(map(str, t['shape']))} | {t['format']} |"
        for rom in json.loads(files[JSON_FILE])["roms"]
        for t in rom["tensors"]
    ]


def test_net_without_weights_has_a_map_only() -> None:
    files = roms(LAYERS["MemoryTaps"].example())
    assert sorted(files) == [JSON_FILE, MD_FILE]
    assert json.loads(files[JSON_FILE])["roms"] == []


def test_same_text_for_the_same_net() -> None:
    assert roms(odd_words()) == roms(odd_words())


def test_written_whole(tmp_path: Path) -> None:
    paths = write_roms(odd_words(), tmp_path / "new" / "folder")
    assert {path.name: path.read_text() for path in paths} == roms(odd_words())
    assert sorted((tmp_path / "new" / "folder").iterdir()) == sorted(paths)


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(BadInput, match="cannot make folder"):
        write_roms(odd_words(), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_layer_without_export_is_named() -> None:
    class Mystery(Layer):
        def output_type(self, *inputs: TensorType) -> TensorType:
            return inputs[0]

        @classmethod
        def example(cls) -> Net:
            raise NotImplementedError

    with pytest.raises(BadInput, match="no rule for layer Mystery"):
        constants(Mystery(), ())
