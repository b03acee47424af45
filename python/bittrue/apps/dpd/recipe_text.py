"""Text of the file of a recipe that a program made."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from bittrue.apps.dpd.amplifiers import arena
from bittrue.apps.dpd.captures import data
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


def retargeted(plan: Recipe, capture: str) -> Recipe:
    """The recipe for another capture, a folder or a data set, under a name of both.

    Where the Arena's amplifier teaches and the Arena has none for this capture, the twin teaches. Raises `BadInput`
    where there is no such capture.
    """
    where = located(capture)
    arenas = plan.data.amplifier == "arena" and where not in (data.ARENA, *arena.CONDITIONS)
    teaching = replace(plan.data, amplifier="twin") if arenas else plan.data
    remark = f"{plan.name} for another capture: bittrue train dpd --recipe {plan.name} --capture {capture}"
    return written(replace(plan, name=suffixed(plan.name, where), capture=where, data=teaching), remark)


def located(capture: str) -> str:
    """The folder of a capture from the root on, or the name of a data set. Raises `BadInput` where it is neither."""
    if (Path(capture) / "spec.json").is_file():
        return str(Path(capture).resolve())
    if capture != data.ARENA and capture not in data.names():
        data.load(capture)  # says what is missing
    return capture


def suffixed(name: str, capture: str) -> str:
    """A net's name with that of a capture behind it."""
    return f"{name[:30]}-{re.sub('[^A-Za-z0-9]+', '-', Path(capture).name).strip('-')[:30]}".rstrip("-")


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
