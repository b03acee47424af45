"""Commands whose caller has closed a standard stream, or interrupts them."""

import gc
import subprocess
import sys
import warnings

import pytest

from bittrue.cli import info, main
from bittrue.spec import LAYERS, save


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_commands_run_with_streams_that_are_closed(closed, tmp_path):
    save(LAYERS["Dense"].example(), tmp_path / "net")
    command = f'"{sys.executable}" -m bittrue info net --html net.html {closed}'
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "" and (tmp_path / "net.html").stat().st_size > 1000
    assert bool(done.stdout) == (closed == "2>&-")


def test_no_file_takes_the_place_of_a_stream(tmp_path):
    code = "import os; from bittrue.cli.standard_streams import open_closed as o; o(); print(os.open('x', os.O_CREAT))"
    command = f'"{sys.executable}" -c "{code}" <&- 2>&-'
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert int(done.stdout) > 2


def test_an_interruption_says_nothing_of_modules_half_built(monkeypatch, capsys):
    hdl = pytest.importorskip("amaranth.hdl", reason="amaranth is not installed")

    def interrupted(_):
        module = hdl.Module()  # noqa: F841 - the traceback holds it until the command has ended
        raise KeyboardInterrupt

    monkeypatch.setattr(info, "call", interrupted)
    monkeypatch.setattr(hdl.UnusedElaboratable, "_MustUse__silence", False)  # as soon as it has built one
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        assert main(["info", "tdnn-wide"]) == 130
        gc.collect()
    assert not found
    assert capsys.readouterr().err == "bittrue: interrupted; nothing was left half written\n"
