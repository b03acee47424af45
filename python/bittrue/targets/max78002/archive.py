"""PyTorch's zip archives (.pth, .pt, .pth.tar), read without executing anything that they hold.

An archive has a pickle, a program for a stack machine, and one raw file a storage. `torch.load` runs that program; here
a list of its plain instructions is interpreted, which build dictionaries, lists, numbers, text and tensors. Whatever
else the program asks for (optimisers, schedulers, classes of the training tool) becomes an inert `Opaque` and is never
imported or called. PyTorch is not needed.
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.files import read_bytes

Array = npt.NDArray[Any]
STORAGES: dict[str, str] = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}
ELEMENTS = 1 << 26
"""Most numbers of a tensor: far more than fit the chip, so that a small file cannot ask for all memory."""

_DONE = {"PROTO", "FRAME", "STOP"}


@dataclass(frozen=True)
class Name:
    """A name that the archive would import: ``torch.FloatStorage``."""

    text: str


class Opaque:
    """Something that the archive holds and nobody here needs; it takes state and items, and keeps none."""


class Malformed(Exception):
    """What the program of an archive asks for makes no sense."""


def read_archive(path: str | Path) -> Any:
    """What ``torch.save`` wrote: dictionaries, lists, tuples, numbers, text, and tensors as arrays.

    Raises `BadInput` for a file that cannot be read, is no zip archive of PyTorch's, or is damaged.
    """
    data = read_bytes(path, "the checkpoint")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise BadInput(
            f"{path} is not a zip archive of torch.save; save it again with PyTorch 1.6 or newer, or as .npz"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Machine(_Records(archive)).run()
    except (Malformed, zipfile.BadZipFile, ValueError, IndexError, KeyError, TypeError, EOFError) as error:
        raise BadInput(f"{path} is damaged or no checkpoint of torch.save ({error}); save it again") from None


class _Records:
    """The files of an archive by their names without the leading folder."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive, names = archive, archive.namelist()
        if len(set(names)) != len(names):
            raise Malformed("it holds a file twice")
        programs = [name for name in names if name.rpartition("/")[2] == "data.pkl"]
        if len(programs) != 1:
            raise Malformed("it has no data.pkl" if not programs else "it has several data.pkl")
        self.folder = programs[0].rpartition("/")[0]

    def read(self, name: str) -> bytes:
        info = self.archive.getinfo(f"{self.folder}/{name}" if self.folder else name)
        if info.compress_type != zipfile.ZIP_STORED:
            raise Malformed(f"{name} is compressed, which torch.save never does")
        return self.archive.read(info)

    def has(self, name: str) -> bool:
        return (f"{self.folder}/{name}" if self.folder else name) in self.archive.namelist()


class _Machine:
    """The stack machine: ``run`` interprets data.pkl."""

    def __init__(self, records: _Records) -> None:
        if records.has("byteorder") and records.read("byteorder").strip() != b"little":
            raise Malformed("it was written on a big-endian machine")
        self.records, self.stack, self.memo = records, list[Any](), dict[int, Any]()
        self.marks, self.storages = list[int](), dict[str, Array]()

    def run(self) -> Any:
        for operation, argument, _ in pickletools.genops(self.records.read("data.pkl")):
            name = operation.name
            if name not in _DONE:
                step = _STEPS.get(name)
                if step is None:
                    raise Malformed(f"instruction {name} is not one of torch.save's")
                step(self, argument)
        (result,) = self.stack
        return result

    def pop_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def call(self, function: Any, arguments: Any) -> Any:
        known = _CALLS.get(function.text) if isinstance(function, Name) else None
        return Opaque() if known is None else known(self, *arguments)

    def persistent(self, key: Any) -> Array:
        kind, storage, name, _, count = key
        if kind != "storage" or not isinstance(storage, Name):
            raise Malformed(f"{key!r} is no storage")
        number = STORAGES.get(storage.text.rpartition(" ")[2])
        if number is None:
            raise Malformed(f"tensors of {storage.text} are not read; convert them to float32")
        if name not in self.storages:
            self.storages[name] = np.frombuffer(self.records.read(f"data/{name}"), dtype=number)
        if len(self.storages[name]) != count:
            raise Malformed(f"storage {name} holds {len(self.storages[name])} numbers instead of {count}")
        return self.storages[name]

    def set_items(self, target: Any, items: list[Any]) -> None:
        if isinstance(target, dict):
            keys = items[::2]
            if any(key in target for key in keys) or len(set(keys)) != len(keys):
                raise Malformed("it holds a key twice")
            target.update(zip(keys, items[1::2], strict=True))
        elif not isinstance(target, Opaque):
            raise Malformed(f"a {type(target).__name__} takes no keys")

    def append(self, target: Any, items: list[Any]) -> None:
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Opaque | set):
            raise Malformed(f"a {type(target).__name__} takes no items")


def _tensor(_: _Machine, storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *__: Any) -> Any:
    """A copy of the part of a storage that a tensor is made of."""
    if not isinstance(storage, np.ndarray):
        return Opaque()
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if min((*size, *stride, offset), default=0) < 0 or (0 not in size and last >= len(storage)):
        raise Malformed("a tensor reaches beyond its storage")
    if math.prod(size) > ELEMENTS:
        raise Malformed(f"a tensor of {math.prod(size):,} numbers is larger than {ELEMENTS:,}")
    steps = tuple(s * storage.itemsize for s in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False).copy()


_CALLS: dict[str, Callable[..., Any]] = {
    "collections OrderedDict": lambda machine, *items: OrderedDict(*items),
    "torch._utils _rebuild_tensor_v2": _tensor,
    "torch._utils _rebuild_parameter": lambda machine, data, *rest: data,
    "torch._utils _rebuild_parameter_with_state": lambda machine, data, *rest: data,
    "builtins set": lambda machine, *items: set(),
}
"""What may be called: makers of plain containers and of tensors, all of them here."""


def _push(value: Callable[[Any], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(value(argument))


def _top(count: int) -> Callable[[_Machine, Any], None]:
    def step(machine: _Machine, _: Any) -> None:
        items = tuple(machine.stack[len(machine.stack) - count :])
        del machine.stack[len(machine.stack) - count :]
        machine.stack.append(items)

    return step


def _on_two(method: Callable[[_Machine, Any, Any], Any]) -> Callable[[_Machine, Any], None]:
    """An instruction that replaces the two topmost items by a result."""

    def step(machine: _Machine, _: Any) -> None:
        second, first = machine.stack.pop(), machine.stack.pop()
        machine.stack.append(method(machine, first, second))

    return step


def _stack_global(_: _Machine, module: Any, name: Any) -> Name:
    return Name(f"{module} {name}")


def _put(machine: _Machine, argument: Any) -> None:
    machine.memo[len(machine.memo) if argument is None else int(argument)] = machine.stack[-1]


_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    **dict.fromkeys(("EMPTY_DICT", "DICT"), _push(lambda _: {})),
    "EMPTY_LIST": _push(lambda _: []),
    "EMPTY_TUPLE": _push(lambda _: ()),
    "EMPTY_SET": _push(lambda _: set()),
    "NONE": _push(lambda _: None),
    "NEWTRUE": _push(lambda _: True),
    "NEWFALSE": _push(lambda _: False),
    **dict.fromkeys(
        ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        _push(lambda value: value),
    ),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINSTRING", "SHORT_BINSTRING"), _push(lambda _: Opaque())),
    "GLOBAL": _push(Name),
    "STACK_GLOBAL": _on_two(_stack_global),
    "TUPLE1": _top(1),
    "TUPLE2": _top(2),
    "TUPLE3": _top(3),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.pop_mark())),
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _put),
    **dict.fromkeys(
        ("GET", "BINGET", "LONG_BINGET"),
        lambda machine, argument: machine.stack.append(machine.memo[int(argument)]),
    ),
    "BINPERSID": lambda machine, _: machine.stack.append(machine.persistent(machine.stack.pop())),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _on_two(lambda machine, function, items: machine.call(function, items))),
    "BUILD": lambda machine, _: machine.stack.pop(),
    "SETITEM": lambda machine, _: _set_item(machine),
    "SETITEMS": lambda machine, _: _under_mark(machine, _Machine.set_items),
    "APPEND": lambda machine, _: _append(machine),
    "APPENDS": lambda machine, _: _under_mark(machine, _Machine.append),
    "ADDITEMS": lambda machine, _: _under_mark(machine, _Machine.append),
}


def _under_mark(machine: _Machine, method: Callable[[_Machine, Any, list[Any]], None]) -> None:
    items = machine.pop_mark()
    method(machine, machine.stack[-1], items)


def _set_item(machine: _Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.set_items(machine.stack[-1], [key, value])


def _append(machine: _Machine) -> None:
    item = machine.stack.pop()
    machine.append(machine.stack[-1], [item])
