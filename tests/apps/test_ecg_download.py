"""`bittrue ecg download`, with a PhysioNet of the test's own: what is fetched, what is missing, what is said."""

import json

import pytest
from ecg_files import write_record

pytest.importorskip("wfdb", reason="wfdb is not installed")

import wfdb

from bittrue.apps.ecg.beats import database
from bittrue.cli import main
from bittrue.errors import BadInput


@pytest.fixture
def physionet(monkeypatch):
    """Writes what is asked for; ``lost`` files do not arrive. Keeps the calls."""
    calls, lost = [], set()

    def fetch(source, folder, records="all"):
        calls.append((source, folder, records))
        print(f"Generating record list for: {source}")
        for name in database.EVERY.get(source, ("r1", "r2"))[:3] if records == "all" else records:
            write_record(folder, name) if name.isdigit() else write_record(folder, "7")
        for file in lost:
            (folder_of(folder) / file).unlink()

    monkeypatch.setattr(wfdb, "dl_database", fetch)
    return calls, lost


def folder_of(path):
    from pathlib import Path

    return Path(path)


def test_some_records_are_fetched_and_named(physionet, tmp_path, capsys):
    calls, _ = physionet
    folder = tmp_path / "new"
    assert main(["ecg", "download", "-o", str(folder), "--records", "100, 101"]) == 0
    said = capsys.readouterr()
    assert calls == [("mitdb", str(folder), ["100", "101"])]
    assert said.out.startswith(f"{folder}: 2 records of mitdb, ") and "ODC-By 1.0" in said.out
    assert main(["ecg", "download", "-o", str(folder), "--records", "100, 101", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["database"], found["records"], found["folder"]) == ("mitdb", 2, str(folder))
    assert "Generating record list" in said.err and "physionet.org" in said.err


def test_another_database_is_never_called_mit_bih(physionet, tmp_path, capsys):
    assert main(["ecg", "download", "svdb", "-o", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "1 records of svdb" in said and "ODC-By" not in said and "BITTRUE_MITDB" not in said


@pytest.mark.parametrize("file", ["100.dat", "100.atr", "100.hea"])
def test_what_did_not_arrive_is_named(physionet, tmp_path, capsys, file):
    _, lost = physionet
    lost.add(file)
    assert main(["ecg", "download", "-o", str(tmp_path), "--records", "100"]) == 2
    assert f"not complete: there is no {tmp_path / file}; call again" in capsys.readouterr().err


def test_all_of_mit_bih_is_48_records(physionet, tmp_path, capsys):
    assert main(["ecg", "download", "-o", str(tmp_path)]) == 2
    assert "not complete: there is no" in capsys.readouterr().err


def test_a_download_that_fails_says_so(tmp_path, monkeypatch):
    def unreachable(*_, **__):
        raise OSError("no route to host\nand more")

    monkeypatch.setattr(wfdb, "dl_database", unreachable)
    with pytest.raises(BadInput, match=r"cannot download mitdb .*no route to host\); check the network"):
        database.download(tmp_path / "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot download mitdb"):
        database.download(tmp_path / "file")
    with pytest.raises(BadInput, match=r"'../mitdb' is no database of PhysioNet"):
        database.download(tmp_path, source="../mitdb")
