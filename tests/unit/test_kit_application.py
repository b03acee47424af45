"""The register of applications: a stranger gets its commands, options and help, and the command line knows no name."""

import argparse
import json
from pathlib import Path

import pytest

from bittrue.cli import main, parser
from bittrue.errors import BadInput
from bittrue.kit import application
from bittrue.kit.application import APPLICATIONS, Application, Command, Option, Remark, Result, register, typed
from bittrue.kit.optional import needed
from bittrue.kit.page import Sheet
from bittrue.kit.recipes import SHELVES, Shelf

DATA = Option("--data", "folder of maps", {"metavar": "DIR"})


@pytest.fixture
def stranger(monkeypatch):
    """A registered application that remembers what it was asked for."""
    asked = []

    def run(arguments):
        asked.append(arguments)
        return [Sheet("Found", ("a", "b"), [("1", "2")]), "done [well]"]

    monkeypatch.setattr(application, "APPLICATIONS", APPLICATIONS)
    monkeypatch.setitem(APPLICATIONS, "maps", None)
    monkeypatch.setitem(SHELVES, "maps", None)
    shelf = Shelf("maps", "bittrue.apps.ecg", "recipes", lambda table: "streets" in table)
    options = (DATA, Option("--height", "of the antenna", {"default": "2"}))
    command = Command("a map", run, options, ("bittrue train maps --height 3",))
    place = Option("place", "of the transmitter", {"nargs": "?", "default": "here"})
    options = (place, Option("--output", "file", {"required": True}, "-o"))
    does = lambda arguments: [Remark("wait"), f"{arguments.place} {arguments.output}"]  # noqa: E731
    make = Command("make a map", does, options, ("bittrue maps make -o x",))
    register(Application(shelf, "maps-small", {"train": command}, own={"make": make}))
    return asked


def test_a_registered_application_has_its_command(stranger, capsys):
    assert main(["train", "maps", "--data", "d e", "--height", "3"]) == 0
    printed = capsys.readouterr().out
    assert "Found" in printed and "done [well]" in printed
    (asked,) = stranger
    assert (asked.recipe, asked.data, asked.height) == ("maps-small", "d e", "3")
    assert typed("train", asked, "x") == "bittrue train maps x --data 'd e' --height 3"


def test_an_application_may_have_commands_of_its_own(stranger, capsys):
    assert main(["maps", "make", "-o", "x" * 200]) == 0
    said = capsys.readouterr()
    assert said.out == f"here {'x' * 200}\n" and said.err == "bittrue: wait\n"
    assert main(["maps", "make"]) == 2 and main(["maps"]) == 2


def test_options_that_some_lack_are_marked_and_refused_to_them(stranger, capsys):
    actions = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    text = " ".join(actions[0].choices["train"].format_help().split())
    assert "ecg: folder of the MIT-BIH records; " in text and "; maps: folder of maps" in text
    assert "dpd, pa: this capture" in text and "maps: a map" in text and "bittrue train maps --height 3" in text
    assert main(["train", "maps", "--capture", "x"]) == 2 and not stranger
    said = "--capture belongs to `bittrue train dpd` and `bittrue train pa`; leave it out"
    assert said in capsys.readouterr().err
    assert main(["report", "maps", "net"]) == 2
    assert "invalid choice: 'maps'" in capsys.readouterr().err


def test_applications_that_disagree_about_an_option_are_found_at_once(stranger, monkeypatch):
    other = Option("--height", "of a beat", {"default": "4"})
    command = Command("a beat", lambda arguments: [], (other,))
    monkeypatch.setitem(APPLICATIONS, "beats", None)
    monkeypatch.setitem(SHELVES, "beats", None)
    register(Application(Shelf("beats", "bittrue.apps.ecg"), "x", {"train": command}))
    with pytest.raises(ValueError, match="disagree about --height of bittrue train"):
        parser()


def test_a_result_is_printed_for_a_script_and_nothing_else(stranger, capsys):
    parts = [
        Sheet("t", ("a",), [("1",)]),
        "a line",
        Remark("a remark"),
        Result({"evm": float("nan"), "n": (1, 2.5)}, ["f"]),
    ]
    APPLICATIONS["maps"].own["draw"] = Command("maps", lambda arguments: parts, result=True)
    assert main(["maps", "draw", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"evm": None, "n": [1, 2.5], "files": ["f"]} and "a remark" in said.err
    assert main(["maps", "draw"]) == 0
    assert "a line" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["dpd", "ecg"])
def test_a_report_for_a_script_is_its_numbers(name, monkeypatch, tmp_path, capsys):
    """The report itself is replaced: it writes page and numbers."""
    report = pytest.importorskip(f"bittrue.apps.{name}.reporting.report", reason="the report needs matplotlib")

    def pretended(nets, output, *rest):
        Path(output).with_suffix(".json").write_text('{"rows": [{"evm": NaN}]}')
        return [], [], []

    monkeypatch.setattr(report, "report", pretended)
    page = tmp_path / "r.html"
    assert main(["report", name, "ecg-tiny", "-o", str(page), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"rows": [{"evm": None}], "files": [str(page), str(page.with_suffix(".json"))]}


def test_a_missing_package_is_named_and_other_errors_pass():
    said = r"^training needs PyTorch, which is not installed; install bittrue's extra train"
    with pytest.raises(BadInput, match=said), needed("training needs", "torch"):
        raise ImportError("x", name="torch.nn")
    with pytest.raises(ImportError), needed("training needs", "torch"):
        raise ImportError("x", name="bittrue.nothing")
