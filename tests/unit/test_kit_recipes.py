"""Recipes to start from: the built-in ones, word for word, and what is said where there is none."""

import pytest

from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.kit import recipes
from bittrue.kit.recipes import SHELVES, application_of, check_name


def test_every_built_in_recipe_is_listed_with_who_trains_it(capsys):
    assert main(["recipe"]) == 0
    printed = capsys.readouterr().out
    for name, application in (("tdnn-wide", "dpd"), ("ecg-tiny", "ecg"), ("pa-gru", "pa")):
        line = next(line for line in printed.splitlines() if line.split()[:1] == [name])
        assert f"bittrue train {application} " in line
    assert sum(len(shelf.names()) for shelf in SHELVES.values()) == printed.count("bittrue train ")


@pytest.mark.parametrize("name", ["tdnn-wide", "ecg-9layer", "pa-gru"])
def test_a_recipe_is_printed_as_it_is_and_can_be_read_again(name, capsys):
    assert main(["recipe", name]) == 0
    printed = capsys.readouterr().out.encode()
    shelf = next(shelf for shelf in SHELVES.values() if name in shelf.names())
    assert printed == shelf.content(name)


def test_names_do_not_collide():
    names = [name for shelf in SHELVES.values() for name in shelf.names()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["recipe", "tdnn-wid"], "unknown recipe 'tdnn-wid'; choose dpd-1000"),
        (["recipe", "tdnn-wid"], "did you mean tdnn-wide?"),
        (["recipe", "x" * 5000], "unknown recipe 'xxx"),
        (["train", "dpd", "--recipe", "tdnn-wid"], "did you mean tdnn-wide?"),
        (["train", "dpd", "--recipe", "ecg-tiny"], "ecg-tiny is a recipe of bittrue train ecg; run that"),
        (["train", "pa", "--recipe", "tdnn-wide"], "tdnn-wide is a recipe of bittrue train dpd; run that"),
        (["train", "dpd", "--recipe", "missing.toml"], "cannot read the recipe missing.toml"),
        (["train", "dpd", "--synthetic"], "--synthetic belongs to `bittrue train ecg`"),
        (["train", "ecg", "--capture", "x"], "--capture belongs to `bittrue train dpd` and `bittrue train pa`"),
        (["train", "pa", "--polynomial"], "--polynomial belongs to `bittrue train dpd`"),
        (["train", "dpd", "--capture", "nowhere"], "nowhere is no folder with a spec.json"),
        (["train", "dpd", "--polynomial", "9"], "'9' is not a whole number from 10 to 4000"),
    ],
)
def test_what_there_is_not_is_said(line, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(line) == 2
    error = capsys.readouterr().err
    assert said in error and len(error) < 1200 and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "application", "said"),
    [
        ('name = "a"\n[net]\nconv = []\n', "dpd", "is a recipe of bittrue train ecg"),
        ('name = "a"\ncapture = "b"\n[net]\ntaps = [0]\n', "ecg", "is a recipe of bittrue train dpd"),
        ('name = "a"\ncapture = "b"\nupdates = 3\n', "dpd", "is a recipe of bittrue train pa"),
        ("a = " + "[" * 5000 + "]" * 5000, "dpd", "lists in lists"),
        ("a = 1" + "0" * 6000, "dpd", "thousands of digits"),
        ("name = 1e400", "dpd", "finite numbers"),
        ("a = 9223372036854775808", "dpd", "beyond 64 bits"),
        ('name = "a"\nname = "b"', "dpd", "is not TOML"),
    ],
)
def test_files_of_another_kind_are_named(tmp_path, text, application, said, capsys):
    path = tmp_path / "r.toml"
    path.write_text(text)
    assert main(["train", application, "--recipe", str(path)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "../x", "a/b", "1a", "a b", "a" * 62, "ä"])
def test_a_name_that_no_net_has_is_refused_before_it_becomes_a_folder(name):
    with pytest.raises(BadInput, match="a net's has a letter"):
        check_name(name)


def test_an_open_table_is_anyones():
    assert application_of({"name": "a"}) == "" and recipes.nearest("zzz", ["a", "b"]) == ""
