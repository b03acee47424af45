"""The documentation as a site: it builds without a warning, and what it is built from is complete."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sources import ROOT

import bittrue
from bittrue.cli import parser
from bittrue.spec import LAYERS

DOCS = ROOT / "docs"
TOOLS = ("mkdocs", "material", "mkdocstrings", "mkdocstrings_handlers.python")
_LOADED = re.compile(
    r"<(?:script|img|iframe)[^>]*\ssrc=\"(https?:[^\"]*)|<link[^>]*rel=\"stylesheet\"[^>]*href=\"(https?:[^\"]*)"
)


def missing() -> list[str]:
    """Packages of the extra docs that are not installed."""
    return [name for name in TOOLS if not _found(name)]


def _found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


needs_tools = pytest.mark.skipif(
    bool(missing()), reason=f"not installed: {', '.join(missing())}; make test installs them"
)


def load_hooks():
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hooks = load_hooks()


def build(config: Path, to: Path) -> subprocess.CompletedProcess[str]:
    """The output of ``make docs``; not with ``--quiet``, which would hide warnings from MkDocs too."""
    command = [sys.executable, "-m", "mkdocs", "build", "--config-file", config, "--site-dir", to]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
    )


@needs_tools
def test_the_site_builds_without_a_warning(tmp_path):
    built = build(ROOT / "mkdocs.yml", tmp_path)
    assert built.returncode == 0 and "WARNING" not in built.stdout, built.stdout
    pages = {
        path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")
    }
    sources = [path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")]
    assert [name for name in sources if name.replace("README", "index") not in pages] == []
    assert [found for text in pages.values() for found in _LOADED.findall(text)] == [], "loaded from elsewhere"

    assert 'href="repository/CHANGELOG.html"' in pages["python.html"]
    assert 'src="repository/weights/tdnn-thermal/thermal.png"' in pages["gallery.html"]
    assert (tmp_path / "repository/weights/tdnn-thermal/thermal.png").is_file()
    assert "requantise(acc, s) = clamp(floor(acc * 2^-s + 1/2), lo, hi)" in pages["semantics.html"]

    reference = [text for name, text in pages.items() if name.startswith("reference/")]
    named = {found for text in reference for found in re.findall(r'<h[2-4] id="([\w.]+)"', text)}
    offered = [f"bittrue.{name}" for name in bittrue.__all__ if name != "__version__"]
    assert [name for name in offered if name not in named and name.replace("bittrue", "bittrue.api") not in named] == []
    assert [layer for layer in LAYERS if f"bittrue.spec.{layer}" not in named] == []
    assert not any("<p>:::" in text for text in reference)


def small(folder: Path, text: str, nav: str) -> subprocess.CompletedProcess[str]:
    """The build of a site of two pages, by the settings of the real one."""
    (folder / "docs").mkdir()
    (folder / "docs" / "page.md").write_text(f"# A page\n\n{text}\n")
    (folder / "docs" / "other.md").write_text("# Another")
    settings = {"INHERIT": ROOT / "mkdocs.yml", "hooks": "[]", "extra_css": "[]", "docs_dir": "docs", "nav": nav}
    (folder / "mkdocs.yml").write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
    return build(folder / "mkdocs.yml", folder / "site")


@needs_tools
def test_what_is_wrong_stops_the_build(tmp_path):
    built = small(tmp_path, "[a](nowhere.md) [b](#nowhere)", "[page.md, none.md]")
    assert built.returncode == 1 and "Aborted with 4 warnings in strict mode" in built.stdout, built.stdout
    for warning in (
        "a link 'nowhere.md', but the target is not found",
        "a link '#nowhere', but there is no such anchor",
        'pages exist in the docs directory, but are not included in the "nav" configuration:\n  - other.md',
        "A reference to 'none.md' is included in the 'nav' configuration, which is not found",
    ):
        assert warning in built.stdout


@needs_tools
def test_an_unknown_name_in_the_reference_stops_the_build(tmp_path):
    built = small(tmp_path, "::: nowhere.nothing", "[page.md, other.md]")
    assert built.returncode == 1 and "Could not collect 'nowhere.nothing'" in built.stdout, built.stdout


@pytest.mark.parametrize(
    ("page", "link", "shown"),
    [
        ("python.md", "[changelog](../CHANGELOG.md)", "[changelog](repository/CHANGELOG.md)"),
        ("layers/dense.md", "[hardware](../hardware.md#frames)", "[hardware](../hardware.md#frames)"),
        ("python.md", "[net-format.md](net-format.md#history)", "[The net format](net-format.md#history)"),
        ("repository/README.md", "![a](docs/images/tdnn-wide.png)", "![a](../images/tdnn-wide.png)"),
        ("repository/README.md", "[ways](docs/layers)", "ways"),
        ("repository/weights/pa-gru/CARD.md", "[CARD.md](../tdnn-wide/CARD.md)", "[CARD.md](../tdnn-wide/CARD.md)"),
        ("python.md", "[a](https://x.y/z.md) [b](#run)", "[a](https://x.y/z.md) [b](#run)"),
        ("python.md", "[none](nowhere.md)", "[none](nowhere.md)"),
    ],
)
def test_links_lead_to_where_the_site_has_their_target(page, link, shown):
    assert hooks.links(link, page) == shown


def test_code_is_left_alone():
    text = "a `b` c\n```sh\nd\n```\ne ``f ` g`` h\n"
    assert hooks.outside_code(text, str.upper) == "A `b` C\n```sh\nd\n```\nE ``f ` g`` H\n"


def test_bars_in_code_of_tables_are_bare():
    assert hooks.bars("| `x\\|y` | a\\|b |\n`x\\|y`") == "| `x|y` | a\\|b |\n`x\\|y`"


def test_every_command_is_on_the_page_that_helps_to_choose():
    text = (DOCS / "which-command.md").read_text(encoding="utf-8")
    (choices,) = (a.choices for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert [name for name in choices if f"`bittrue {name}" not in text] == []


def test_every_picture_is_in_the_gallery_with_a_command():
    sections = (DOCS / "gallery.md").read_text(encoding="utf-8").split("\n## ")[1:]
    pictures = {re.search(r"!\[[^]]+\]\(([^)]+)\)", text)[1]: text for text in sections if "![" in text}
    shown = {(DOCS / name).resolve() for name in pictures}
    assert shown == {*(DOCS / "images").glob("*.png"), *(ROOT / "weights").glob("*/*.png")}
    assert [name for name, text in pictures.items() if not re.search(r"`(bittrue|make) ", text)] == []


def test_every_word_of_the_glossary_leads_to_a_page():
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    words = [part for part in text.split("\n\n") if part.startswith("**")]
    assert len(words) > 30 and [part for part in words if not re.search(r"\]\([^)]+\.md[^)]*\)$", part.strip())] == []
