"""Versions of Python packages: what is installed, and what bittrue's own metadata asks for."""

from __future__ import annotations

import re
from importlib import metadata

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*([^;]*)")
_CLAUSE = re.compile(r"\s*(==|>=|<=|<|>)\s*([0-9.a-z]+)\s*")


def needed() -> dict[str, str]:
    """Version clause of every package that bittrue's metadata names, extras but ``board`` included, and of python."""
    try:
        found = metadata.distribution("bittrue")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return {}
    clauses = {"python": str(found.metadata["Requires-Python"] or "")}
    for line in found.requires or ():
        match = _REQUIREMENT.match(line)
        if match and "extra == 'board'" not in line.replace('"', "'"):  # its versions are those on the board
            clauses.setdefault(match[1], match[2].strip())
    return clauses


def version(package: str) -> str:
    """Installed version, or an empty string."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def satisfies(found: str, clauses: str) -> bool:
    """Whether a version meets clauses like ``">=1.26,<3"``; a local part like ``+cpu`` and suffixes do not count."""
    for clause in filter(None, clauses.split(",")):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            return False
        a, b = _numbers(found), _numbers(match[2])
        width = max(len(a), len(b))
        a, b = a + (0,) * (width - len(a)), b + (0,) * (width - len(b))
        if not {"==": a == b, ">=": a >= b, "<=": a <= b, "<": a < b, ">": a > b}[match[1]]:
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text.partition("+")[0]))
