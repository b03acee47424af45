"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bittrue.errors import BadInput
from bittrue.files import made_folder, read_bytes, write_together, write_whole


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fail_at(monkeypatch, call: int, error: BaseException) -> None:
    """Let the given call of `Path.replace` raise, and only that."""
    count, real = iter(range(1, 100)), Path.replace

    def replace(self, target):
        if next(count) == call:
            raise error
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_text_is_utf8_and_bytes_stay(tmp_path):
    write_whole(tmp_path / "a.txt", "Ωx²\n")
    write_whole(str(tmp_path / "b.bin"), b"\r\n\x00")
    assert listing(tmp_path) == {"a.txt": "Ωx²\n".encode(), "b.bin": b"\r\n\x00"}
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644
    write_whole(tmp_path / "a.txt", "")
    assert (tmp_path / "a.txt").read_bytes() == b""


def test_a_relative_name_lands_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_whole("a.txt", "x")
    assert listing(tmp_path) == {"a.txt": b"x"}


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_rename_takes_all_back(tmp_path, monkeypatch, call, error):
    before = {"a": b"old a", "c": b"old c", "other": b"stays"}
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)
    fail_at(monkeypatch, call, error)
    with pytest.raises(BadInput if isinstance(error, OSError) else KeyboardInterrupt):
        write_together(tmp_path, {"a": "new a", "b": "new b", "c": "new c"})
    assert listing(tmp_path) == before


def test_no_failure_writes_all(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"old a")
    fail_at(monkeypatch, 4, OSError())
    write_together(tmp_path, {"a": "new a", "b": b"new b", "c": "new c"})
    assert listing(tmp_path) == {"a": b"new a", "b": b"new b", "c": b"new c"}


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch, call):
    (tmp_path / "a").write_bytes(b"old a")
    count, real = iter(range(1, 100)), os.fdopen

    def fdopen(handle, mode):
        stream = real(handle, mode)
        if next(count) == call:
            stream.close()  # writing to it raises
        return stream

    monkeypatch.setattr(os, "fdopen", fdopen)
    with pytest.raises((BadInput, ValueError)):
        write_together(tmp_path, {"a": "new a", "b": "new b"})
    assert listing(tmp_path) == {"a": b"old a"}


def test_content_that_cannot_be_encoded_leaves_nothing(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_together(tmp_path, {"a": "fine", "b": "\udc00"})
    assert listing(tmp_path) == {}


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(BadInput) as caught:
        write_whole(tmp_path / "no" / "a.txt", "x")
    assert str(caught.value) == (
        f"cannot write in {tmp_path / 'no'}: No such file or directory; create the folder or choose another"
    )
    assert listing(tmp_path) == {}


def test_a_folder_in_the_way_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(BadInput, match="Is a directory"):
        write_whole(tmp_path / "a", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_reading(tmp_path):
    write_whole(tmp_path / "a", b"x")
    assert read_bytes(tmp_path / "a", "the letter") == b"x"
    with pytest.raises(BadInput) as caught:
        read_bytes(tmp_path / "b", "the letter")
    assert str(caught.value) == f"cannot read the letter {tmp_path / 'b'}: No such file or directory; check the path"
    with pytest.raises(BadInput, match="Is a directory"):
        read_bytes(tmp_path, "the letter")


def test_a_folder_that_was_made_for_nothing_is_gone(tmp_path):
    with pytest.raises(KeyboardInterrupt), made_folder(tmp_path / "a" / "b") as folder:
        assert folder.is_dir()
        raise KeyboardInterrupt
    assert listing(tmp_path) == {}
    with made_folder(tmp_path / "a" / "b"):
        pass
    with pytest.raises(BadInput), made_folder(tmp_path / "a" / "b" / "c") as folder:
        (folder / "kept").touch()
        raise BadInput("too late")
    assert (tmp_path / "a" / "b" / "c" / "kept").is_file()


def test_a_folder_that_was_there_stays(tmp_path):
    with pytest.raises(BadInput), made_folder(tmp_path):
        raise BadInput("nothing to write")
    assert tmp_path.is_dir()


def test_a_folder_behind_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    sentence = r"cannot write in folder .*file/no: Not a directory; choose another"
    with pytest.raises(BadInput, match=sentence), made_folder(tmp_path / "file" / "no"):
        pass
