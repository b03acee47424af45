"""A board for the demo's tests: the reference in the overlay's place, with the driver's names and nothing of pynq."""

import atexit
import contextlib
import importlib.util
import shutil
import sys
import tempfile
import types
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from bittrue import ref, spec
from bittrue.apps.dpd.demonstrating import demo_data, plant
from bittrue.board.demo import bundle, texts
from bittrue.spec.store import content_hash

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "demo" / "hdmi_demo.py"
BANKS = {"cold": -65.0, "normal": 0.0, "hot": 60.0}


@cache
def nets():
    """The thermal banks."""
    return {name: spec.load(ROOT / "weights" / "tdnn-thermal" / name) for name in BANKS}


@cache
def overlay():
    """An overlay folder with the demo's data, five passes, as many as `make demo` has; and a stand-in for a .bit."""
    made = Path(tempfile.mkdtemp(prefix="bittrue-demo-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    demo_data.write(made, nets(), list(BANKS.values()), plant.stored(), count=5, seed=1)
    (made / "net_shell.bit").write_text("a stand-in")
    return made


@cache
def loaded():
    """The demo's data as the board reads them."""
    return bundle.load(overlay() / bundle.FILE)


def short(data, samples=700):
    """The same demo with one short pass: its loop takes milliseconds."""
    part = slice(0, samples)
    return replace(
        data,
        titles=data.titles[:1],
        measured=samples - data.warm,
        codes=data.codes[:1, part],
        expected=data.expected[:, :1, part],
        channel=replace(data.channel, nperseg=samples - data.warm),
    )


def said(data):
    """The texts of a demo on a stand-in."""
    return texts.texts(data, "a stand-in", 100.0, 8)


class NumpyBoard:
    """What `bittrue.board.open` returns, as far as the demo uses it; history goes on from call to call."""

    def __init__(self, banks, interval=8):
        net = next(iter(banks.values()))
        self.banks, self.memory = banks, net.memory
        self.manifest = SimpleNamespace(
            clock_mhz=100.0,
            interval=interval,
            banks=tuple(SimpleNamespace(name=name, hash=content_hash(bank)) for name, bank in banks.items()),
        )
        self.overlay = SimpleNamespace(hierarchy_dict={})
        self.bank, self.bypass, self.closed, self.resets = next(iter(banks)), False, False, 0
        self.seen = []
        self.spoil = lambda call, out: out
        self.reset()

    def reset(self):
        self.past = np.zeros((0, 2), np.int64)
        self.resets += 1

    def run_codes(self, codes):
        self.seen.append((self.bank, self.bypass))
        stream = np.concatenate([self.past, codes])
        out = ref.run(self.banks[self.bank], stream)[len(self.past) :]
        self.past = stream[-self.memory :] if self.memory else stream[:0]
        return self.spoil(len(self.seen) - 1, codes.copy() if self.bypass else out)

    def close(self):
        self.closed = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def script(manifest):
    """The demo script as a module; the files of its overlay are taken for those of this manifest."""
    made = importlib.util.spec_from_file_location("hdmi_demo", SCRIPT)
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    module.check_files = lambda path: manifest
    return module


@contextlib.contextmanager
def opened(patch, board):
    """Within it, `bittrue.board.open` gives this board, and pynq is a stand-in that only knows a device's name."""
    pynq = types.ModuleType("pynq")
    pynq.Device = SimpleNamespace(active_device=SimpleNamespace(name="NumPy stand-in"))
    patch.setitem(sys.modules, "pynq", pynq)
    calls = []
    patch.setattr("bittrue.board.open", lambda path, **options: calls.append((path, options)) or board)
    yield calls
