"""pyproject.toml says which versions work, constraints.txt which are tested, and the second lie in the first."""

from __future__ import annotations

import re

import pytest
from sources import ROOT

from bittrue.cli.packages import satisfies
from bittrue.readers.documents import toml_document

PROJECT = toml_document((ROOT / "pyproject.toml").read_bytes(), "pyproject.toml")["project"]
EXTRAS = PROJECT["optional-dependencies"]
BOARD = ("board", "virtual-board")
"""Extras of the environment with pynq."""
_LINE = re.compile(r"([A-Za-z0-9._-]+)(\[[a-z,-]+\])?\s*([^;]*)")


def requirements(extra: str) -> dict[str, str]:
    """Version clauses by package; of ``""`` those of bittrue itself."""
    lines = EXTRAS[extra] if extra else PROJECT["dependencies"]
    found = [_LINE.match(line) for line in lines]
    return {match[1]: match[3].strip() for match in found if match and match[1] != "bittrue"}


def pins(name: str) -> dict[str, set[str]]:
    """Pinned versions by package, one or more by Python version."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([a-z0-9.-]+)==([^ ;]+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_requirements_are_ranges_that_the_tested_versions_are_in(extra):
    pinned = pins("constraints-board.txt" if extra in BOARD else "constraints.txt")
    for name, clause in requirements(extra).items():
        assert clause and "==" not in clause, f"{name} {clause}: give a range; the version goes to constraints.txt"
        assert pinned.get(name), f"{name} is in no constraints: make lock"
        assert all(satisfies(version, clause) for version in pinned[name]), f"{name} {clause}, tested: {pinned[name]}"


def test_every_dependency_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    lines = [line for line in block.splitlines() if line.startswith('  "')]
    assert len(lines) > 30 and [line for line in lines if "#" not in line and '", "' not in line] == []
