"""Who may import whom: the table of CONTRIBUTING.md, enforced."""

import subprocess
import sys

import pytest
from sources import PACKAGES, ROOT, Source, sources

LEVELS = {
    5: {"cli", "applications"},
    4: {"api", "apps.*", "targets.*"},
    3: {"check", "cosim", "timing", "kit", "bittrue_sim", "bittrue_firmware"},
    2: {"ref", "qat", "emit", "bittrue_rtl"},
    1: {"spec", "parent", "ranges", "cost", "lower"},
    0: {
        *("num", "errors", "limits", "files", "readers", "bars", "folder_lock"),
        *("places", "committed", "module_call", "extras"),
    },
}
LEVEL = {room: level for level, rooms in LEVELS.items() for room in rooms}
APART = (2, 4)
"""Levels whose rooms never import each other."""
BOARD = {"errors", "limits", "files", "readers"}
"""Rooms that go to the board with the driver: NumPy and the standard library."""

CORE = {"numpy", "safetensors"}
OUTSIDE = {
    "qat": CORE | {"torch"},
    "apps.*": CORE
    | {"wfdb", "torch", "scipy", "matplotlib", "rich", "tomli", "opendpd", "accelerate", "optuna", "psutil"}
    | {"h5py", "dtaidistance", "PIL", "yaml"},
    "kit": CORE | {"torch", "scipy", "matplotlib", "rich", "accelerate", "ray"},
    "targets.*": CORE | {"yaml", "onnx", "google"},
    "bittrue_rtl": CORE | {"amaranth"},
    "bittrue_sim": CORE | {"cocotb", "cocotb_tools", "cocotbext", "pynq", "pynqmetadata", "rich"},
    "bittrue_firmware": CORE | {"unicorn"},
    "bars": {"rich"},
    "readers": CORE | {"tomli"},
    "check": CORE | {"rich"},
    "cosim": CORE | {"platformdirs"},
    "cli": CORE | {"rich", "shtab"},
    "board": {"numpy", "pynq", "PIL"},
}
"""Packages from elsewhere that a room may import; CORE where nothing is said."""


def room(module: str) -> str:
    """The room of a module: ``bittrue.spec.net`` is in ``spec``, ``bittrue.apps.dpd.recipe`` in ``apps.dpd``."""
    package, *rest = module.split(".")
    if package != "bittrue":
        return package
    if not rest:
        return ""
    if rest[0] in ("apps", "targets"):
        return ".".join(rest[:2])
    return "cli" if rest[0] in ("__main__", "export") else rest[0]


def kind(name: str) -> str:
    """``apps.*`` of ``apps.dpd``: how the tables name a room."""
    first = name.split(".")[0]
    return f"{first}.*" if first in ("apps", "targets") else name


def faults(module: Source) -> list[str]:
    """What a module imports and must not."""
    here, found = room(module.name), []
    for name in module.imports():
        top = name.split(".")[0]
        if name == "<computed>":
            found.append(f"{module.name} imports a computed name")
        elif top in PACKAGES:
            there = room(name)
            if there not in ("", here) and not _may(here, there):
                found.append(f"{module.name} imports {name}: {here} must not import {there}")
        elif top not in sys.stdlib_module_names | {"tomllib"} and top not in OUTSIDE.get(kind(here), CORE):
            found.append(f"{module.name} imports {name}: {here} does without {top}")
    return found


def _may(here: str, there: str) -> bool:
    if here == "board":  # it runs where the rest is not
        return there in BOARD
    if there == "board":  # the command line shares its options, what makes an overlay the reader of its manifest
        return here in ("cli", "targets.pynq_z1")
    if here == "":  # bittrue itself: the façade's names
        return there == "api"
    if here in ("apps", "targets"):  # a package that only holds others
        return False
    if here == "cli" and kind(there) == "apps.*":  # applications are known by their register alone
        return False
    if kind(here) not in LEVEL or kind(there) not in LEVEL:
        return False
    mine, other = LEVEL[kind(here)], LEVEL[kind(there)]
    return other < mine or (other == mine and mine not in APART)


def circles(modules: list[Source]) -> list[str]:
    """Rooms that import each other, directly or through others."""
    edges: dict[str, set[str]] = {}
    for module in modules:
        here = room(module.name)
        edges.setdefault(here, set()).update(
            room(name) for name in module.imports() if name.split(".")[0] in PACKAGES and room(name) not in ("", here)
        )
    while edges:
        free = [name for name, needs in edges.items() if not needs & edges.keys()]
        if not free:
            return sorted(edges)
        for name in free:
            del edges[name]
    return []


def test_no_room_imports_what_it_must_not():
    found = [fault for module in sources() for fault in faults(module)]
    assert not found, "\n".join(found)


def test_every_room_stands_in_the_table():
    rooms = {kind(room(module.name)) for module in sources()} - {"", "apps.*", "targets.*", "board"}
    assert rooms <= LEVEL.keys()


def test_rooms_do_not_import_each_other_in_circles():
    assert circles(sources()) == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("bittrue.ref.run", "from bittrue.qat import run", "ref must not import qat"),
        ("bittrue.ref.run", "from bittrue import qat", "ref must not import qat"),
        ("bittrue.ref.run", "def f():\n    import bittrue_rtl.top", "ref must not import bittrue_rtl"),
        ("bittrue.ref.run", "from ..qat import leg", "ref must not import qat"),
        ("bittrue.num.isqrt", "import bittrue.spec", "num must not import spec"),
        ("bittrue_rtl.top", "from bittrue.cosim import cache", "bittrue_rtl must not import cosim"),
        ("bittrue.apps.dpd.training.trainer", "from bittrue.apps.ecg import net", "apps.dpd must not import apps.ecg"),
        ("bittrue.apps.dpd.training.trainer", "import bittrue.cli", "apps.dpd must not import cli"),
        ("bittrue.spec.net", "import torch", "spec does without torch"),
        ("bittrue.cosim.cache", "try:\n    import scipy.signal\nexcept ImportError:\n    pass", "does without scipy"),
        ("bittrue.board.overlay", "from bittrue.num import Format", "board must not import num"),
        ("bittrue.board.overlay", "import rich", "board does without rich"),
        ("bittrue", "import bittrue.spec", " must not import spec"),
        ("bittrue.apps.dpd.training.trainer", "from bittrue import api", "apps.dpd must not import api"),
        ("bittrue.cli.run", "import importlib\nimportlib.import_module(name)", "a computed name"),
        ("bittrue.cli.sim", "def f():\n    from bittrue.apps.dpd import verdict", "cli must not import apps.dpd"),
        ("bittrue.ref.run", "__import__('bittrue.emit')", "ref must not import emit"),
    ],
)
def test_a_forbidden_import_is_found(name, text, complaint):
    (fault,) = faults(Source(name, text))
    assert complaint in fault


def test_allowed_imports_are_let_pass():
    text = "import json\nimport numpy\nfrom bittrue.num import Format\nfrom bittrue import ref, spec\nimport rich"
    assert faults(Source("bittrue.check.compare", text)) == []
    assert faults(Source("bittrue.ref", "from .run import run", package=True)) == []


def test_a_circle_is_found():
    assert circles([Source("bittrue.a", "import bittrue.b"), Source("bittrue.b", "import bittrue.a")]) == ["a", "b"]


BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} is blocked", name=name)
sys.meta_path.insert(0, Blocker())
"""


def _without(blocked: tuple[str, ...], code: str) -> subprocess.CompletedProcess[str]:
    script = BLOCKER.format(blocked=blocked) + code
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_core_and_the_command_work_without_torch_amaranth_and_scipy():
    code = "import bittrue.spec, bittrue.ref, bittrue.ranges, bittrue.cost, bittrue.check, bittrue.cli\n"
    code += "from bittrue.cli import main\nsys.exit(main(['doctor']))"
    done = _without(("torch", "amaranth", "scipy", "cocotb", "matplotlib"), code)
    assert done.returncode == 0, done.stderr
    assert "the core works" in done.stdout


def test_the_blocker_blocks():
    assert _without(("torch",), "import bittrue.qat").returncode == 1
    assert _without(("amaranth",), "import bittrue_rtl").returncode == 1
