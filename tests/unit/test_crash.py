"""An exception that nobody foresaw ends in one sentence and a log file."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from bittrue import cli


@pytest.fixture
def failing(monkeypatch, tmp_path):
    def call(arguments):
        raise failing.error

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("bittrue.cli.doctor.call", call)
    failing.error = IndexError("list index out of range " + "x" * 5000)
    return failing


def test_an_unforeseen_error_leaves_a_log(failing, capsys):
    assert cli.main(["doctor"]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "IndexError: list index out of range" in said and len(said) < 600
    log = Path(re.search(r"log file (\S+)", said)[1]).read_text(encoding="utf-8")
    assert "command: bittrue doctor" in log and "Traceback" in log and "in call" in log and "numpy" in log


def test_without_a_place_for_the_log_the_line_is_named(failing, capsys, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    assert cli.main(["doctor"]) == 3
    assert re.search(r"no log file could be written .* at \S*test_crash.py:\d+", capsys.readouterr().err)


def test_too_little_memory_is_no_crash(failing, capsys, tmp_path):
    failing.error = MemoryError()
    assert cli.main(["doctor"]) == 2
    assert "too little memory" in capsys.readouterr().err and not list(tmp_path.iterdir())
