"""The stack machine of a pickle, as far as ``torch.save`` needs it to write plain values and tensors.

`pickle` would run what a file asks for; here a list of plain instructions is interpreted, which build dictionaries,
lists, numbers, text and tensors. Whatever else the program asks for (optimisers, schedulers, classes of the training
tool) becomes an inert `Opaque` and is never imported or called.

Containers may be nested and shared in any way, so nothing here hashes, compares or prints one.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

from bittrue.errors import shown
from bittrue.targets.max78002.storages import Malformed, Name, Opaque, Storage, StoredTensor

INSTRUCTIONS = 1 << 21
"""Most instructions of a program: hundreds of layers with their optimiser take some 10,000."""

_DONE = {"PROTO", "FRAME", "STOP"}


def run(program: bytes, read: Callable[[str], bytes]) -> Any:
    """The value that a program builds; ``read`` gives the bytes of a storage by its name.

    Raises `Malformed`, or what Python raises for nonsense (`bittrue.readers.DAMAGE`).
    """
    machine = _Machine(read)
    try:
        for number, (operation, argument, _) in enumerate(pickletools.genops(program)):
            if number == INSTRUCTIONS:
                raise Malformed(f"data.pkl has more than {INSTRUCTIONS:,} instructions")
            if operation.name not in _DONE:
                step = _STEPS.get(operation.name)
                if step is None:
                    raise Malformed(f"instruction {operation.name} is not one of torch.save's")
                step(machine, argument)
    except AssertionError:  # pickletools, for lengths that no file has
        raise Malformed("data.pkl has an impossible length") from None
    if len(machine.stack) != 1:
        raise Malformed(f"data.pkl leaves {len(machine.stack)} values instead of one")
    return machine.stack[0]


class _Machine:
    def __init__(self, read: Callable[[str], bytes]) -> None:
        self.read, self.stack, self.memo, self.marks = read, list[Any](), dict[int, Any](), list[int]()

    def pop_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def call(self, function: Any, arguments: Any) -> Any:
        text = function.text if isinstance(function, Name) else "an object"
        known = _CALLS.get(text)
        if known is None or not isinstance(arguments, tuple):
            return Opaque(text)
        return known(self, *arguments)

    def set_items(self, target: Any, items: list[Any]) -> None:
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=True):
                if _key(key) in target:
                    raise Malformed(f"it holds a key twice, {shown(key)}")
                target[key] = value
        elif not isinstance(target, Opaque):
            raise Malformed(f"a {type(target).__name__} takes no keys")

    def append(self, target: Any, items: list[Any]) -> None:
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Opaque):
            raise Malformed(f"a {type(target).__name__} takes no items")


def _key(key: Any) -> Any:
    """``key``, where it is text, a number or a flat tuple of these, whose hash is cheap; else `Malformed`."""
    plain = key if isinstance(key, tuple) else (key,)
    if not all(isinstance(part, str | int | float | None | Name | Opaque) for part in plain):
        raise Malformed(f"a key is {shown(key)}; keys are text and numbers")
    if any(isinstance(part, int) and part.bit_length() > 64 for part in plain):
        raise Malformed(f"a key is {shown(key)}, a number beyond 64 bits")
    return key


def _dictionary(machine: _Machine, *pairs: Any) -> dict[Any, Any]:
    """An ordered dictionary, empty or of a list of pairs."""
    result: dict[Any, Any] = {}
    for pair in pairs[0] if pairs else []:
        key, value = pair
        machine.set_items(result, [key, value])
    return result


_CALLS: dict[str, Callable[..., Any]] = {
    "collections OrderedDict": _dictionary,
    "torch._utils _rebuild_tensor_v2": lambda machine, *rest: StoredTensor.of(*rest),
    "torch._utils _rebuild_parameter": lambda machine, data, *rest: data,
    "torch._utils _rebuild_parameter_with_state": lambda machine, data, *rest: data,
}
"""What may be called: makers of plain containers and of tensors, all of them here."""


def _push(value: Callable[[Any], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(value(argument))


def _top(count: int) -> Callable[[_Machine, Any], None]:
    def step(machine: _Machine, _: Any) -> None:
        if len(machine.stack) < count:
            raise Malformed("data.pkl takes more than there is")
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
    if not isinstance(module, str) or not isinstance(name, str):
        raise Malformed("data.pkl imports what has no name")
    return Name(f"{module} {name}")


def _put(machine: _Machine, argument: Any) -> None:
    machine.memo[len(machine.memo) if argument is None else int(argument)] = machine.stack[-1]


_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    **dict.fromkeys(("EMPTY_DICT", "DICT"), _push(lambda _: {})),
    "EMPTY_LIST": _push(lambda _: []),
    "EMPTY_TUPLE": _push(lambda _: ()),
    "EMPTY_SET": _push(lambda _: Opaque("a set")),
    "NONE": _push(lambda _: None),
    "NEWTRUE": _push(lambda _: True),
    "NEWFALSE": _push(lambda _: False),
    **dict.fromkeys(
        ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        _push(lambda value: value),
    ),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINSTRING", "SHORT_BINSTRING"), _push(lambda _: Opaque("bytes"))),
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
    "BINPERSID": lambda machine, _: machine.stack.append(Storage.of(machine.stack.pop(), machine.read)),
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
