"""Every mutation is noticed by the tests that the table names, in a copy of the project that holds it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest
import warm
from mutations import EVERYWHERE, LEGS, MUTATIONS, TABLES, Mutation

from bittrue.cosim import cache

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("python", "rtl", "sim", "firmware", "tests")
PACKAGES = {"bittrue": "python", "bittrue_rtl": "rtl", "bittrue_sim": "sim", "bittrue_firmware": "firmware"}
IGNORED = shutil.ignore_patterns("__pycache__", ".*", "mutation")
SECONDS = 300
CRASHES = ("NameError", "AttributeError", "TypeError", "ImportError", "ModuleNotFoundError", "SyntaxError",
           "UnboundLocalError", "SyntaxWarning", "RuntimeError")  # fmt: skip
"""What a mutant dies of by itself; RuntimeError is a tool that refuses what the mutant prints."""
FULL_DIFFS = ("CI", "BUILD_NUMBER")
"""With one of these pytest prints whole differences, which takes minutes where thousands of numbers differ."""


@dataclass
class Outcome:
    """What a run of pytest in a copy came to: its exit code, and how its tests ended."""

    code: int
    printed: str
    passed: int = 0
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def excuse(self) -> str:
        """Why this is no verdict of the tests on the code, or nothing."""
        if self.code == warm.TOO_LONG:
            return "the tests take too long"
        if self.code not in (0, 1) or self.broken:
            return f"pytest ended with {self.code}: {'; '.join(self.broken) or 'the tests could not be run'}"
        crash = next((message for message in self.failed if crashed(message)), "")
        return f"the code does not run: {crash}" if crash else ""


def crashed(message: str) -> bool:
    """Whether a test failed because the code does not run, and not because it gives something else."""
    kind = message.split(":")[0].rpartition(".")[2]
    return kind in CRASHES or "cannot compile" in message


@pytest.fixture
def copy() -> Iterator[Path]:
    """A copy of the project whose files may be changed; what is not code is linked."""
    with tempfile.TemporaryDirectory(prefix="bittrue-mutation-") as folder:
        root = Path(folder)
        for name in SOURCES:
            shutil.copytree(ROOT / name, root / name, ignore=IGNORED)
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy(path, root)
            elif not path.name.startswith(".") and path.name not in (*SOURCES, "build"):
                (root / path.name).symlink_to(path)
        yield root


@pytest.fixture(scope="session")
def build_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where copies compile: models of mutants are of no further use, but Verilator's own objects take long."""
    folder = tmp_path_factory.mktemp("build")
    runtime = cache.build_root() / "verilator-runtime"
    runtime.mkdir(parents=True, exist_ok=True)
    (folder / runtime.name).symlink_to(runtime)
    return folder


def run(root: Path, build: Path, targets: Sequence[str], seconds: int = SECONDS) -> Outcome:
    """Run the quick ones of some tests in a copy, up to the first that fails."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "BITTRUE_")) and n not in FULL_DIFFS}
    options = ["-x", "-q", "-m", "not heavy", "-p", "no:cacheprovider", "--junitxml", "report.xml", *targets]
    paths = [root / folder for folder in PACKAGES.values()]
    code = warm.run_pytest(root, paths, kept | {"OMP_NUM_THREADS": "1", cache.VARIABLE: str(build)}, options, seconds)
    printed = (root / "printed").read_text(errors="replace") if (root / "printed").is_file() else ""
    return judged(root / "report.xml", Outcome(code, printed[-6000:]))


def judged(report: Path, outcome: Outcome) -> Outcome:
    """The outcome with what pytest's report says of every test."""
    for case in ElementTree.parse(report).iter("testcase") if report.is_file() else ():
        name = f"{case.get('name')}: "
        found = {child.tag: child.get("message") or "" for child in case}
        if "error" in found:
            outcome.broken.append(name + found["error"])
        elif "failure" in found:
            outcome.failed.append(found["failure"])
        elif "skipped" in found:
            outcome.skipped.append(name + found["skipped"])
        else:
            outcome.passed += 1
    return outcome


def skip_without_tools(outcome: Outcome) -> None:
    """Skip where the tests of a copy were all skipped."""
    if outcome.code == 0 and outcome.skipped and not outcome.passed:
        pytest.skip(f"the tests that should notice are skipped: {outcome.skipped[0]}")


# ---- the tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mutation", [pytest.param(m, marks=pytest.mark.heavy if m.heavy else (), id=str(m)) for m in MUTATIONS]
)
def test_mutation_is_noticed(mutation: Mutation, copy: Path, build_folder: Path) -> None:
    file = copy / mutation.file
    file.write_text(mutation.applied(file.read_text(encoding="utf-8")), encoding="utf-8")
    outcome = run(copy, build_folder, mutation.targets)
    skip_without_tools(outcome)
    assert not outcome.excuse(), f"{mutation} is no good mutation: {outcome.excuse()}\n{outcome.printed}"
    assert outcome.failed, f"nobody noticed that {mutation.leg} {mutation.name}; write the test that does"


def test_every_target_is_a_quick_test(copy: Path) -> None:
    targets = sorted({target for mutation in MUTATIONS for target in mutation.targets})
    outcome = run(copy, cache.build_root(), ["--collect-only", *targets])
    assert outcome.code == 0, outcome.printed
    found = (copy / "printed").read_text().splitlines()
    lacking = [target for target in targets if not any(line.startswith(target) for line in found)]
    assert not lacking, f"no quick tests: {lacking}"


@pytest.mark.heavy
@pytest.mark.parametrize("file", sorted({target.split("::")[0] for m in MUTATIONS for target in m.targets}))
def test_the_same_tests_pass_without_a_mutation(file: str, copy: Path) -> None:
    """They compile what the tests themselves do, so they find it compiled."""
    targets = {target for m in MUTATIONS for target in m.targets if target.split("::")[0] == file}
    outcome = run(copy, cache.build_root(), sorted(targets))
    skip_without_tools(outcome)
    assert outcome.code == 0, f"{outcome.broken}\n{outcome.printed}"
    assert outcome.passed + len(outcome.skipped) >= len(targets), "some of the tests do not exist"


def test_every_mutation_fits_its_file() -> None:
    for mutation in MUTATIONS:
        mutation.applied((ROOT / mutation.file).read_text(encoding="utf-8"))
    assert len({str(mutation) for mutation in MUTATIONS}) == len(MUTATIONS), "two mutations of a table have one name"


def test_every_table_is_tried_in_every_run() -> None:
    assert {mutation.leg for mutation in MUTATIONS if not mutation.heavy} == set(TABLES)


def test_every_leg_gets_the_same_faults() -> None:
    for leg in LEGS:
        missing = set(EVERYWHERE) - {mutation.name for mutation in MUTATIONS if mutation.leg == leg}
        assert not missing, f"{leg} is not tried with: {', '.join(sorted(missing))}"


# ---- the harness ----------------------------------------------------------------------------------------------------

WHERE = """
import importlib.util
from pathlib import Path

import pytest


@pytest.mark.parametrize(("package", "folder"), {packages!r})
def test_copy(package, folder):
    spec = importlib.util.find_spec(package)
    home = Path({root!r}) / folder / package
    assert {{Path(place).resolve() for place in spec.submodule_search_locations}} == {{home.resolve()}}


def test_helpers():
    import strategies

    assert Path(strategies.__file__).resolve().is_relative_to(Path({root!r}).resolve())
"""


def test_the_copy_is_what_is_tested(copy: Path, build_folder: Path) -> None:
    text = WHERE.format(packages=list(PACKAGES.items()), root=str(copy))
    (copy / "tests" / "equal" / "test_where.py").write_text(text, encoding="utf-8")
    outcome = run(copy, build_folder, ["tests/equal/test_where.py"])
    assert (outcome.code, outcome.passed) == (0, len(PACKAGES) + 1), outcome.printed


@pytest.mark.parametrize(
    ("text", "excuse"),
    [
        ("def test(): assert 1 + 1 == 3", ""),
        ("def test(): raise ValueError('wrong bits')", ""),
        ("def test(): pass", ""),
        ("def test(): rubbish", "the code does not run: NameError"),
        ("def test(): raise ValueError('cc cannot compile it')", "the code does not run: ValueError"),
        ("import rubbish", "pytest ended with 2"),
        ("def test(rubbish): pass", "pytest ended with 1"),
        ("x = 1", "pytest ended with 5"),
    ],
)
def test_only_a_failed_test_is_a_verdict(text: str, excuse: str, copy: Path, build_folder: Path) -> None:
    (copy / "tests" / "test_it.py").write_text(text, encoding="utf-8")
    outcome = run(copy, build_folder, ["tests/test_it.py"])
    assert outcome.excuse().startswith(excuse) and bool(outcome.excuse()) == bool(excuse), outcome
    assert bool(outcome.failed) == ("assert" in text or "raise" in text or text == "def test(): rubbish")


def test_tests_that_hang_are_ended(copy: Path, build_folder: Path) -> None:
    (copy / "tests" / "test_it.py").write_text("def test():\n    while True: pass", encoding="utf-8")
    assert run(copy, build_folder, ["tests/test_it.py"], seconds=3).excuse() == "the tests take too long"


def test_skipped_tests_say_why(copy: Path, build_folder: Path) -> None:
    text = "import pytest\n@pytest.mark.parametrize('x', [1, 2])\ndef test(x): pytest.skip('no tool')"
    (copy / "tests" / "test_it.py").write_text(text, encoding="utf-8")
    with pytest.raises(pytest.skip.Exception, match="no tool"):
        skip_without_tools(run(copy, build_folder, ["tests/test_it.py"]))


def test_a_table_that_does_not_fit_says_so() -> None:
    mutation = Mutation("ref", "does nothing", "f.py", "g", "a", "b", ("tests",))
    assert mutation.applied("def g(): return a") == "def g(): return (b)"
    for text, sentence in (
        ("def g(): return a + a", "'a' stands 2 times in g of f.py"),
        ("def g(): return 1", "'a' stands 0 times in g of f.py"),
        ("def gg(): return a\ndef k(): pass", "f.py has no g: no 'g', but gg"),
    ):
        with pytest.raises(AssertionError, match=f"the mutation table needs care: ref, 'does nothing': {sentence}"):
            mutation.applied(text)
    with pytest.raises(AssertionError, match="'a' in the place of 'a' changes nothing"):
        Mutation("ref", "does nothing", "f.py", "g", "a", "a", ()).applied("def g(): return a")
