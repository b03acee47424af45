"""The project's Python files as syntax trees, and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "bittrue": "python/bittrue",
    "bittrue_rtl": "rtl/bittrue_rtl",
    "bittrue_sim": "sim/bittrue_sim",
    "bittrue_firmware": "firmware/bittrue_firmware",
}


@dataclass(frozen=True)
class Source:
    """A module: its dotted name, its text, and whether it is a package's ``__init__``."""

    name: str
    text: str
    package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def imports(self) -> Iterator[str]:
        """Dotted name of every import, inside functions too, relative ones resolved, ``from a import b`` as ``a.b``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node.level)
                module = ".".join(filter(None, (base, node.module)))
                yield from (f"{module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Call) and _name(node.func) in ("__import__", "import_module"):
                argument = node.args[0] if node.args else None
                yield argument.value if isinstance(argument, ast.Constant) else "<computed>"

    def _base(self, level: int) -> str:
        if level == 0:
            return ""
        parts = self.name.split(".")
        return ".".join(parts[: len(parts) - level + self.package])


def sources() -> list[Source]:
    """Every module of the project's packages."""
    found = []
    for package, folder in PACKAGES.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join((package, *(parts[:-1] if is_package else parts)))
            found.append(Source(name, path.read_text(encoding="utf-8"), is_package))
    return found


def scripts() -> list[Source]:
    """Every Python file of the project that belongs to none of its packages."""
    paths = [path for folder in ("tests", "benchmarks", "demo") for path in sorted((ROOT / folder).rglob("*.py"))]
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
