"""One static HTML page: tables and pictures in one file, without scripts and without anything to fetch."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from bittrue.errors import BadInput
from bittrue.files import check_target, write_together

SUFFIXES = (".html", ".htm")

STYLE = """\
:root { color-scheme: light; }
body { font: 16px/1.45 system-ui, sans-serif; color: #222; max-width: 76em; margin: 0 auto; padding: 0 1em 3em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin: 2em 0 .5em; }
p, ul { max-width: 46em; } p.lead { border-left: .3em solid #d1495b; padding-left: .8em; }
code { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9em; font-variant-numeric: tabular-nums; }
td, th { border-bottom: 1px solid #ccc; padding: .3em .6em; text-align: right; vertical-align: top; }
td:first-child, th:first-child, table.words td, table.words th { text-align: left; }
th { border-bottom: 2px solid #888; } tr.ours td { font-weight: 600; background: #e8f3f5; }
.caption { color: #555; font-size: .88em; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 32em), 1fr)); gap: 1.2em; }
figure { margin: 0; } img { width: 100%; height: auto; border: 1px solid #ddd; }
"""


def target(output: str | os.PathLike[str]) -> Path:
    """Where a page goes, with its numbers beside it in a file of the same name that ends in .json.

    Raises `BadInput`, before the work begins, where one of them cannot be written, and for anything but a plain file
    that ends in .html.
    """
    path = Path(output)
    check_target(path, SUFFIXES)
    if path.suffix.lower() not in SUFFIXES:  # a device or a pipe: the numbers would be a file beside it
        raise BadInput(f"cannot write {path}: a page and its numbers are two files; name one that ends in .html")
    check_target(path.with_suffix(".json"))
    return path


@dataclass(frozen=True)
class Sheet:
    """A table: ``rows`` of cells under ``columns``, those whose number is in ``ours`` stand out.

    ``words``: the cells are text and not numbers.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    ours: frozenset[int] = frozenset()
    words: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """The bytes of a PNG or an SVG, the text that stands for it, and its caption."""

    content: bytes
    alt: str
    caption: str
    kind: str = "png"


@dataclass(frozen=True, eq=False)
class Section:
    """A heading with paragraphs, tables and pictures, in this order."""

    title: str
    paragraphs: Sequence[str] = ()
    sheets: Sequence[Sheet] = ()
    pictures: Sequence[Picture] = field(default=())


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The text of the page; every text given is escaped, nothing in it is markup."""
    body = "\n".join(_section(section) for section in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style></head>\n<body>\n"
        f'<h1>{escape(title)}</h1>\n<p class="lead">{escape(lead)}</p>\n{body}\n</body></html>\n'
    )


def write(
    path: Path, title: str, lead: str, sections: Sequence[Section], numbers: Mapping[str, object], strict: bool = True
) -> None:
    """Write the page, and what was measured beside it in a .json file, both or none.

    With ``strict`` numbers that JSON does not know are an error of the caller, who says None for them.
    """
    content = json.dumps(numbers, indent=1, allow_nan=not strict) + "\n"
    write_together(path.parent, {path.name: page(title, lead, sections), path.with_suffix(".json").name: content})


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>"]
    parts += [f"<p>{escape(text)}</p>" for text in section.paragraphs]
    parts += [_sheet(sheet) for sheet in section.sheets]
    if section.pictures:
        parts.append('<div class="pictures">\n' + "\n".join(map(_picture, section.pictures)) + "\n</div>")
    return "\n".join(parts)


def _sheet(sheet: Sheet) -> str:
    def line(tag: str, cells: Sequence[str], kind: str = "") -> str:
        return f"<tr{kind}>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    rows = [line("td", row, ' class="ours"' if k in sheet.ours else "") for k, row in enumerate(sheet.rows)]
    title = f"<h3>{escape(sheet.title)}</h3>\n" if sheet.title else ""
    kind = ' class="words"' if sheet.words else ""
    head = line("th", sheet.columns) if any(sheet.columns) else ""
    caption = f'\n<p class="caption">{escape(sheet.caption)}</p>' if sheet.caption else ""
    return f'{title}<div class="wide"><table{kind}>\n{head}\n' + "\n".join(rows) + f"\n</table></div>{caption}"


def _picture(picture: Picture) -> str:
    source = b64encode(picture.content).decode()
    media = {"png": "image/png", "svg": "image/svg+xml"}[picture.kind]
    # a drawing has text of its own size: it is scrolled, not scaled to the width of the page
    own = (' style="overflow-x: auto"', ' style="width: auto"') if picture.kind == "svg" else ("", "")
    return (
        f'<figure{own[0]}><img{own[1]} alt="{escape(picture.alt)}" src="data:{media};base64,{source}">\n'
        f'<figcaption class="caption">{escape(picture.caption)}</figcaption></figure>'
    )
