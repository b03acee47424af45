"""Small rooms, documented doors, and the few things that no file may do."""

import ast
from collections.abc import Callable, Iterator

import pytest
from sources import Source, scripts, sources

FILE_LINES, FUNCTION_LINES = 500, 60
PICKLERS = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}
ROUNDERS = {"round", "around", "round_", "rint"}
FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef


def too_long(module: Source) -> Iterator[str]:
    """Files over 500 lines and functions over 60, decorators and docstring included."""
    if module.lines > FILE_LINES:
        yield f"{module.name} has {module.lines} lines; {FILE_LINES} is the limit"
    for node in ast.walk(module.tree):
        if isinstance(node, FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            lines = (node.end_lineno or first) - first + 1
            if lines > FUNCTION_LINES:
                yield f"{module.name}.{node.name} has {lines} lines; {FUNCTION_LINES} is the limit"


def undocumented(module: Source) -> Iterator[str]:
    """Modules, and public classes and functions of a module, without a docstring."""
    if module.tree.body and not ast.get_docstring(module.tree):
        yield f"{module.name} has no docstring"
    for node in module.tree.body:
        public = isinstance(node, FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if public and not _registered(node) and not ast.get_docstring(node):
            yield f"{module.name}.{node.name} has no docstring"


def unannotated(module: Source) -> Iterator[str]:
    """Public functions, and public methods of public classes, with a parameter or a result of no stated type."""
    for owner in [module.tree, *(n for n in module.tree.body if isinstance(n, ast.ClassDef))]:
        if getattr(owner, "name", "").startswith("_"):
            continue
        for node in owner.body:
            if isinstance(node, FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
                a = node.args
                given = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
                bare = [p.arg for p in given if p.annotation is None and p.arg not in ("self", "cls")]
                if bare or node.returns is None:
                    yield f"{module.name}.{node.name} does not annotate {', '.join(bare) or 'its result'}"


def roundings(module: Source) -> Iterator[str]:
    """``round``, ``np.round``, ``torch.round``, ``x.round()`` and their like outside the number module."""
    if module.name.startswith("bittrue.num"):
        return
    for node in ast.walk(module.tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in ROUNDERS:
            yield f"{module.name}:{node.lineno} uses {name}; requantise or Format.encode is the only rounding"


def loaders(module: Source) -> Iterator[str]:
    """Anything that lets a file execute code while it is loaded."""
    names = [name for name in module.imports() if name not in PICKLERS]
    names += [ast.unparse(node) for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)]
    for name in names:
        package, _, what = name.partition(".")
        if package in PICKLERS and not what.endswith("Error"):  # the errors are those of torch.load
            yield f"{module.name} uses {name}; a file it reads could execute code"
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        if ast.unparse(node.func) == "torch.load" and not _is(options.get("weights_only"), True):
            yield f"{module.name}:{node.lineno} calls torch.load without weights_only=True"
        if "allow_pickle" in options and not _is(options["allow_pickle"], False):
            yield f"{module.name}:{node.lineno} allows pickles"


def swallowers(module: Source) -> Iterator[str]:
    """Handlers that catch everything without a type, and those that only pass."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield f"{module.name}:{node.lineno} has a bare except; name what is caught"
            if all(isinstance(line, ast.Pass) or _is(getattr(line, "value", None), ...) for line in node.body):
                yield f"{module.name}:{node.lineno} swallows an error; handle it, or say so with contextlib.suppress"


def advisers(module: Source) -> Iterator[str]:
    """Advice to install by name: an index may give that name to somebody else (`bittrue.extras` knows the way)."""
    for node in ast.walk(module.tree):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if "pip install" in text and module.name != "bittrue.extras" and "opendpd==" not in text:
            yield f"{module.name}:{node.lineno} says {text[:60]!r}; use bittrue.extras.install"


def _is(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _registered(node: ast.AST) -> bool:
    """Whether a function is one more case of a generic function, which has the docstring."""
    return any("register" in ast.unparse(d) for d in getattr(node, "decorator_list", ())) and isinstance(
        node, FunctionDef
    )


CHECKS = (too_long, undocumented, unannotated, roundings, loaders, swallowers, advisers)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_file_is_clean(check: Callable[[Source], Iterator[str]]):
    found = [fault for module in sources() for fault in check(module)]
    assert not found, "\n".join(found)


def test_tests_and_scripts_are_small_too():
    found = [fault for module in scripts() for fault in too_long(module)]
    assert not found, "\n".join(found)


BAD = [
    (too_long, "x = 1\n" * 501),
    (too_long, "def f():\n" + "    x = 1\n" * 60),
    (too_long, "class A:\n    async def f(self):\n" + "        x = 1\n" * 60),
    (undocumented, "x = 1"),
    (undocumented, '"""m"""\ndef f():\n    return 1'),
    (undocumented, '"""m"""\nclass A:\n    x = 1'),
    (unannotated, "def f(a) -> int: ..."),
    (unannotated, "def f(a: int): ..."),
    (unannotated, "def f(*, a) -> int: ..."),
    (unannotated, "class A:\n    def f(self, *a) -> int: ..."),
    (unannotated, "class A:\n    def __init__(self, a) -> None: ..."),
    (roundings, "round(1.5)"),
    (roundings, "import numpy as np\nnp.round(x)"),
    (roundings, "x.round()"),
    (roundings, "from numpy import rint\nrint(x)"),
    (roundings, "y = map(round, x)"),
    (loaders, "import pickle\npickle.loads(x)"),
    (loaders, "import pickle\nclass A(pickle.Unpickler): ..."),
    (loaders, "def f():\n    from joblib import load"),
    (loaders, "torch.load(f)"),
    (loaders, "torch.load(f, weights_only=False)"),
    (loaders, "np.load(f, allow_pickle=True)"),
    (swallowers, "try:\n    f()\nexcept:\n    raise"),
    (swallowers, "try:\n    f()\nexcept OSError:\n    pass"),
    (swallowers, "try:\n    f()\nexcept OSError:\n    ..."),
    (advisers, "raise BadInput(f\"needs {x}; run: pip install 'bittrue[sim]'\")"),
]


@pytest.mark.parametrize(("check", "text"), BAD)
def test_a_fault_is_found(check, text):
    assert len(list(check(Source("bittrue.x", text)))) == 1


GOOD = '''"""m"""
import pickle
import numpy as np
from contextlib import suppress


@operands.register
def _(a: int) -> int:
    return np.load(a, allow_pickle=False)


def f(a: int, *b: int, **c: int) -> int:
    """d"""
    try:
        return torch.load(a, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError from error
'''


@pytest.mark.parametrize("check", CHECKS)
def test_a_clean_file_is_let_pass(check):
    assert not list(check(Source("bittrue.x", GOOD)))


def test_the_number_module_may_round():
    assert not list(roundings(Source("bittrue.num.x", "round(1)")))
