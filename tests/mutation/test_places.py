"""A fault is put where its function and expression are, whatever else is in the file."""

import pytest
from places import Misplaced, replaced

SOURCE = '''\
"""A module; limit + 1 in words."""
limit = 3  # ü
TEMPLATE = """
int half(int x) { return x >> 1; }
"""


class Filter:
    gain: int = 2

    @property
    def length(self):
        return self.taps + (
            1 if self.even
            else 0)

    @length.setter
    def length(self, value):
        self.taps = value

    def run(self, x):
        def inner(y):
            return f"{y + 1}" + text("$name[j]")

        if x and self.gain:  # ü
            total = x + 1
            return total
        with open(x) as file:
            pass
        return [y + 1 for y in x]


def run(x):
    return x + 1
'''

PLACES = [
    ("limit", "3", "4", "limit = 3  # ü", "limit = (4)  # ü"),
    ("", "limit = 3", "limit = 4", "limit = 3  # ü", "limit = 4  # ü"),
    ("Filter.gain", "2", "-2", "gain: int = 2", "gain: int = (-2)"),
    ("run", "x + 1", "x - 1", "    return x + 1\n", "    return (x - 1)\n"),
    ("run", "return x + 1", "", "    return x + 1\n", "    pass\n"),
    ("Filter.run", "x + 1", "x", "total = x + 1", "total = (x)"),
    ("Filter.run", "total", "x", None, "2 times"),  # where it is assigned to, and where it is read
    ("Filter.run", "y + 1", "y", "[y + 1 for", "[(y) for"),  # that in the f-string is not seen
    ("Filter.run.inner", "return f'{y + 1}' + text('$name[j]')", "return y", 'return f"{y + 1}" + text("$name[j]")', "return y"),
    ("Filter.run", "$name[j]", "$name[0]", "$name[j]", "$name[0]"),
    ("Filter.run", "if x and self.gain: ...", "if x: ...", "if x and self.gain:  # ü", "if x:  # ü"),
    ("Filter.run", "with open(x) as file: ...", "if True: ...", "with open(x) as file:", "if True:"),
    ("Filter.run", "total = x + 1\nreturn total", "if x:\n    return 1\nreturn 2",
     "total = x + 1\n            return total", "if x:\n                return 1\n            return 2"),
    ("Filter.length", "self.taps + (1 if self.even else 0)", "self.taps",
     "self.taps + (\n            1 if self.even\n            else 0)", "(self.taps)"),
    ("Filter.length", "self.taps = value", "pass", "self.taps = value", "pass"),
    ("TEMPLATE", "return x >> 1;", "return x;", "return x >> 1;", "return x;"),
    ("Filter", "gain: int = 2", "gain: int = 3", "gain: int = 2", "gain: int = 3"),
    ("Filter", "self.taps = value", "pass", None, "0 times in Filter of f.py"),
    ("", "x + 1", "x", None, "0 times in f.py outside of functions and classes"),
    ("Filter.runs", "x + 1", "x", None, "f.py has no Filter.runs: no 'runs', but run"),
    ("run.inner", "x + 1", "x", None, "f.py has no run.inner: no 'inner', but nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "old", "new", "there", "instead"), PLACES)
def test_python(where: str, old: str, new: str, there: str | None, instead: str) -> None:
    if there is None:
        with pytest.raises(Misplaced, match=instead):
            replaced("f.py", SOURCE, where, old, new)
        return
    assert SOURCE.count(there) == 1
    assert replaced("f.py", SOURCE, where, old, new) == SOURCE.replace(there, instead)


C = """\
static int first(int x)
{
    if (x) { return x; }
    return 0;
}
int second(const char *s, int x) { return first(x) ? x : 0; }
"""
TCL = """\
proc build {overlay {mhz 200}} {
    if {$mhz > 0} { check $mhz }
}
proc check mhz { puts $mhz }
"""


@pytest.mark.parametrize(
    ("file", "text", "where", "old", "instead"),
    [
        ("f.c", C, "first", "return x;", "return 1;"),
        ("f.c", C, "second", "x : 0", "1 : 0"),
        ("f.cpp", C, "", "return 0;", "return 1;"),
        ("f.tcl", TCL, "build", "check $mhz", "check 1"),
        ("f.tcl", TCL, "check", "puts $mhz", "puts 1"),
    ],
)
def test_other_languages(file: str, text: str, where: str, old: str, instead: str) -> None:
    assert replaced(file, text, where, old, instead) == text.replace(old, instead)


@pytest.mark.parametrize(
    ("file", "text", "where", "old", "sentence"),
    [
        ("f.c", C, "first", "x : 0", "stands 0 times in first of f.c"),
        ("f.c", C, "third", "x", "f.c has no third: no 'third', but first"),
        ("f.tcl", TCL, "build", "$mhz", "stands 2 times in build of f.tcl"),
        ("f.tcl", TCL, "built", "$mhz", "f.tcl has no built: no 'built', but build"),
    ],
)
def test_what_is_not_there_is_said(file: str, text: str, where: str, old: str, sentence: str) -> None:
    with pytest.raises(Misplaced, match=sentence):
        replaced(file, text, where, old, "")
