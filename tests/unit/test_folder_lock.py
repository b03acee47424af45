"""A folder that one process works in at a time."""

import json
import os
import signal
import subprocess
import sys

import pytest

from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.folder_lock import FILE, locked, resumable

HOLDER = """
import sys, time
from bittrue.folder_lock import locked
with locked(sys.argv[1]):
    print("in", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of ``tmp_path / "net"``."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "net")], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "in\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_with_the_first_ones_name(tmp_path, holder):
    with pytest.raises(BadInput) as refused, locked(tmp_path / "net"):
        pass
    assert f"process {holder.pid} on {os.uname().nodename} works in {tmp_path / 'net'}" in str(refused.value)
    assert "choose another output folder" in str(refused.value)
    assert (tmp_path / "net" / FILE).is_file()  # it is still the other's


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert json.loads((tmp_path / "net" / FILE).read_text())["pid"] == holder.pid
    with locked(tmp_path / "net") as folder:
        assert json.loads((folder / FILE).read_text()) == {"pid": os.getpid(), "host": os.uname().nodename}


def test_nothing_is_left_behind_and_the_folder_is_free_again(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "a" / "b") as folder:
            assert folder.is_dir()
        assert not list(folder.iterdir())
    with pytest.raises(ValueError, match="inside"), locked(tmp_path / "a"):
        raise ValueError("inside")
    assert not (tmp_path / "a" / FILE).exists()


def test_one_process_does_not_enter_twice(tmp_path):
    with locked(tmp_path), pytest.raises(BadInput, match=f"process {os.getpid()} on"), locked(tmp_path):
        pass


def test_a_lock_that_another_host_left_is_no_ones_to_judge(tmp_path):
    (tmp_path / FILE).write_text(json.dumps({"pid": 7, "host": "elsewhere"}))
    with pytest.raises(BadInput, match=r"process 7 on elsewhere .*, or remove .*\.lock if it no longer runs"):
        locked(tmp_path).__enter__()


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 4000, b"[]", b'{"pid": 1e999, "host": 3}', b'{"pid": "x"}'])
def test_a_lock_file_that_says_nothing_stands_in_nobodys_way(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with locked(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="choose another output folder"):
        locked(tmp_path / "file").__enter__()


def test_an_interrupt_says_how_to_go_on(tmp_path):
    with pytest.raises(KeyboardInterrupt, match="the same command goes on"), locked(tmp_path):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt, match="again"), resumable("again"):
        raise KeyboardInterrupt


def test_the_command_line_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def interrupted(arguments):
        with locked(tmp_path):
            raise KeyboardInterrupt

    monkeypatch.setattr("bittrue.cli.recipe.call", interrupted)
    assert main(["recipe"]) == 130
    assert capsys.readouterr().err == f"bittrue: interrupted; the same command goes on from what is in {tmp_path}\n"
