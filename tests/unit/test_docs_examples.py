"""The worked examples of the documentation, read from the pages: page and code cannot drift apart."""

from __future__ import annotations

import dataclasses
import doctest
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from big_evaluator import BigNet, digest, read_safetensors

from bittrue import ref
from bittrue.spec import LAYERS, load

DOCS = Path(__file__).parents[2] / "docs"
LAYER_PAGES = sorted((DOCS / "layers").glob("*.md"))
PAGES = [*(DOCS / f"{name}.md" for name in ("README", "python", "semantics", "net-format")), *LAYER_PAGES]
EXAMPLES = [DOCS / "net-format.md", *LAYER_PAGES]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.M | re.S)


def titled(page: Path) -> list[str]:
    """The layers that a page is about: its title."""
    return page.read_text().splitlines()[0].removeprefix("# ").split(", ")


def page_of(layer: str) -> str:
    return next(page.name for page in LAYER_PAGES if layer in titled(page))


def write_folder(example: dict, folder: Path) -> None:
    tensors = {name: np.array(values, np.int64) for name, values in example.get("tensors", {}).items()}
    (folder / "weights.safetensors").write_bytes(safetensors.numpy.save(tensors))
    stored = read_safetensors((folder / "weights.safetensors").read_bytes())
    (folder / "net.json").write_text(json.dumps(example["net"] | {"hash": digest(example["net"], stored)}))


def flat(sample) -> list[int]:
    return [code for row in sample for code in flat(row)] if isinstance(sample, list) else [sample]


def worked(page: Path) -> list[dict]:
    return [found for found in map(json.loads, blocks(page, "json")) if "taps" in found]


def test_every_layer_has_a_page_and_every_page_a_layer():
    assert sorted(name for page in LAYER_PAGES for name in titled(page)) == sorted(LAYERS)
    index = (DOCS / "README.md").read_text()
    missing = [path for path in DOCS.rglob("*.md") if f"]({path.relative_to(DOCS)})" not in index]
    assert [path.name for path in missing] == ["README.md"]


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.stem)
def test_worked_examples(page, tmp_path):
    assert worked(page)
    for example in worked(page):
        write_folder(example, tmp_path)
        net, judge = load(tmp_path), BigNet(tmp_path)
        given = example["input"]
        taps = ref.taps(net, given)
        assert {name: codes.tolist() for name, codes in taps.items()} == example["taps"]
        given = given if isinstance(given, dict) else {"input": given}
        rows = [dict(zip(given, map(flat, sample), strict=True)) for sample in zip(*given.values(), strict=True)]
        slow = [judge.feed(row) for row in rows]
        assert {name: [sample[name] for sample in slow] for name in taps} == {
            name: [flat(sample) for sample in samples] for name, samples in example["taps"].items()
        }


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_an_example_is_of_its_layer(name):
    examples = worked(DOCS / "layers" / page_of(name))
    assert name in [node["layer"] for example in examples for node in example["net"]["nodes"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_calculations(page):
    failed, attempted = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert attempted or page.name == "README.md"


def test_parameters_are_named_on_the_pages():
    whole = (DOCS / "net-format.md").read_text()
    for name, layer in LAYERS.items():
        page = (DOCS / "layers" / page_of(name)).read_text()
        for parameter in (field.name for field in dataclasses.fields(layer)):
            assert f"| `{parameter}` |" in page, f"{name}.{parameter}"
            assert f"`{parameter}`" in whole


def test_links_lead_somewhere():
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_files_of_the_format_page(tmp_path):
    """The first net.json, the bytes of the weight file and the hash on the page are one net that loads."""
    page = DOCS / "net-format.md"
    text, of_two = (block for block in blocks(page, "json") if "hash" in json.loads(block))
    (dump,) = blocks(page, "hexdump")
    (tmp_path / "net.json").write_text(text)
    (tmp_path / "weights.safetensors").write_bytes(bytes.fromhex(dump))
    net, (example, example_of_two) = load(tmp_path), worked(page)
    assert net.nodes[0].layer.weight.tolist() == example["tensors"]["fc.weight"]
    assert ref.run(net, example["input"]).tolist() == example["taps"]["fc"]
    header = bytes.fromhex(dump)[8:].split(b"}}")[0].decode() + "}}"
    assert f"\n`{header}`\n" in page.read_text()
    assert f"in {len(bytes.fromhex(dump))} bytes" in page.read_text()
    assert {key: value for key, value in json.loads(of_two).items() if key != "hash"} == example_of_two["net"]
    (tmp_path / "net.json").write_text(of_two)
    (tmp_path / "weights.safetensors").write_bytes(safetensors.numpy.save({}))
    assert load(tmp_path).outputs == ("small", "scaled")


def test_the_hashed_bytes_of_the_format_page():
    """Step by step, by hand: what the calculation on the page hashes is what the net.json on the page says."""
    (code,) = (block for block in blocks(DOCS / "net-format.md", "python") if "sha256" in block)
    scope: dict = {}
    for example in doctest.DocTestParser().get_examples(code):
        exec(example.source, scope)
    text = next(block for block in blocks(DOCS / "net-format.md", "json") if "hash" in json.loads(block))
    assert json.loads(text)["hash"] == "sha256:" + hashlib.sha256(scope["stream"]).hexdigest()
    assert f"The hash runs over {len(scope['stream'])} bytes" in (DOCS / "net-format.md").read_text()
