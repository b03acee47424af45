"""The documentation names what exists: a page a layer, commands with their options, links with a target."""

import argparse
import re
from pathlib import Path

import pytest
from sources import ROOT

from bittrue.cli import parser
from bittrue.spec import LAYERS

FOLDERS = ("docs", "weights", "notebooks", "firmware")
_FENCE = re.compile(r"^(```+)[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"^(?:\$ )?(?:[\w./]*/)?(?:python3? -m )?bittrue (\S.*)$")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """Every page of documentation."""
    return sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])


def commands(text: str) -> list[str]:
    """What follows ``bittrue`` in every code block and every inline code of a page, comments cut off."""
    lines = [line for fence in _FENCE.finditer(text) for line in fence[2].replace("\\\n", " ").splitlines()]
    lines += _INLINE.findall(_FENCE.sub("", text))
    found = (_COMMAND.match(re.split(r"\s#|\s[|;&>]{1,2}\s", line.strip())[0].strip()) for line in lines)
    return [match[1] for match in found if match]


def unknown(command: str) -> str:
    """What of a command line the parser does not know, or nothing."""
    name, *words = re.sub(r"[\[\]]", " ", command).split()
    top = parser()
    actions = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    known = {option for action in top._actions for option in action.option_strings}
    if name.startswith("-"):
        return "" if name in known else name
    if name not in actions[0].choices:
        return name
    chosen = actions[0].choices[name]
    for under in [action for action in chosen._actions if isinstance(action, argparse._SubParsersAction)]:
        if not words or words[0] not in under.choices:
            return " ".join([name, *words[:1]])
        chosen = under.choices[words[0]]
    known = {option for action in chosen._actions for option in action.option_strings}
    options = (word.partition("=")[0].rstrip(",.:") for word in words if word.startswith("-") and word != "-")
    return next((f"{name} {option}" for option in options if option not in known), "")


def broken(page: Path, text: str) -> list[str]:
    """Relative links of a page without a target."""
    targets = [a or b for a, b in _LINK.findall(_INLINE.sub("", _FENCE.sub("", text)))]
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    return [target for target in local if target and not (page.parent / target).exists()]


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_a_page(layer):
    titles = [page.read_text(encoding="utf-8").splitlines()[0] for page in (ROOT / "docs" / "layers").glob("*.md")]
    found = [title for title in titles if layer in title.removeprefix("# ").split(", ")]
    assert len(found) == 1, f"write {layer} into the title of one page of docs/layers, its formula and an example"


def test_every_command_in_the_documentation_exists():
    found = {page: commands(page.read_text(encoding="utf-8")) for page in pages()}
    wrong = [f"{page.name}: bittrue {c}: no {unknown(c)}" for page, lines in found.items() for c in lines if unknown(c)]
    assert not wrong, "\n".join(wrong)
    assert sum(map(len, found.values())) > 5, "the commands of the README were not found"


def test_every_command_has_a_section():
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    (choices,) = (a.choices for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert [name for name in choices if f"## {name}" not in text] == []


def test_relative_links_resolve():
    found = {page: broken(page, page.read_text(encoding="utf-8")) for page in pages()}
    assert not any(found.values()), {page.name: links for page, links in found.items() if links}


def test_commands_are_read_from_blocks_and_inline_code():
    text = "Run `bittrue info NET --interval 8`.\n```sh\n$ bittrue c NET \\\n  -o d   # C\n"
    text += (
        ".venv/bin/bittrue doctor | head\npython -m bittrue rom N\nfrom bittrue import x\n```\nThe bittrue check `x`."
    )
    assert commands(text) == ["c NET    -o d", "doctor", "rom N", "info NET --interval 8"]


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("info NET", ""),
        ("run NET -i x.npy -o y.npy [--leg ref|torch] [--codes]", ""),
        ("--version", ""),
        ("--vrsion", "--vrsion"),
        ("inform NET", "inform"),
        ("info NET --probes", "info --probes"),
        ("check NET [--samples=5, --seeds S]", "check --seeds"),
        ("ecg verify-checkpoint F --fold -o G", ""),
        ("ecg verify-checkpoint F --unfold", "ecg --unfold"),
        ("ecg inspect F", "ecg inspect"),
    ],
)
def test_an_unknown_command_or_option_is_found(command, fault):
    assert unknown(command) == fault


def test_a_broken_link_is_found():
    text = "[a](CONTRIBUTING.md) [b](nowhere.md#x) [c](https://x.y) ![d](none.png) [e](#top) `[f](code.md)`"
    assert broken(ROOT / "README.md", text) == ["nowhere.md", "none.png"]
