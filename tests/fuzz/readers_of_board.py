"""Readers of what goes to the board: manifest, bank words, and the demo's data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
from target import saved, target

from bittrue.board.demo import bundle
from bittrue.board.demo.heartbeats import bundle as heartbeats
from bittrue.board.demo.radio import bundle as radio
from bittrue.board.manifest import read_manifest
from bittrue.lower.means import PLAIN
from bittrue.lower.sources import Sources, read_sources
from bittrue.num import Format
from bittrue.spec import Dense, Net, Node, TensorType
from bittrue.targets.pynq_z1.build import describe
from bittrue.targets.pynq_z1.clock import fclk
from bittrue.targets.pynq_z1.design import Design

_Q = Format.parse("Q1.7")
_NET = Net("n", TensorType((2,), _Q), (Node("fc", Dense(np.eye(2, dtype=int), [0, 1], _Q, _Q), ("input",)),))


@cache
def _overlay() -> tuple[str, bytes]:
    """A manifest that has no hash of the words, and the words."""
    manifest, words = describe({"a": _NET, "b": _NET}, Design.of(_NET, fclk(100)), 8, PLAIN, (_NET, _NET))
    return manifest.to_json().replace(f'"{manifest.files["npz"]}"', "null"), words


@target(lambda: [_overlay()[0].encode()])
def overlay_manifest(data: bytes, folder: Path) -> object:
    (folder / "n.json").write_bytes(data)
    found = read_manifest(folder / "n.json")
    return found.names, [found.bank_number(name) for name in found.names]


@target(lambda: [_overlay()[1]])
def bank_words(data: bytes, folder: Path) -> object:
    (folder / "n.json").write_text(_overlay()[0])
    (folder / "n.npz").write_bytes(data)
    return read_manifest(folder / "n.json").bank_words("b")


_SOURCES = Sources('module m;\n  initial $readmemh("m.mem", words);\nendmodule\n', {"m.mem": "0a\n"})


@target(lambda: [_SOURCES.listed_files("m")["m.sha256"].encode()])
def hardware_list(data: bytes, folder: Path) -> object:
    for name, text in _SOURCES.listed_files("m").items():
        (folder / name).write_bytes(data if name == "m.sha256" else text.encode())
    return read_sources(folder / "m.v")


def _demo() -> bytes:
    about = {
        "format": "bittrue-demo",
        "version": 1,
        "net": "n",
        "banks": [{"name": "a", "hash": "sha256:0", "kelvin": 0.0}],
        "titles": ["one"],
        "channel": {"sample_rate": 1e6, "bandwidth": 2e5, "n_sub_ch": 2, "nperseg": 32},
        "amplifier": {
            "title": "a model",
            "peak": 1.0,
            "top": 1.0,
            "rates": dict.fromkeys(("gain_db", "phase", "peak_db", "peak_phase", "memory"), 0.01),
        },
        "warm": 4,
        "measured": 32,
        "delay": 1,
        "frac_in": 7,
        "frac_out": 7,
        "hot_swap": True,
    }
    codes = np.arange(74, dtype=np.int16).reshape(1, 37, 2)
    terms = np.array([[0, 0, 0], [2, 1, -1]], np.int16)
    return saved(
        np.savez,
        about=np.array(json.dumps(about)),
        codes=codes,
        expected=codes[None],
        start=codes[None, :, :2],
        terms=terms,
        coefficients=np.array([1.0, 0.1j]),
    )


@target(lambda: [_demo()])
def demo_bundle(data: bytes, folder: Path) -> object:
    (folder / "demo.npz").write_bytes(data)
    found = bundle.load(folder / "demo.npz")
    return [found.amplifier(found.signal(k), 20.0) for k in range(len(found.codes))]


def _heartbeats() -> bytes:
    about = {
        "format": "bittrue-demo-heartbeats",
        "version": 1,
        "net": "n",
        "hash": "sha256:0",
        "title": "a record",
        "classes": ["N", "V"],
        "rate": 360.0,
    }
    return saved(
        np.savez,
        about=np.array(json.dumps(about)),
        codes=np.zeros((3, 1, 4), np.int8),
        expected=np.arange(6).reshape(3, 2),
        labels=np.array([0, 1, -1], np.int8),
        positions=np.array([5, 9, 14]),
        signal=np.arange(20, dtype=np.int32),
    )


@target(lambda: [_heartbeats()])
def demo_heartbeats(data: bytes, folder: Path) -> object:
    (folder / "demo.npz").write_bytes(data)
    found = heartbeats.load(folder / "demo.npz")
    return found.title, found.labels.tolist()


def _radio() -> bytes:
    about = {
        "format": "bittrue-demo-radio",
        "version": 1,
        "net": "n",
        "hash": "sha256:0",
        "title": "a city",
        "black": -147.0,
        "white": -47.84,
    }
    return saved(
        np.savez,
        about=np.array(json.dumps(about)),
        codes=np.zeros((2, 13, 2, 2), np.int8),
        expected=np.zeros((2, 4, 2, 2), np.int16),
        truth=np.zeros((2, 4, 4), np.uint8),
        built=np.zeros((2, 4, 4), np.uint8),
        places=np.array([[1, 2], [3, 0]]),
        numbers=np.array([[7, 0], [8, 0]]),
    )


@target(lambda: [_radio()])
def demo_radio(data: bytes, folder: Path) -> object:
    (folder / "demo.npz").write_bytes(data)
    found = radio.load(folder / "demo.npz")
    return found.side, radio.unfolded(found.expected).tolist()
