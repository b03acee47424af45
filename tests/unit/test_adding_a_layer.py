"""The worked example of a new layer: its pieces, put where the page says that they belong, make a layer of all legs."""

from __future__ import annotations

import importlib
import inspect
import random
import re
import sys
from pathlib import Path
from types import ModuleType

import big_frames
import numpy as np
import pytest
import stranger
import test_images
from big_evaluator import BigNet
from strategies import corners, full_range

import bittrue.spec
from bittrue import ref
from bittrue.check import coverage
from bittrue.check.explain import explain
from bittrue.emit.constants import constants
from bittrue.ranges import ranges
from bittrue.spec import LAYERS, load, save

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-a-layer.md"
PIECES = re.findall(r"^```python\n# ([^\n]*)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
TABLES = [where.split(", ")[1] for where, _ in PIECES if re.search(r"\.(RULES|MODULES)$", where)]
MOST = 400


def table(name: str) -> dict:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def module_of(path: str) -> ModuleType:
    """The module of a file of the project that is there already."""
    return importlib.import_module(path.removeprefix("python/").removesuffix(".py").replace("/", "."))


def defined(text: str, scope: dict) -> object:
    """What the last definition of a piece makes, in the scope of the file that it belongs to."""
    before = set(scope)
    exec(text, scope)
    name = re.findall(r"^(?:def|class) (\w+)", text, re.M)[-1]
    assert name in scope and (name not in before or name == "_none"), f"{name} is there already"
    return scope[name]


@pytest.fixture
def clip(monkeypatch) -> type:
    """The layer, on every leg, as long as a test runs."""
    pytest.importorskip("torch")
    (text,) = (text for where, text in PIECES if where == "python/bittrue/spec/clip.py")
    module = ModuleType("bittrue.spec.clip")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(LAYERS, "Clip", None)
    layer = defined(text, vars(module))
    assert isinstance(layer, type)
    monkeypatch.setattr(bittrue.spec, "Clip", layer, raising=False)
    for where, text in PIECES:
        path, _, place = where.partition(", ")
        if place in TABLES:
            scope = dict(vars(module_of(path)), Clip=layer)
            monkeypatch.setitem(table(place), layer, defined(text, scope))
    return layer


def judges(monkeypatch) -> None:
    """The two evaluators learn the layer."""
    for where, text in PIECES:
        if where.endswith("method of Frames"):
            monkeypatch.setattr(big_frames.Frames, "_clip", defined(text, dict(vars(big_frames))), raising=False)
        if where.endswith("stranger.LAYERS"):
            keys = tuple(re.findall(r'"(\w+)"', where))
            rule = defined(text, dict(vars(stranger.samples)))
            monkeypatch.setitem(stranger.LAYERS, "Clip", (keys, (), rule))


def test_every_table_of_a_leg_has_its_piece():
    known = [id(registry()) for leg, registry in coverage.LEGS.items() if leg != "Verilog"]
    assert sorted(id(table(name)) for name in TABLES) == sorted(known)


def test_the_legs_agree_on_the_new_layer(clip, monkeypatch, tmp_path):
    judges(monkeypatch)
    net = clip.example()
    codes = np.concatenate([corners(net), full_range(net, 100, seed=1)])
    save(net, tmp_path)
    again, judge = load(tmp_path), BigNet(tmp_path)
    found = ref.run(again, codes)
    flat = codes.reshape(len(codes), -1).tolist()
    assert [judge.feed(row)["kept"] for row in flat] == found.reshape(len(codes), -1).tolist()
    assert [list(row) for row in stranger.run(stranger.load(tmp_path), flat)] == found.reshape(len(codes), -1).tolist()
    assert found.min() == -77 and found.max() == 100 and ranges(net)["kept"].output[0].hi == 100
    assert constants(net.nodes[0].layer, (net.input,)) == ()
    words = dict(explain(net, codes, ref.taps(net, codes), "kept", (0, 1, 1)).rows)
    assert sorted(map(int, words.values()))[1] == found[0, 1, 1]


@pytest.mark.parametrize("leg", ["torch", "c"])
def test_other_legs_give_the_same(leg, clip):
    from bittrue import check

    net = clip.example()
    legs, skipped = check.runnable(net, ["ref", leg]) if leg == "torch" else check.runnable(net)
    if leg in skipped:
        pytest.skip(skipped[leg])
    verdict = check.check(net, {name: legs[name] for name in ("ref", leg)}, 300, 1)
    assert verdict.equal, verdict


def test_the_tests_of_the_page_pass(clip):
    (text,) = (text for where, text in PIECES if where == "tests/unit/test_clip.py")
    scope: dict = {}
    exec(text, scope)
    ran = 0
    for test in [value for name, value in scope.items() if name.startswith("test_")]:
        (mark,) = test.pytestmark
        for arguments in mark.args[1]:
            test(*arguments)
            ran += 1
    assert ran == 9 and list(inspect.signature(scope["clipped"]).parameters) == ["lo", "hi"]


def test_the_layer_is_drawn(clip):
    (text,) = (text for where, text in PIECES if where == "tests/unit/test_images.py, LAYERS")
    scope = dict(vars(test_images), LAYERS={})
    exec(text, scope)
    for seed in range(20):
        layer, source = scope["LAYERS"]["Clip"](random.Random(seed))
        assert isinstance(layer, clip) and layer.output_type(source) == source


def test_it_is_not_long():
    lines = sum(text.count("\n") for _, text in PIECES) + 2 * len(TABLES)  # an import and a row a table
    assert 100 < lines < MOST / 2


def test_nothing_is_left_behind():
    assert "Clip" not in LAYERS and not hasattr(bittrue.spec, "Clip")
