"""Places of a fault: an expression or statements within a function, found by their syntax and not by how they are set.

So a fault stays where it is while other functions are renamed, moved or set anew. In a file that is no Python, and in a
string constant of a Python file (the C that is printed, for one), it is text within a function of that language.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef
Span = tuple[int, int]
Found = TypeVar("Found")


class Misplaced(Exception):
    """A place that is not in a file, or not once; says where it was looked for and what is there."""


def replaced(file: str, text: str, where: str, old: str, new: str) -> str:
    """``text``, the content of ``file``, with ``new`` in the place of ``old``; whatever else is in it stays.

    Parameters
    ----------
    where : str
        ``function``, ``Class.method``, ``function.inner``, ``Class`` or a constant's name; nothing for what stands in a
        module outside of functions and classes, and for all of a file that is no Python.
    old, new : str
        Python: an expression, statements, or the head of one, as in ``if found: ...``; no statement is ``pass``. Plain
        text in other languages, in a string constant that ``where`` names, and, where it is no Python, in the string
        constants of a function.

    Raises
    ------
    Misplaced
        Where ``old`` does not stand exactly once there.
    """
    if Path(file).suffix != ".py":
        bodies = functions(Path(file).suffix, text, where, file)
        start, stop = once([span for body in bodies for span in occurrences(text, body, old)], file, where, old)
        return text[:start] + new + text[stop:]
    scopes, source = scopes_named(ast.parse(text), where, file), Lines(text)
    if is_text(getattr(scopes[0], "value", None)) or parsed(old) is None:
        strings = [source.span(node, node) for scope in scopes for node in nodes(scope) if is_text(node)]
        start, stop = once([span for each in strings for span in occurrences(text, each, old)], file, where, old)
        return text[:start] + new + text[stop:]
    first, last = once([each for scope in scopes for each in matches(scope, old)], file, where, old)
    start, stop = source.span(first, last)
    return text[:start] + written(first, new) + text[stop:]


def once(found: list[Found], file: str, where: str, old: str) -> Found:
    """The one that was found."""
    if len(found) != 1:
        place = f"{where} of {file}" if where else f"{file} outside of functions and classes"
        raise Misplaced(f"{old!r} stands {len(found)} times in {place}")
    return found[0]


def unknown(where: str, file: str, name: str, known: set[str]) -> Misplaced:
    """What to say of a name that is not there."""
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.4) or sorted(known)[:9]
    return Misplaced(f"{file} has no {where}: no {name!r}, but {', '.join(near) or 'nothing'}")


# ---- Python ---------------------------------------------------------------------------------------------------------


class Lines:
    """The text between two nodes, of which `ast` says lines and bytes."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines(keepends=True)

    def place(self, line: int, byte: int) -> int:
        return sum(map(len, self.lines[: line - 1])) + len(self.lines[line - 1].encode()[:byte].decode())

    def span(self, first: ast.AST, last: ast.AST) -> Span:
        """From the first letter of one node to behind the last of another."""
        start = (first.lineno, first.col_offset)  # type: ignore[attr-defined]
        return self.place(*start), self.place(last.end_lineno, last.end_col_offset)  # type: ignore[attr-defined]


def names_of(node: ast.AST) -> set[str]:
    """What a definition or an assignment gives a name to."""
    if isinstance(node, Definition):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def scopes_named(tree: ast.Module, where: str, file: str) -> list[ast.AST]:
    """What has a name, in one piece or in several: a property's functions have the same."""
    found: list[ast.AST] = [tree]
    for name in where.split(".") if where else ():
        inside = [node for scope in found for node in nodes(scope) if node is not scope]
        found = [node for node in inside if name in names_of(node)]
        if not found:
            raise unknown(where, file, name, set().union(*map(names_of, inside)))
    return found


def nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """A scope and what is in it. A module or class does not hold what its functions and classes hold; f-strings are
    whole, as before Python 3.12 their parts have no places."""
    yield scope
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, Definition) and isinstance(scope, ast.Module | ast.ClassDef):
            yield node
        elif not isinstance(scope, ast.JoinedStr):
            yield from nodes(node)


def same(node: ast.AST) -> str:
    """A text that is equal for equal syntax, be it read or assigned to."""
    return re.sub(r"ctx=(Load|Store|Del)\(\)", "", ast.dump(node))


def is_text(node: object) -> bool:
    """Whether a node is a string constant or an f-string."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def parsed(source: str) -> ast.expr | list[ast.stmt] | None:
    """An expression, or else statements, or nothing where it is no Python."""
    source = textwrap.dedent(source).strip()
    with contextlib.suppress(SyntaxError):
        return ast.parse(source, mode="eval").body
    with contextlib.suppress(SyntaxError):
        return ast.parse(source).body
    return None


def head(node: ast.AST) -> ast.AST | None:
    """The last part of the head of an ``if``, ``while``, ``for`` or ``with``, in front of its colon."""
    if isinstance(node, ast.With):
        item = node.items[-1]
        return item.optional_vars or item.context_expr
    return node.test if isinstance(node, ast.If | ast.While) else node.iter if isinstance(node, ast.For) else None


def head_wanted(pattern: list[ast.stmt]) -> ast.AST | None:
    """The statement of which only the head is meant, as its body is an ellipsis."""
    body = getattr(pattern[0], "body", None) if len(pattern) == 1 else None
    meant = isinstance(body, list) and len(body) == 1 and same(body[0]) == same(ast.parse("...").body[0])
    return pattern[0] if meant and head(pattern[0]) else None


def same_head(node: ast.AST, wanted: ast.AST) -> bool:
    """Whether two statements are equal but for what they hold."""
    if type(node) is not type(wanted):
        return False
    parts = [(getattr(node, name), getattr(wanted, name)) for name in node._fields if name not in ("body", "orelse")]
    return all(same(ast.List(a) if isinstance(a, list) else a) == same(ast.List(b) if isinstance(b, list) else b)
               for a, b in parts if isinstance(a, ast.AST | list))  # fmt: skip


def matches(scope: ast.AST, old: str) -> Iterator[tuple[ast.AST, ast.AST]]:
    """First and last node of every place in a scope where ``old`` stands."""
    pattern = parsed(old)
    if isinstance(pattern, ast.expr):
        yield from ((node, node) for node in nodes(scope) if isinstance(node, ast.expr) and same(node) == same(pattern))
        return
    if (statement := head_wanted(pattern or [])) is not None:
        yield from ((node, head(node) or node) for node in nodes(scope) if same_head(node, statement))
        return
    wanted = [same(statement) for statement in pattern or []]
    shallow = isinstance(scope, ast.Module | ast.ClassDef)
    for node in nodes(scope):
        if shallow and isinstance(node, Definition) and node is not scope:
            continue
        for block in (value for _, value in ast.iter_fields(node) if isinstance(value, list)):
            there = [same(each) if isinstance(each, ast.stmt) else "" for each in block]
            for at in range(len(there) - len(wanted) + 1):
                if there[at : at + len(wanted)] == wanted:
                    yield block[at], block[at + len(wanted) - 1]


def written(place: ast.AST, new: str) -> str:
    """``new`` as it is put into the place of a node: an expression in parentheses, statements indented."""
    made = parsed(new)
    if isinstance(place, ast.expr) and isinstance(made, ast.expr):
        return f"({new.strip()})"
    if isinstance(made, list) and head_wanted(made):
        return new.strip().removesuffix("...").rstrip().removesuffix(":")
    return textwrap.indent(textwrap.dedent(new).strip("\n") or "pass", " " * place.col_offset).lstrip()  # type: ignore[attr-defined]


# ---- other languages ------------------------------------------------------------------------------------------------

HEADS = {
    ".tcl": r"^[ \t]*proc[ \t]+(?:::)?(?P<name>[\w:]+)[ \t]+(?:\w+|\{.*\})[ \t]*\{",
    ".c": r"\b(?P<name>\w+)[ \t]*\([^(){};]*\)[\w \t\n]*\{",
}
HEADS[".cpp"] = HEADS[".c"]
KEYWORDS = {"if", "for", "while", "switch", "catch"}


def functions(suffix: str, text: str, where: str, file: str) -> list[Span]:
    """From name to last brace of the functions of a name, or the whole text where there is none. Braces in strings and
    comments count as well: they come in pairs in what is read here."""
    if not where:
        return [(0, len(text))]
    heads = [m for m in re.finditer(HEADS[suffix], text, re.MULTILINE) if m["name"] not in KEYWORDS]
    found = [(head.start(), end_of_block(text, head.end())) for head in heads if head["name"] == where]
    if not found:
        raise unknown(where, file, where, {head["name"] for head in heads})
    return found


def end_of_block(text: str, at: int) -> int:
    """Behind the brace that ends what a brace before ``at`` began."""
    depth = 1
    while depth and at < len(text):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at


def occurrences(text: str, span: Span, old: str) -> Iterator[Span]:
    """Where a piece of text stands within a part of another."""
    yield from ((m.start(), m.end()) for m in re.compile(re.escape(old)).finditer(text, *span))
