"""A stand-in for pynq and the driver that computes nothing: it looks outputs up in demo.npz.

``python replay_board.py SCRIPT ARGUMENTS...`` runs a script on it, in a Python where nothing of bittrue but the board's
part can be imported, and no package but NumPy and Pillow. What runs here has no simulation to lean on.
"""

import runpy
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import numpy as np

ALLOWED = {"numpy", "PIL", "pynq", "bittrue"}
ROOMS = ("board", "errors", "limits", "files", "readers")
"""Of bittrue: the driver, and what it reads and writes files with."""


class OnlyTheBoards:
    """An import hook that refuses what is not on a board, and says so."""

    def find_spec(self, name, path=None, target=None):
        top, _, rest = name.partition(".")
        ours = top == "bittrue" and rest and (rest.partition(".")[0] not in ROOMS or rest == "readers.tensors")
        if ours or (top not in ALLOWED and top not in sys.stdlib_module_names):
            raise ImportError(f"{name} is not on the board", name=name)


class ReplayBoard:
    """Gives for every pass what demo.npz says of its bank, in the order of the passes."""

    def __init__(self, path, **_):
        from bittrue.board.demo import bundle

        self.data = bundle.load(Path(path).with_name(bundle.FILE))
        banks = tuple(SimpleNamespace(name=b.name, hash=b.hash) for b in self.data.banks)
        self.manifest = SimpleNamespace(clock_mhz=100.0, interval=8, banks=banks)
        self.overlay = SimpleNamespace(hierarchy_dict={})
        self.bypass, self.bank, self.calls = False, banks[0].name, 0

    def reset(self):
        self.calls = 0

    def run_codes(self, codes):
        index, fresh = self.calls % len(self.data.codes), self.calls == 0
        self.calls += 1
        if self.bypass:
            return np.array(codes)
        return self.data.due(self.data.names.index(self.bank), index, fresh)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def main(words):
    sys.meta_path.insert(0, OnlyTheBoards())
    pynq = types.ModuleType("pynq")
    pynq.Device = SimpleNamespace(active_device=SimpleNamespace(name="replay of demo.npz"))
    sys.modules["pynq"] = pynq
    import bittrue.board
    import bittrue.board.manifest

    print("bittrue of", Path(bittrue.__file__).parents[2])
    bittrue.board.open = ReplayBoard
    bittrue.board.manifest.check_files = lambda path: ReplayBoard(path).manifest
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
