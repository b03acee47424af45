"""The generated C behind a Python interface: compiled once, called through ctypes."""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.cosim.cache import cache_dir, publish, staging_dir
from bittrue.emit.c import sources
from bittrue.errors import BadInput, listed
from bittrue.limits import take
from bittrue.lower.ports import container_bits, module_name
from bittrue.num import Format
from bittrue.spec import Net

_log = logging.getLogger(__name__)
Codes = npt.NDArray[np.int64]
Words = npt.NDArray[np.signedinteger]
Given = npt.ArrayLike | Mapping[str, npt.ArrayLike]

FLAGS = ("-std=c99", "-O3", "-shared", "-fPIC")
"""Convolutions are about twice as fast as with -O2, where gcc leaves loops of uneven lengths as they are.
Warnings are the tests' business: a compiler with a new one must not keep a user from running a net."""


def find_compiler() -> list[str]:
    """Command of the C compiler, as arguments: ``$CC`` where it is set, else the first of cc, gcc, clang.

    Raises `BadInput` where there is none.
    """
    chosen = shlex.split(os.environ.get("CC", ""))
    if chosen:
        if not shutil.which(chosen[0]):
            raise BadInput(f"the C compiler CC={chosen[0]} is not on the path; correct CC or unset it")
        return chosen
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    raise BadInput("no C compiler found (cc, gcc, clang); install one, for example gcc, or point CC at it")


def compile_library(files: Mapping[str, str]) -> Path:
    """Path of the shared library made of the C files, compiled unless the build folder has it already.

    Parameters
    ----------
    files : mapping of str to str
        Text by file name, headers included.

    Raises
    ------
    BadInput
        Where there is no compiler, it fails, or the build folder cannot be written.
    """
    command = [*find_compiler(), *FLAGS]
    content = [sys.platform, platform.machine(), *command, *(text for item in sorted(files.items()) for text in item)]
    final = cache_dir("c", hashlib.sha256("\0".join(content).encode()).hexdigest())
    if not final.is_dir():
        folder = staging_dir(final)
        _log.debug("%s", shlex.join(command))
        try:
            for name, text in files.items():
                (folder / name).write_text(text, encoding="utf-8")
            units = sorted(name for name in files if name.endswith(".c"))
            done = subprocess.run([*command, "-o", "model.so", *units], cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise BadInput(f"{command[0]} cannot compile {listed(units)}: {_first_error(done.stderr)}")
            publish(folder, final)
        except OSError as error:
            raise BadInput(f"cannot compile in {folder}: {error.strerror or error}; see BITTRUE_BUILD") from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return final / "model.so"


def _first_error(messages: str) -> str:
    lines = messages.strip().splitlines() or ["it says nothing"]
    return next((line for line in lines if "error" in line), lines[0])


class CModel:
    """A net as compiled C. ``state_bytes`` is what its state takes: delay lines, tensors, frames between zeros.

    Parameters
    ----------
    net : Net

    Raises
    ------
    BadInput
        Where there is no C compiler, a layer has no C leg, or the state takes more memory than a command may.
    """

    def __init__(self, net: Net) -> None:
        self.net = net
        self._module = module_name(net)
        library = compile_library(sources(net))
        try:
            self._library = ctypes.CDLL(str(library))
        except OSError as error:  # a folder without the right to execute, say
            raise BadInput(f"cannot load {library}: {error}; see BITTRUE_BUILD") from None
        size = self._library[f"{self._module}_state_size"]
        size.restype = ctypes.c_size_t
        self.state_bytes = int(size())
        take(self.state_bytes, f"the state of net {net.name} in C")
        self._state = np.zeros(self.state_bytes // 8 + 1, dtype=np.int64)

    def run(self, codes: Given) -> Codes:
        """Output codes ``(N, *net.output.shape)`` of input codes ``(N, *net.input.shape)``; history starts at zero.

        Raises `BadInput` for codes that do not fit the net's inputs, and for a net with several outputs.
        """
        last = self.net.last
        return self.outputs(codes)[last]

    def outputs(self, codes: Given) -> dict[str, Codes]:
        """Output codes ``(N, *shape)`` by the name of their node; ``codes`` are an array by input. Errors as of `run`,
        but for several outputs.
        """
        given, made = self._arrays(codes)
        self._call("run", len(next(iter(given.values()))), *given.values(), *made.values())
        return {name: array.astype(np.int64) for name, array in made.items()}

    def taps(self, codes: Given) -> dict[str, Codes]:
        """Codes of every tensor of the net by its node's name, inputs excluded; shapes as in `run`."""
        given, made = self._arrays(codes)
        samples = len(next(iter(given.values())))
        take(8 * samples * self.net.elements, f"all tensors of net {self.net.name} for {samples:,} samples")
        arrays = {node.name: self._empty(node.name, samples) for node in self.net.nodes}
        pointers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays.values()))
        self._call("run_taps", samples, *given.values(), *made.values(), ctypes.byref(pointers))
        return {name: array.astype(np.int64) for name, array in arrays.items()}

    def _arrays(self, codes: Given) -> tuple[dict[str, Words], dict[str, Words]]:
        """Arrays of the inputs and, still empty, of the outputs, as C has them, in the order of the net."""
        net, checked = self.net, self.net.check_inputs(codes)
        given = {
            name: np.ascontiguousarray(checked[name].astype(_dtype(net.types[name].format))) for name in net.inputs
        }
        samples = len(next(iter(given.values())))
        elements = sum(net.types[name].elements for name in net.outputs)
        take(8 * samples * elements, f"the results of net {net.name} for {samples:,} samples")
        return given, {name: self._empty(name, samples) for name in net.outputs}

    def _empty(self, name: str, samples: int) -> Words:
        tensor = self.net.types[name]
        return np.zeros((samples, *tensor.shape), _dtype(tensor.format))

    def _call(self, name: str, samples: int, *arguments: object) -> None:
        state = ctypes.c_void_p(self._state.ctypes.data)
        pointers = [ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else a for a in arguments]
        init, function = self._library[f"{self._module}_init"], self._library[f"{self._module}_{name}"]
        init.restype = function.restype = None
        init(state)
        function(state, ctypes.c_size_t(samples), *pointers)


def _dtype(fmt: Format) -> np.dtype[np.signedinteger]:
    return np.dtype(f"int{container_bits(fmt)}")
