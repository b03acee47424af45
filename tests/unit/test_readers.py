"""Readers of foreign bytes: what is refused, in words, and that nothing else is."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pytest
import safetensors.numpy

from bittrue import limits
from bittrue.errors import MESSAGE, BadInput, shown
from bittrue.readers import DAMAGE, json_document, npy, npz, refusing, text, toml_document
from bittrue.readers.tensors import tensors


def npy_bytes(array, **options) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def headed(header: str, data: bytes = b"") -> bytes:
    line = header.encode("latin-1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line + data


def npz_bytes(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def test_json_is_read():
    value = {"a": [1, -2.5, "Ω", None, True], "b": {"a": {}}, "c": -(2**63), "d": 2**63 - 1}
    assert json_document(json.dumps(value, ensure_ascii=False).encode(), "the file") == value
    assert json_document(b"[" * 64 + b"]" * 64, "the file")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b'{"a": 1, "b": {"x": 1, "y": 2, "x": 1}}', "key 'x' twice in one object"),
        (b'\xef\xbb\xbf{"a": 1}', "begins with a byte order mark"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16 or UTF-32"),
        ('{"a": 1}'.encode("utf-32"), "UTF-16 or UTF-32"),
        ('{"a": 1}'.encode("utf-16-le"), "is not JSON"),
        (b'{"a": "\xff"}', "is not UTF-8 (byte 7)"),
        (b"[NaN]", "holds NaN"),
        (b"[-Infinity]", "holds -Infinity"),
        (b"[1e400]", "holds 1e400"),
        (b"[9223372036854775808]", "beyond 64 bits"),
        (b"[-9223372036854775809]", "beyond 64 bits"),
        (b"[" + b"9" * 5000 + b"]", "5,000 digits"),
        (b"[0." + b"1" * 5000 + b"]", "float64 does not hold"),
        (b"[" * 65 + b"]" * 65, "beyond 64 levels"),
        (b"[" * 100_000 + b"]" * 100_000, "beyond 64 levels"),
        (b'{"a":' * 100_000, "beyond 64 levels"),
        (b"", "is not JSON"),
        (b'{"a": 1} x', "is not JSON"),
        (b'"\x00"', "is not JSON"),
    ],
)
def test_json_with_two_meanings_is_refused(data, sentence):
    with pytest.raises(BadInput) as caught:
        json_document(data, "the file")
    assert str(caught.value).startswith("the file ")
    assert sentence in str(caught.value)


def test_a_text_is_bounded(monkeypatch):
    monkeypatch.setattr("bittrue.readers.documents.TEXT", 10)
    assert text(b"x" * 10, "it") == "x" * 10
    with pytest.raises(BadInput, match="it has 11 bytes, more than the 10"):
        text(b"x" * 11, "it")


def test_toml_is_read_and_bounded():
    assert toml_document(b'\xef\xbb\xbfa = 1\n[b]\nc = "d"\n', "it") == {"a": 1, "b": {"c": "d"}}
    for data, sentence in (
        (b"a = " + b"[" * 30_000, "beyond 64 levels"),
        (b"a = " + b"[" * 65 + b"]" * 65, "beyond 64 levels"),
        (b"a = 1\na = 2", "is not TOML"),
        (b"a = 1e400", "holds inf"),
        (b"a = nan", "holds nan"),
        (b"a = " + b"9" * 30, "beyond 64 bits"),
        (b"a = " + b"9" * 5000, "thousands of digits"),
    ):
        with pytest.raises(BadInput, match=sentence):
            toml_document(data, "it")


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3, ">i2"),
        np.zeros((0, 2)),
        np.array([1 + 2j]),
        np.array(["text", "x"]),
        np.array([True]),
    ],
)
def test_arrays_are_read_as_numpy_reads_them(array):
    data = npy_bytes(array)
    found, expected = npy(data, "it"), np.load(io.BytesIO(data))
    assert found.dtype == expected.dtype and found.shape == expected.shape
    assert np.array_equal(found, expected) and found.flags.writeable
    assert np.array_equal(npz(npz_bytes(("a.npy", data)), "it")["a"], expected)


HEADERS = {
    "huge": "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
    "beyond 64 bits": f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**70},)}}",
    "negative": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
    "two negatives": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}",
    "no width": "{'descr': '<U0', 'fortran_order': False, 'shape': (10,)}",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "records": "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}",
    "open bracket": "{'descr': '<f8', 'fortran_order': False, 'shape': (1,",
    "open text": "{'descr': '<f8",
    "deep": "(" * 3000,
    "deep lists": "[" * 3000 + "]" * 3000,
    "text for a shape": "{'descr': '<f8', 'fortran_order': False, 'shape': '1'}",
    "many axes": "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 70 + ")}",
    "other keys": "{'descr': '<f8'}",
    "empty": "",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_of_an_array_is_not_believed(header):
    with pytest.raises(BadInput, match=r"^it .*; write it with numpy"):
        npy(headed(header, bytes(8)), "it")


def test_a_longer_and_a_shorter_array_are_refused():
    data = npy_bytes(np.arange(5))
    for changed in (data[:-1], data + b"x", data[:40], data[:7], b"\x93NUMPY\x09\x00" + data[8:], b"PK", b""):
        with pytest.raises(BadInput, match=r"^it "):
            npy(changed, "it")


def archives():
    good = npy_bytes(np.arange(500))
    plain = npz_bytes(("a.npy", good))
    packed = bytearray(npz_bytes(("a.npy", good), compression=zipfile.ZIP_DEFLATED))
    packed[60:80] = bytes(range(20))
    flags = bytearray(plain)
    flags[flags.index(b"PK\x01\x02") + 8] |= 1
    newer = bytearray(plain)
    newer[newer.index(b"PK\x01\x02") + 6] = 119
    size = bytearray(plain)
    at = size.index(b"PK\x01\x02") + 24
    size[at : at + 4] = struct.pack("<I", 2**31)
    yield "encrypted", bytes(flags), "encrypted"
    yield "newer", bytes(newer), "zip file version 11.9"
    yield "broken stream", bytes(packed), "damaged"
    yield "claimed size", bytes(size), "more than the"
    yield "no array", npz_bytes(("a.txt", b"x")), "not a .npy"
    yield "cut", plain[:-30], "damaged"
    yield "packed otherwise", npz_bytes(("a.npy", good), compression=zipfile.ZIP_LZMA), "does not write"


@pytest.mark.parametrize(("data", "sentence"), [c[1:] for c in archives()], ids=[c[0] for c in archives()])
def test_a_damaged_archive_is_refused(data, sentence):
    with pytest.raises(BadInput, match=r"^it.*" + sentence):
        npz(data, "it")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_twice_is_refused():
    good = npy_bytes(np.arange(3))
    with pytest.raises(BadInput, match="array 'a' twice"):
        npz(npz_bytes(("a.npy", good), ("a.npy", good)), "it")


def test_tensors_are_read_and_a_name_twice_is_refused():
    data = safetensors.numpy.save({"a": np.arange(3, dtype=np.int8)})
    assert tensors(data, "it")["a"].tolist() == [0, 1, 2]
    length = int.from_bytes(data[:8], "little")
    entry = '"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]}'
    header = ("{" + entry + "," + entry + "}").encode()
    twice = struct.pack("<Q", len(header)) + header + data[8 + length :]
    for changed, sentence in (
        (twice, "'a' twice"),
        (data[:-1], "corrupt"),
        (data[:5], "corrupt"),
        (struct.pack("<Q", 2**63) + data[8:], "corrupt"),
        (data.replace(b'"I8"', b'"XX"'), "corrupt"),
    ):
        with pytest.raises(BadInput, match=sentence):
            tensors(changed, "it")


@pytest.mark.parametrize("kind", DAMAGE)
def test_all_damage_becomes_one_sentence(kind):
    with (
        pytest.raises(BadInput, match=r"^it is damaged or of another kind \(.+\); mend it$"),
        refusing("it", "mend it"),
    ):
        raise UnicodeDecodeError("x", b"", 0, 1, "y") if kind is UnicodeDecodeError else kind()
    with pytest.raises(BadInput, match=r"^as it is$"), refusing("it"):
        raise BadInput("as it is")
    with pytest.raises(KeyboardInterrupt), refusing("it"):
        raise KeyboardInterrupt


def test_zlib_errors_are_damage():
    with pytest.raises(BadInput), refusing("it"):
        zlib.decompress(b"no")


def test_what_a_message_shows_is_bounded():
    nested: object = ("x" * 50,)
    for _ in range(60):
        nested = (nested, nested, nested)
    assert len(shown(nested)) < 300 and len(shown("x" * 10**6)) < 300 and len(shown([1 << 20000])) < 300
    message = str(BadInput("begin " + "x" * 10**6 + " end"))
    assert len(message) <= MESSAGE and message.startswith("begin") and message.endswith("end")


def test_memory_is_asked_for(monkeypatch):
    monkeypatch.delenv("BITTRUE_MEMORY", raising=False)
    limits.take(limits.MEMORY, "it")
    with pytest.raises(BadInput, match=r"it would take 4.0 GiB of memory, and 4.0 GiB are allowed"):
        limits.take(limits.MEMORY + 1, "it")
    monkeypatch.setenv("BITTRUE_MEMORY", "8")
    limits.take(8 << 30, "it")
    for text_ in ("lots", "-1", "nan", "inf", "0"):
        monkeypatch.setenv("BITTRUE_MEMORY", text_)
        with pytest.raises(BadInput, match="BITTRUE_MEMORY is"):
            limits.take(1, "it")
