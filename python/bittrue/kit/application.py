"""An application as the command line knows it: recipes, commands, and what the samples of its nets look like."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.kit.page import Sheet
from bittrue.kit.recipes import SHELVES, Shelf
from bittrue.spec import Net, load
from bittrue.spec.store import JSON_FILE, content_hash


class Remark(str):
    """A line for standard error: what a command says besides its results."""


@dataclass(frozen=True)
class Result:
    """What a command found, as ``--json`` prints it in the place of tables and lines.

    Parameters
    ----------
    numbers : mapping
        Names and values that JSON can say; a figure that nobody can say is None or NaN.
    files : sequence of paths
        What was written; printed under ``files``.
    """

    numbers: Mapping[str, object]
    files: Sequence[str | os.PathLike[str]] = ()

    @property
    def document(self) -> dict[str, object]:
        """Both, as one object."""
        return {**self.numbers, "files": [os.fspath(path) for path in self.files]}

    @classmethod
    def read(cls, path: Path, files: Sequence[str | os.PathLike[str]]) -> Result:
        """The numbers that a command has just written to ``path``."""
        return cls(json.loads(path.read_text(encoding="utf-8")), files)

    @classmethod
    def trained(cls, folder: Path, name: str, **numbers: object) -> Result:
        """A trained folder: what lies in it, and the hash of its net where there is one. Of several processes that
        train together the first writes; to the others a folder may be empty yet."""
        files = sorted(path for path in folder.glob("*") if path.is_file())
        found = content_hash(load(folder)) if (folder / JSON_FILE).is_file() else None
        return cls({"name": name, "folder": str(folder), "hash": found, **numbers}, files)


Printed = Iterable[Sheet | str | Result]
"""What a command prints, as it comes: tables, lines and remarks, and its result for a script."""

Samples = dict[str, npt.NDArray[np.int64]]
"""Codes of a net's inputs by their names."""


@dataclass(frozen=True)
class Option:
    """An option of a command, such as ``--capture``, or an argument without a flag.

    Parameters
    ----------
    flag : str
        ``--capture``, or a name without dashes.
    help : str
    settings : mapping
        Whatever else ``ArgumentParser.add_argument`` takes; the same for all applications with this flag.
    short : str
        Another flag, such as ``-o``.
    """

    flag: str
    help: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    short: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        """As ``add_argument`` takes them."""
        return (self.short, self.flag) if self.short else (self.flag,)

    @property
    def name(self) -> str:
        """Under which the parsed arguments hold it."""
        return self.flag.lstrip("-").replace("-", "_")

    def given(self, arguments: argparse.Namespace) -> bool:
        """Whether it was set to something else than its default."""
        return bool(getattr(arguments, self.name) != self.settings.get("default", self.absent))

    @property
    def absent(self) -> Any:
        """The value where nobody set it."""
        return False if self.settings.get("action") == "store_true" else None


@dataclass(frozen=True)
class Command:
    """What ``bittrue VERB APPLICATION`` does.

    Parameters
    ----------
    about : str
        For the help: what the application is to this command, ``"a predistorter"``; or what a command of its own does.
    run : callable
        Takes the parsed arguments, does the work and gives what is printed.
    options : tuple of Option
        Besides those that every application has.
    examples : tuple of str
        Shell lines for the end of the help.
    result : bool
        Whether it gives a `Result`, and so has the option ``--json``.
    """

    about: str
    run: Callable[[argparse.Namespace], Printed]
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    result: bool = False


@dataclass(frozen=True)
class Data:
    """Data of an application, as ``bittrue doctor`` looks for it.

    Parameters
    ----------
    thing, skipped : str
        What it is, and what does not work without it.
    need : str
        Of what, or which version: ``48``, ``==2.4.2``.
    probe : callable
        Says what there is; raises `BadInput` where it lacks.
    package : str
        The Python package that it comes with, whose version is compared with ``need``.
    """

    thing: str
    skipped: str
    need: str
    probe: Callable[[], str]
    package: str = ""


@dataclass(frozen=True, eq=False)
class Simulation:
    """What ``bittrue sim`` runs besides the legs, for a net of an application.

    Parameters
    ----------
    samples : int64 array of shape (samples, *shape of the input)
        Real samples as codes of the net's input.
    judge : callable
        Takes the net's folder, a folder for pictures that is there, and a function that is told what is done; gives
        what the net does to that for which it was made.
    """

    samples: npt.NDArray[np.int64]
    judge: Callable[[Path, Path, Callable[[str], None]], Printed]


@dataclass(frozen=True)
class Demonstration:
    """What ``bittrue demo-data`` writes for the demo on a board.

    Parameters
    ----------
    about : str
        What it demonstrates: ``predistortion``.
    suits : callable
        Whether it is the demonstration for a net.
    check : callable
        Takes nets by the names of their banks; raises `BadInput` where they cannot be demonstrated.
    write : callable
        Takes a folder that is there, the nets, and the parsed arguments; writes, and gives what is printed.
    options : tuple of Option
        Of the command, for this demonstration alone.
    examples : tuple of str
        Shell lines for the end of the help.
    sources : bool
        For noise sources, and for nothing else.
    """

    about: str
    suits: Callable[[Net], bool]
    check: Callable[[Mapping[str, Net]], None]
    write: Callable[[Path, Mapping[str, Net], argparse.Namespace], Printed]
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    sources: bool = False


@dataclass(frozen=True)
class Application:
    """One application.

    Parameters
    ----------
    shelf : Shelf
        Its recipes; it has the application's name.
    recipe : str
        The built-in recipe that is trained where none is named.
    commands : mapping
        By verb: ``train``, and where there is one ``report``, ``search``, ``ablate``.
    own, top : mapping
        Commands that only it has, by name: under ``bittrue NAME``, and beside it as ``bittrue COMMAND``.
    samples : callable, optional
        Real samples for a net as codes by input name, or None where it is no net of this application. Raises
        `BadInput` or `ImportError` where they cannot be had.
    simulation : callable, optional
        The `Simulation` of a net, or None where it is no net of this application. Raises `BadInput` for lack of data.
    rate : callable, optional
        Of a folder with a net: samples a second of what it was trained on, and how to say it; None where it has none.
    demonstration : Demonstration, optional
    data : tuple of Data
        What ``bittrue doctor`` looks for.
    banks : tuple of str
        Names of nets that together are the weight banks of one hardware, in the order of their select codes.
    """

    shelf: Shelf
    recipe: str
    commands: Mapping[str, Command]
    samples: Callable[[Net], Samples | None] = lambda net: None
    own: Mapping[str, Command] = field(default_factory=dict)
    top: Mapping[str, Command] = field(default_factory=dict)
    simulation: Callable[[Net], Simulation | None] = lambda net: None
    rate: Callable[[Path], tuple[float, str] | None] = lambda folder: None
    demonstration: Demonstration | None = None
    data: tuple[Data, ...] = ()
    banks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As commands take it: ``dpd``."""
        return self.shelf.application


APPLICATIONS: dict[str, Application] = {}
"""All that are registered, by name."""


def register(*applications: Application) -> None:
    """Make applications known to the command line, and their recipes to each other's messages."""
    for application in applications:
        APPLICATIONS[application.name] = application
        SHELVES[application.name] = application.shelf


def of_command(verb: str) -> dict[str, Command]:
    """The commands of a verb by application."""
    return {name: found.commands[verb] for name, found in APPLICATIONS.items() if verb in found.commands}


def typed(verb: str, arguments: argparse.Namespace, *words: str) -> str:
    """The shell line that was typed: verb, application, ``words``, and the options that were set."""
    line = ["bittrue", verb, arguments.application, *words]
    for option in APPLICATIONS[arguments.application].commands[verb].options:
        if option.given(arguments):
            value = getattr(arguments, option.name)
            line += [option.flag] if value is True else [option.flag, str(value)]
    return shlex.join(line)


def output_folder(arguments: argparse.Namespace, name: str, root: str = "weights") -> Path:
    """Where a trained net goes: ``-o DIR``, or the folder of its name in ``root``."""
    return Path(arguments.output or Path(root) / name)
