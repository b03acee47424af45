"""From a recipe made by a program to the text of its file."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from typing import Any

from bittrue.apps.dpd.recipe import Recipe, parse
from bittrue.num import Format


def written(recipe: Recipe, remark: str = "") -> Recipe:
    """The recipe with the text that `bittrue.apps.dpd.recipe.parse` reads as this recipe; ``remark`` heads it."""
    head = "".join(f"# {line}\n" for line in remark.splitlines())
    lines, sections = _lines(recipe)
    for name, section in sections:
        own, _ = _lines(section)
        lines += ["", f"[{name}]", *own]
    text = head + "\n".join(lines) + "\n"
    return replace(parse(text.encode(), f"the recipe written for {recipe.name}"), text=text)


def _lines(section: Any) -> tuple[list[str], list[tuple[str, Any]]]:
    """``key = value`` lines of a dataclass, and its fields that are sections; what is None has no line."""
    lines: list[str] = []
    sections: list[tuple[str, Any]] = []
    for field in fields(section):
        value = getattr(section, field.name)
        if field.name == "text" or value is None:
            continue
        if is_dataclass(value) and not isinstance(value, Format):
            sections.append((field.name, value))
        else:
            lines.append(f"{field.name} = {_value(value)}")
    return lines, sections


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Format):
        return f'"{value}"'
    return json.dumps(value) if isinstance(value, str) else repr(value)
