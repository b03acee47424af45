"""Recipes: TOML files that say how something is trained, built in with an application or a user's own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bittrue.errors import BadInput, listed, shown
from bittrue.files import read_bytes
from bittrue.kit.schema import build, nearest
from bittrue.limits import TEXT
from bittrue.readers import text, toml_document

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SUFFIX = ".toml"
Kind = TypeVar("Kind", bound=Any)
"""A recipe: a dataclass with ``name`` and ``text``."""


@dataclass(frozen=True)
class Shelf:
    """The recipes of one application.

    Parameters
    ----------
    application : str
        As ``bittrue train`` calls it.
    package, folder : str
        Where the built-in ones lie.
    looks_like : callable
        Whether a table has what only recipes of this application have.
    """

    application: str
    package: str
    folder: str = "recipes"
    looks_like: Callable[[Mapping[str, Any]], bool] = lambda table: False

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
            f"unknown recipe {shown(name)}; choose {listed(self.names())}, or give a recipe file"
            f"{nearest(name, self.names())}"
        )


SHELVES: dict[str, Shelf] = {}
"""By application: those that `bittrue.kit.application.register` was given."""


class Recipes(Generic[Kind]):
    """The recipes of an application as values of the dataclass ``kind``.

    Parameters
    ----------
    shelf : Shelf
    kind : dataclass
    placed : callable, optional
        What becomes of a recipe that was read from a file, given it and the file's path.
    """

    def __init__(
        self, shelf: Shelf, kind: type[Kind], placed: Callable[[Kind, Path], Kind] = lambda recipe, path: recipe
    ) -> None:
        self.shelf, self.kind, self.placed = shelf, kind, placed

    def names(self) -> list[str]:
        """The built-in recipes, by the names of what they train."""
        return self.shelf.names()

    def builtin(self, name: str) -> Kind:
        """A built-in recipe, one of `names`."""
        return self.parse(self.shelf.content(name), f"recipe {name}")

    def load(self, path: str | os.PathLike[str]) -> Kind:
        """Read a recipe file. Raises `BadInput`, naming the key, for anything that is not a recipe."""
        return self.placed(self.parse(read_bytes(path, "the recipe", TEXT), str(path)), Path(path))

    def named(self, name: str) -> Kind:
        """The built-in recipe of that name, or else the recipe file there. Raises `BadInput` where it is neither."""
        content, what, path = self.shelf.find(name)
        plan = self.parse(content, what)
        return plan if path is None else self.placed(plan, path)

    def has(self, plan: Kind) -> bool:
        """Whether a recipe is a built-in one, byte for byte."""
        return plan.name in self.names() and self.shelf.content(plan.name) == plan.text.encode()

    def parse(self, content: bytes, what: str) -> Kind:
        """A recipe from the text of its file; errors name ``what``."""
        recipe: Kind = self.shelf.parse(self.kind, content, what)
        return recipe


def with_line(plan: Kind, key: str, word: str) -> Kind:
    """The recipe with another text as ``key`` of no section, in its own text too."""
    line = f"{key} = {json.dumps(word)}"
    text, count = re.subn(rf"""^{key}[ \t]*=[ \t]*("[^"\n]*"|'[^'\n]*')""", lambda _: line, plan.text, flags=re.M)
    if count != 1:
        raise BadInput(f"the recipe of {plan.name} has {count} plain lines '{key} = \"...\"'; write one")
    changed: Kind = replace(plan, text=text, **{key: word})
    return changed


def check_name(name: str) -> None:
    """Raises `BadInput` where a net cannot have the name that its recipe gives it."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,60}", name):
        raise BadInput(f"name is {shown(name)}; a net's has a letter, then up to 60 letters, digits, '-' and '_'")


def application_of(table: Mapping[str, Any]) -> str:
    """Whose recipe a table looks like, by what only theirs have; nothing where that is open."""
    return next((name for name, shelf in SHELVES.items() if shelf.looks_like(table)), "")
