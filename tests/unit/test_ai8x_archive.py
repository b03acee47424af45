"""Archives of PyTorch as no PyTorch writes them: each is one sentence, without memory, time or a crash."""

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest
from ai8x_files import float_state

from bittrue.errors import BadInput
from bittrue.targets.max78002 import pickles, states, storages
from bittrue.targets.max78002.checkpoint import npz_bytes, read_checkpoint

KEY = b"a.op.weight"


def text(word):
    return b"X" + struct.pack("<I", len(word)) + word


def storage(count, name=b"0", kind=b"FloatStorage"):
    """Instructions that leave a storage of ``count`` numbers on the stack."""
    identifier = text(b"storage") + b"ctorch\n" + kind + b"\n" + text(name) + text(b"cpu") + number(count)
    return b"(" + identifier + b"tQ"


def number(value):
    length = value.bit_length() // 8 + 1
    return b"\x8a" + bytes([length]) + value.to_bytes(length, "little", signed=True)


def tensor(size, stride, count=4, offset=0, flags=b"", **options):
    """Instructions that leave a tensor on the stack."""
    shape = b"".join(b"(" + b"".join(map(number, row)) + b"t" for row in (size, stride))
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage(count, **options) + number(offset) + shape + flags + b"tR"


def state(*values):
    """A program that leaves a dictionary of ``a.op.weight``, ``b.op.weight``, .. on the stack."""
    keys = (text(bytes([97 + n]) + KEY[1:]) for n in range(len(values)))
    return b"\x80\x02}(" + b"".join(key + value for key, value in zip(keys, values, strict=True)) + b"u."


def archive(path, program, numbers=4, **more):
    with zipfile.ZipFile(path, "w") as stored:
        stored.writestr("archive/data.pkl", program)
        for name, content in ({"data/0": np.arange(numbers, dtype="<f4").tobytes()} | more).items():
            stored.writestr(f"archive/{name}", content)
    return path


def refused(tmp_path, program, sentence, **more):
    with pytest.raises(BadInput, match=sentence) as caught:
        read_checkpoint(archive(tmp_path / "c.pth.tar", program, **more))
    assert len(str(caught.value)) <= 1000 and "\n" not in str(caught.value)


def test_the_programs_of_these_tests_are_read(tmp_path):
    found = read_checkpoint(
        archive(tmp_path / "c.pth.tar", state(tensor((2, 2), (2, 1)), tensor((2, 2), (1, 2))))
    ).state
    assert found["a.op.weight"].tolist() == [[0, 1], [2, 3]] and found["b.op.weight"].tolist() == [[0, 2], [1, 3]]


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (pickle.dumps({"state_dict": 1}, 0), "instruction .* is not one of torch.save's"),
        (b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u.", "holds a key twice, 'a'"),
        (b"\x80\x02K\x01K\x02.", "leaves 2 values instead of one"),
        (b"\x80\x02", "damaged"),
        (b"\x80\x02h\x07.", "damaged"),
        (b"\x80\x02K\x01\x86.", "takes more than there is"),
        (b"\x80\x02]K\x01K\x02s.", "takes no keys"),
        (b"\x80\x02}K\x01a.", "takes no items"),
        (b"\x80\x02X\x03\x00\x00\x00abcQ.", "'abc' is no storage"),
        (b"\x80\x04]]\x93.", "imports what has no name"),
        (b"\x80\x04\x8e" + b"\xff" * 8 + b"a.", "damaged"),
        (b"\x80\x02}]K\x01s.", "a key is ..; keys are text and numbers"),
        (b"\x80\x02}" + number(1 << 70) + b"K\x01s.", "a number beyond 64 bits"),
        (b"\x80\x02ccollections\nOrderedDict\n(](](]K\x01K\x02eaatR.", "damaged"),
    ],
)
def test_programs_that_make_no_sense(tmp_path, program, sentence):
    refused(tmp_path, program, sentence)


def nested(depth, shared=False):
    """A tuple in a tuple, ``depth`` times; ``shared``, each holds the one before twice, so that it prints 2**depth."""
    return b"K\x01" + (b"q\x00h\x00\x86" if shared else b"\x85") * depth


@pytest.mark.parametrize(("depth", "shared"), [(2, False), (100, True), (50_000, False)])
@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (b"\x80\x02}", b"K\x01s.", r"a key is \("),
        (b"\x80\x02ccollections\nOrderedDict\n(](", b"K\x01eatR.", "damaged"),
        (b"\x80\x02", b"Q.", "is no storage"),
        (b"\x80\x02(" + text(b"storage"), b"X\x01\x00\x00\x000X\x01\x00\x00\x000K\x01tQ.", "is no storage"),
        (b"\x80\x02(" + text(b"storage") + b"ctorch\nFloatStorage\n", text(b"cpu") + b"K\x01tQ.", "is no storage"),
        (b"\x80\x04", b"\x8c\x01a\x93.", "imports what has no name"),
        (b"\x80\x02", b".", "no state_dict"),
        (b"\x80\x02}" + text(b"state_dict"), b"s.", "no state_dict"),
    ],
)
def test_nothing_is_hashed_or_printed_to_the_bottom(tmp_path, before, after, sentence, depth, shared):
    refused(tmp_path, before + nested(depth, shared) + after, sentence)


@pytest.mark.parametrize(
    ("make", "put"), [(b"]", b"a"), (b"}K\x01", b"s"), (b"ccollections\nOrderedDict\n)RK\x01", b"s")]
)
def test_lists_and_dictionaries_may_be_nested(tmp_path, make, put):
    deep = make * 20_000 + b"N" + put * 20_000
    found = read_checkpoint(archive(tmp_path / "c.pth", state(tensor((4,), (1,)))[:-2] + text(b"x") + deep + b"u."))
    assert list(found.state) == ["a.op.weight"]


@pytest.mark.parametrize(
    ("size", "stride", "sentence"),
    [
        ((1 << 70, 0), (1, 1), "has the size"),
        ((2, 0), (1 << 70, 1), "has the size .* and the stride"),
        ((-1, 2), (1, 1), "has the size"),
        ((2,), (-1,), "has the size"),
        ((2, 2), (1,), "has the size"),
        ((1,) * 70, (1,) * 70, "has the size"),
        ((5,), (1,), "reaches beyond its storage"),
        ((2,), (1 << 62,), "reaches beyond its storage"),
        ((1 << 13, 1 << 13), (0, 0), "of 67,108,864 numbers is larger than its storage of 4"),
        ((1 << 62, 4), (0, 0), "numbers, .* of them in a.op.weight; up to 67,108,864 are read"),
    ],
)
def test_impossible_tensors(tmp_path, size, stride, sentence):
    refused(tmp_path, state(tensor(size, stride)), sentence)


def test_the_offset_counts_and_stays_inside(tmp_path):
    path = archive(tmp_path / "c.pth", state(tensor((2,), (1,), offset=2)))
    assert read_checkpoint(path).state["a.op.weight"].tolist() == [2, 3]
    for offset in (3, -1, 1 << 70):
        refused(tmp_path, state(tensor((2,), (1,), offset=offset)), "beyond its storage|has the size")


def test_many_tensors_of_one_storage_are_counted_together(tmp_path, monkeypatch):
    monkeypatch.setattr(states, "ELEMENTS", 20)
    refused(tmp_path, state(*[tensor((2, 4), (0, 1))] * 3), "holds 24 numbers, 8 of them in a.op.weight; up to 20")
    assert len(read_checkpoint(archive(tmp_path / "c.pth", state(*[tensor((2, 4), (0, 1))] * 2))).state) == 2


def test_a_tensor_repeats_its_numbers_within_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(storages, "REPEATED", 8)
    path = archive(tmp_path / "c.pth", state(tensor((2, 4), (0, 1))))
    assert read_checkpoint(path).state["a.op.weight"].tolist() == [[0, 1, 2, 3]] * 2
    refused(tmp_path, state(tensor((3, 4), (0, 1))), "12 numbers is larger than its storage of 4")


def test_what_is_not_used_is_not_read(tmp_path):
    """An optimiser in numbers that nobody reads, and storages that are not there, do not matter."""
    odd = tensor((4,), (1,), kind=b"BFloat16Storage") + text(b"y") + tensor((4,), (1,), name=b"none")
    program = b"\x80\x02}(" + text(b"state_dict") + b"}" + text(KEY) + tensor((2, 2), (2, 1)) + b"s"
    program += text(b"x") + odd + b"u."
    assert list(read_checkpoint(archive(tmp_path / "c.pth", program)).state) == ["a.op.weight"]
    refused(tmp_path, state(tensor((4,), (1,), kind=b"BFloat16Storage")), "BFloat16Storage' are not read; convert them")
    refused(tmp_path, state(tensor((4,), (1,), name=b"none")), "has no data/none")
    refused(tmp_path, state(tensor((4,), (1,), count=5)), "holds 16 bytes, not 5 numbers of <f4")


@pytest.mark.parametrize(
    "value", [b"N", b"K\x05", b"cmod\nclass\n)R", b"}", tensor((4,), (1,), flags=b"\x89}}K\x01K\x01s")]
)
def test_a_weight_that_is_no_plain_tensor_is_not_passed_over(tmp_path, value):
    """Also not one that is negative or conjugate by a flag."""
    refused(tmp_path, state(tensor((2, 2), (2, 1)), value), "'b.op.weight' is no plain tensor but")


@pytest.mark.parametrize("key", [b"K\x01", text(b"a\nb"), text(b""), text(b"a" * 501)])
def test_keys_are_names(tmp_path, key):
    program = state(tensor((2, 2), (2, 1)))[:-2] + key + tensor((4,), (1,)) + b"u."
    refused(tmp_path, program, "has the key .*; keys are names of up to 500 letters")


def test_instructions_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(pickles, "INSTRUCTIONS", 1000)
    refused(tmp_path, b"\x80\x02" + b"}" * 2000 + b".", "more than 1,000 instructions")


def test_the_archive_itself(tmp_path):
    path = archive(tmp_path / "c.pth", state(tensor((2, 2), (2, 1))))
    data = path.read_bytes()
    central = data.index(b"PK\x01\x02")

    def with_bytes(at, content):
        path.write_bytes(data[:at] + content + data[at + len(content) :])
        with pytest.raises(BadInput, match=r"c\.pth") as caught:
            read_checkpoint(path)
        return str(caught.value)

    assert "is encrypted" in with_bytes(central + 8, b"\x01")
    assert "version 11.9" in with_bytes(central + 6, b"\x77")
    assert "more than there can be" in with_bytes(central + 24, b"\xff\xff\xff\x7f")
    assert "is compressed" in with_bytes(central + 10, b"\x08")
    refused(tmp_path, state(tensor((2, 2), (2, 1))), "big-endian", byteorder="big")
    refused(tmp_path, b"", "several data.pkl", **{"more/data.pkl": b""})


def test_files_that_share_their_bytes_are_counted_as_often(tmp_path):
    """Entries of an archive may all point to one place, so that it holds more than it has."""
    with zipfile.ZipFile(tmp_path / "c.pth", "w") as stored:
        names = [str(n).encode() for n in range(30)]
        program = state(*[tensor((250,), (1,), count=250, name=name) for name in names[:26]])
        stored.writestr("a/data.pkl", program)
        stored.writestr("a/data/0", bytes(1000))
        first = stored.infolist()[1]
        for name in names[1:]:
            again = zipfile.ZipInfo(f"a/data/{name.decode()}")
            for part in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(again, part, getattr(first, part))
            stored.filelist.append(again)
            stored.NameToInfo[again.filename] = again
        stored._didModify = True
    with pytest.raises(BadInput, match=r"more than there can be|damaged"):
        read_checkpoint(tmp_path / "c.pth")


def test_an_npz_has_as_much_as_it_says(tmp_path, monkeypatch):
    path = tmp_path / "c.npz"
    monkeypatch.setattr(states, "ELEMENTS", 100)
    path.write_bytes(npz_bytes({"a": np.zeros(101)}))
    with pytest.raises(BadInput, match="holds 101 numbers, 101 of them in a; up to 100 are read"):
        read_checkpoint(path)
    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    path.write_bytes(npz_bytes({"a": np.ones(3)}).replace(b"(3,)", b"(4,)"))
    with pytest.raises(BadInput, match=r"damaged|corrupt"):
        read_checkpoint(path)


@pytest.mark.parametrize("key", ["file", "allow_pickle"])
def test_names_that_numpy_keeps_to_itself(key):
    with pytest.raises(BadInput, match=f"the key '{key}', which a .npz cannot hold"):
        npz_bytes(float_state("a", (2, 2)) | {key: np.ones(1)})
