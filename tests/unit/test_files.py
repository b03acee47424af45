"""Files are written whole or not at all."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bittrue import files
from bittrue.errors import BadInput
from bittrue.files import check_target, made_folder, protected_inputs, read_bytes, write_together, write_whole


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
    with pytest.raises(BadInput, match="it is a folder; name a file"):
        write_whole(tmp_path / "a", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_reading(tmp_path):
    write_whole(tmp_path / "a", b"x")
    assert read_bytes(tmp_path / "a", "the letter") == b"x"
    with pytest.raises(BadInput) as caught:
        read_bytes(tmp_path / "b", "the letter")
    assert str(caught.value) == f"cannot read the letter {tmp_path / 'b'}: No such file or directory; check the path"
    with pytest.raises(BadInput, match="it is a folder; give a plain file"):
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


def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a").write_bytes(b"old")
    for name, goal in (("link", "there/a"), ("new", "there/b")):
        (tmp_path / name).symlink_to(goal)
        write_whole(tmp_path / name, "x")
        assert (tmp_path / name).is_symlink() and (tmp_path / goal).read_bytes() == b"x"
    assert listing(tmp_path / "there") == {"a": b"x", "b": b"x"}
    (tmp_path / "far").symlink_to("no/a")
    for write in (lambda path: write_whole(path, "x"), check_target):
        with pytest.raises(BadInput, match="no"):
            write(tmp_path / "far")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(BadInput, match="cannot write"):
        write_whole(tmp_path / "loop", "x")


def test_a_replaced_file_keeps_its_permissions(tmp_path):
    write_whole(tmp_path / "a", "x")
    (tmp_path / "a").chmod(0o600)
    write_whole(tmp_path / "a", "y")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_pipes_and_devices_are_written_through_and_stay(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    received = []
    reader = threading.Thread(target=lambda: received.append((tmp_path / "pipe").read_bytes()), daemon=True)
    reader.start()
    write_together(tmp_path, {"pipe": b"x" * 200_000, "plain": "y"})
    reader.join(5)
    assert received == [b"x" * 200_000] and (tmp_path / "pipe").is_fifo()
    (tmp_path / "null").symlink_to(os.devnull)
    write_whole(tmp_path / "null", "x")
    write_whole(os.devnull, "x")
    assert Path(os.devnull).is_char_device() and (tmp_path / "null").is_symlink()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: socket.socket(socket.AF_UNIX).bind(str(path))])
def test_what_cannot_be_written_is_named_before_the_work(tmp_path, make, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    make(Path("x.npy"))
    for write in (lambda path: write_whole(path, "x"), lambda path: check_target(path, (".npy",))):
        with pytest.raises(BadInput, match=r"cannot write x.npy: it is a (folder|socket)"):
            write(Path("x.npy"))


def test_a_target_has_the_right_suffix(tmp_path):
    check_target(tmp_path / "y.npy", (".npy",))
    check_target(tmp_path / "Y.NPY", (".npy",))
    check_target(tmp_path / "anything")
    check_target(os.devnull, (".npy",))
    with pytest.raises(BadInput, match=r"y.csv: .npy is what this command writes; end the name in it"):
        check_target(tmp_path / "y.csv", (".npy",))
    with pytest.raises(BadInput, match=r"\.html or \.htm is what this command writes; end the name in one of them"):
        check_target(tmp_path / "y", (".html", ".htm"))
    for path in ("", "/", tmp_path / "..", tmp_path / "no" / "y.npy"):
        with pytest.raises(BadInput, match="cannot write"):
            check_target(path)


def test_an_input_is_not_overwritten(tmp_path):
    for name in "ab":
        write_whole(tmp_path / name, name)
    (tmp_path / "link").symlink_to("a")
    with protected_inputs():
        read_bytes(tmp_path / "a", "the letter")
        write_whole(tmp_path / "b", "new")
        for name in ("a", "link"):
            with pytest.raises(BadInput, match="is an input of this command and would be overwritten"):
                write_together(tmp_path, {"b": "newer", name: "new"})
            with pytest.raises(BadInput, match="is an input"):
                check_target(tmp_path / name)
        assert listing(tmp_path) == {"a": b"a", "b": b"new", "link": b"a"}
        write_whole(tmp_path / "a", "a")
        write_whole(tmp_path / "a", "renewed", renew=True)
    read_bytes(tmp_path / "b", "the letter")
    write_whole(tmp_path / "b", "outside")


@pytest.mark.parametrize("path", ["/dev/zero", "pipe", "folder"])
def test_what_may_have_no_end_is_not_read(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("folder").mkdir()
    with pytest.raises(BadInput, match=r"it is a (device|pipe|folder); give a plain file"):
        read_bytes(path, "the letter")


def test_a_file_is_bounded(tmp_path):
    write_whole(tmp_path / "a", "x" * 11)
    assert read_bytes(tmp_path / "a", "the letter", 11) == b"x" * 11
    with pytest.raises(BadInput, match="has more than 10 bytes"):
        read_bytes(tmp_path / "a", "the letter", 10)
    with pytest.raises(BadInput, match="cannot read the letter"):
        read_bytes("a\0b", "the letter")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc/self/fd here")
@pytest.mark.parametrize("through", ["{fd}", "link"])
def test_what_stands_for_an_open_file_is_written_through(tmp_path, through):
    with (tmp_path / "out.txt").open("wb") as stream:
        stream.write(b"before ")
        stream.flush()
        (tmp_path / "link").symlink_to(f"/dev/fd/{stream.fileno()}")
        path = tmp_path / "link" if through == "link" else Path(f"/dev/fd/{stream.fileno()}")
        check_target(path, (".npy",))
        write_whole(path, b"content")
        stream.write(b" after")
        first = os.fstat(stream.fileno()).st_ino
    assert (tmp_path / "out.txt").read_bytes() == b"before content after"
    assert (tmp_path / "out.txt").stat().st_ino == first and sorted(p.name for p in tmp_path.iterdir()) == [
        "link",
        "out.txt",
    ]


def test_drafts_of_dead_processes_go_and_no_others(tmp_path):
    """What a killed process left is removed by the first write into the folder of another process."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = files._HOST
    gone = tmp_path / f".a.draft-{host}-{dead.pid}.abcdefg1"
    gone.write_text("half")
    folder = tmp_path / f".set.draft-{host}-{dead.pid}.abcdefg2"
    (folder / "inside").mkdir(parents=True)
    kept = [
        f".a.draft-{host}-{os.getpid()}.abcdefg1",
        f".a.draft-{'0' * 8}-{dead.pid}.abcdefg1",
        f".a.draft-{host}-{dead.pid}.abcdefg1.txt",
        f".draft-{host}-{dead.pid}",
    ]
    for name in kept:
        (tmp_path / name).write_text("mine")
    write_whole(tmp_path / "other", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "other"])
