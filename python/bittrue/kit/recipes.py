"""Recipes: TOML files that say how something is trained, built in with an application or a user's own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.kit.schema import build, nearest
from bittrue.limits import TEXT
from bittrue.readers import text, toml_document

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SUFFIX = ".toml"


@dataclass(frozen=True)
class Shelf:
    """The recipes of one application.

    Parameters
    ----------
    application : str
        As ``bittrue train`` calls it.
    package, folder : str
        Where the built-in ones lie.
    """

    application: str
    package: str
    folder: str = "recipes"

    def names(self) -> list[str]:
        """The built-in recipes, by the names of what they train."""
        files = [file.name for file in self._files().iterdir()]
        return sorted(name.removesuffix(SUFFIX) for name in files if name.endswith(SUFFIX))

    def content(self, name: str) -> bytes:
        """The file of a built-in recipe. Raises `BadInput` for an unknown name, with the nearest."""
        if name not in self.names():
            raise BadInput(self._unknown(name))
        return (self._files() / f"{name}{SUFFIX}").read_bytes()

    def find(self, source: str | os.PathLike[str]) -> tuple[bytes, str, Path | None]:
        """A built-in recipe by its name, or else the file there: content, how messages call it, and path of a file.

        Raises `BadInput` where it is neither.
        """
        name = os.fspath(source)
        if name in self.names():
            return self.content(name), f"recipe {name}", None
        if not (Path(name).suffix or os.path.lexists(name)):
            raise BadInput(self._unknown(name))
        return read_bytes(name, "the recipe", TEXT), name, Path(name)

    def parse(self, kind: type[Any], content: bytes, what: str) -> Any:
        """The dataclass ``kind`` from the text of a file, which its field ``text`` holds; errors name ``what``."""
        table = toml_document(content, what)
        try:
            return replace(build(kind, table, hidden=("text",)), text=text(content, what))
        except BadInput as error:
            other = application_of(table)
            if other not in ("", self.application):
                raise BadInput(
                    f"{what} is a recipe of bittrue train {other}, and not of bittrue train {self.application}"
                ) from None
            raise BadInput(f"{what}: {error}") from None

    def _files(self) -> Traversable:
        return resources.files(self.package).joinpath(self.folder)

    def _unknown(self, name: str) -> str:
        for shelf in SHELVES.values():
            if shelf is not self and name in shelf.names():
                return f"{name} is a recipe of bittrue train {shelf.application}; run that, or choose another recipe"
        return (
            f"unknown recipe {shown(name)}; choose {', '.join(self.names())}, or give a recipe file"
            f"{nearest(name, self.names())}"
        )


SHELVES = {
    shelf.application: shelf
    for shelf in (
        Shelf("dpd", "bittrue.apps.dpd"),
        Shelf("ecg", "bittrue.apps.ecg"),
        Shelf("pa", "bittrue.apps.dpd", "recipes/amplifiers"),
    )
}
"""By application."""


def check_name(name: str) -> None:
    """Raises `BadInput` where a net cannot have the name that its recipe gives it."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,60}", name):
        raise BadInput(f"name is {shown(name)}; a net's has a letter, then up to 60 letters, digits, '-' and '_'")


def application_of(table: Mapping[str, Any]) -> str:
    """Whose recipe a table looks like, by what only theirs have; nothing where that is open."""
    net = table.get("net")
    if isinstance(net, Mapping):
        return "ecg" if "conv" in net else "dpd"
    return "pa" if {"updates", "window", "gains"} & table.keys() else ""
