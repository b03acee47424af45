"""What MkDocs is told so that pages which read well on a forge become the site too (mkdocs.yml, ``hooks``).

Pages and pictures outside ``docs/`` are shown under ``repository/``, with the path that they have in the repository,
and relative links lead to where the site has their target. The Markdown files stay as they are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "weights/*/CARD.md", "weights/*/*.png", "notebooks/*.ipynb")
"""Files outside ``docs/`` that the site has; a link to any other one is an error of the build."""

_CODE = re.compile(r"^(```+)[^\n]*\n.*?^\1[ \t]*$|(`+)(?!`).+?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?\[[^\[\]]*\])\(([^)\s]+)\)")
_CELL = re.compile(r"^\|.*$", re.MULTILINE)


def on_files(files: Any, config: Any) -> Any:
    """Add what lies outside ``docs/``."""
    from mkdocs.structure.files import File

    for path in sorted(path for pattern in SHOWN for path in ROOT.glob(pattern)):
        files.append(File.generated(config, site_path(path), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The text of a page with the links and tables that Python-Markdown wants."""
    return bars(outside_code(markdown, lambda text: links(text, page.file.src_uri)))


def site_path(path: Path) -> str:
    """Where in the site a file of the repository is: ``docs/`` is its top, all else lies in ``repository/``."""
    inside = path.relative_to(ROOT)
    return inside.relative_to("docs").as_posix() if inside.parts[0] == "docs" else f"repository/{inside.as_posix()}"


def links(text: str, page: str) -> str:
    """``text`` of the page at the site's path ``page``, with relative links as the site has them.

    A folder is no page: of a link to one the words stay. Words that are the file name of a page in ``docs/`` become its
    title. Addresses and places on the same page are left alone.
    """
    source = ROOT / page.removeprefix("repository/") if page.startswith("repository/") else ROOT / "docs" / page

    def moved(match: re.Match[str]) -> str:
        words, target = match.groups()
        path, mark, place = target.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return match[0]
        found = Path(posixpath.normpath((source.parent / path).as_posix()))
        if found.is_dir():
            return words[1:-1]
        if ROOT not in found.parents:
            return match[0]
        if words[1:-1].split("/")[-1] == found.name and ROOT / "docs" in found.parents and found.exists():
            words = f"[{title(found)}]"
        return f"{words}({posixpath.relpath(site_path(found), posixpath.dirname(page) or '.')}{mark}{place})"

    return _LINK.sub(moved, text)


def title(page: Path) -> str:
    """The first heading of a page."""
    return page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def bars(text: str) -> str:
    """Tables with ``|`` in code as Python-Markdown takes it: bare, where forges want a backslash before it."""
    return _CELL.sub(lambda row: re.sub(r"`[^`\n]*`", lambda code: code[0].replace(r"\|", "|"), row[0]), text)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` made to everything but blocks and spans of code."""
    parts, end = [], 0
    for code in _CODE.finditer(text):
        parts += [change(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, change(text[end:])])
