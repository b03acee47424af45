"""What a mutation is, and all of them: small faults put into the project, each with the tests that must notice it.

A row stands here where it breaks a promise that no other row breaks: a rule of numbers, an order, a bound, a protocol, a
refusal. Where the same rule is written at several layers, or an operator may be broken in several ways, one row stands for
all; `make test-mutants` breaks every operator of the core instead, by a tool. What costs more than it says is heavy: rows
whose target takes long, and the second and third of a file. Every table keeps rows in each run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import places

EVERYWHERE = (
    "rounds half to even",
    "drops an accumulator bit",
    "saturates above one too low",
    "halves the leaky slope",
    "delays by a wrong number of samples",
    "takes the root one too high between squares",
    "makes |x|^4 of a rounded |x|^2",
    "conjugates the filter",
    "adds without alignment",
)
"""What is done to every one of the four legs."""

LEGS = ("ref", "torch", "c", "rtl")
TABLES = (
    *LEGS,
    "realtime",
    "frames",
    "windows",
    "banks",
    "store",
    "files",
    "bench",
    "training",
    "tracing",
    "qonnx",
    "shell",
    "source",
    "frame_banks",
    "frame_shell",
    "streaming",
    "source_shell",
    "demo",
    "board",
    "overlay",
    "video",
    "ai8x",
    "captures",
    "ecg",
    "ecg_report",
    "noise_gan",
    "radio_training",
    "noise_hardware",
    "radio_nets",
    "radio_latent",
    "max78002",
    "firmware",
)


@dataclass(frozen=True)
class Mutation:
    """One fault.

    Parameters
    ----------
    leg : str
        Table it stands in: a leg, or the files and benches that all legs rely on.
    name : str
        What the broken code does.
    file : str
        Path in the repository.
    where, old, new : str
        The function, what stands in it exactly once, and what stands there instead, as `places.replaced` takes them.
    targets : tuple of str
        What pytest is given: files or node ids, the narrowest quick ones that notice.
    heavy : bool
        Whether it is tried by `make test-all` only.
    """

    leg: str
    name: str
    file: str
    where: str
    old: str
    new: str
    targets: tuple[str, ...]
    heavy: bool = False

    def applied(self, text: str) -> str:
        """``text``, the content of ``file``, with the fault. Fails where the table does not fit the file any more."""
        try:
            broken = places.replaced(self.file, text, self.where, self.old, self.new)
            alike = self.file.endswith(".py") and places.same(ast.parse(text)) == places.same(ast.parse(broken))
            if broken == text or alike:
                raise places.Misplaced(f"{self.new!r} in the place of {self.old!r} changes nothing")
        except (places.Misplaced, SyntaxError) as error:
            raise AssertionError(
                f"the mutation table needs care: {self.leg}, {self.name!r}: {error}; bring its function and expression "
                f"up to date in tests/mutation/mutations_of_{self.leg}.py"
            ) from None
        return broken

    def __str__(self) -> str:
        return f"{self.leg}: {self.name}"


def _all() -> Iterator[Mutation]:
    for leg in TABLES:
        table = import_module(f"mutations_of_{leg}")
        for heavy, rows in ((False, table.ROWS), (True, table.HEAVY)):
            for name, file, where, old, new, *targets in rows:
                yield Mutation(leg, name, file, where, old, new, tuple(targets), heavy)


MUTATIONS = tuple(_all())
