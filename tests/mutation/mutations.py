"""What a mutation is, and all of them: small faults put into the project, each with the tests that must notice it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

EVERYWHERE = (
    "rounds down",
    "rounds half to even",
    "rounds half down",
    "drops an accumulator bit",
    "swaps two weights",
    "shifts logically",
    "wraps instead of saturating",
    "saturates above one too low",
    "ignores the leaky slope",
    "halves the leaky slope",
    "computes ReLU as linear",
    "drops the bias",
    "swaps I and Q",
    "delays by a wrong number of samples",
    "starts with a history that is not zero",
    "takes the root one too high between squares",
    "makes |x|^4 of a rounded |x|^2",
    "conjugates the filter",
    "looks up the next entry",
    "adds without alignment",
)
"""What is done to every one of the four legs."""

CORE = ("ref", "torch", "c", "rtl", "frames", "windows", "banks", "store", "files", "bench")
TABLES = (
    *CORE,
    "training",
    "tracing",
    "shell",
    "demo",
    "board",
    "overlay",
    "ai8x",
    "captures",
    "ecg",
    "ecg_report",
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
    old, new : str
        Text that occurs exactly once in the file, and what stands there instead.
    targets : tuple of str
        What pytest is given: files or node ids, the narrowest quick ones that notice.
    """

    leg: str
    name: str
    file: str
    old: str
    new: str
    targets: tuple[str, ...]

    def applied(self, text: str) -> str:
        """``text``, the content of ``file``, with the fault. Fails where the table does not fit the file any more."""
        count = text.count(self.old)
        if count != 1 or self.old == self.new:
            raise AssertionError(
                f"the mutation table needs care: {self.leg}, {self.name!r} replaces {self.old!r}, which stands "
                f"{count} times in {self.file}; bring its old text up to date in tests/mutation"
            )
        return text.replace(self.old, self.new)

    def __str__(self) -> str:
        return f"{self.leg}: {self.name}"


def _all() -> Iterator[Mutation]:
    for leg in TABLES:
        for name, file, old, new, *targets in import_module(f"mutations_of_{leg}").ROWS:
            yield Mutation(leg, name, file, old, new, tuple(targets))


MUTATIONS = tuple(_all())
