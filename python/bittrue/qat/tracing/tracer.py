"""A module of PyTorch's as a graph of its calls, each with its value on an example and its place in the source."""

from __future__ import annotations

import copy
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn

from bittrue.errors import BadInput

KNOWN = {"shape", "ndim", "dtype", "device", "size", "dim", "numel", "nelement", "ndimension", "is_floating_point"}
"""What of a tensor is a number, or says one, that does not depend on the samples; Python gets it while tracing."""
FAILURES = (TypeError, RuntimeError, ValueError, LookupError, AttributeError, AssertionError)
"""What calls raise on samples, or arguments, that they do not take; a `TraceError` is a ValueError."""
_INSIDE = (f"{Path(__file__).parent}{os.sep}", f"{Path(torch.__file__).parent}{os.sep}")
"""Where sources lie that are not the user's."""


def trace(module: nn.Module, example: Sequence[Tensor]) -> tuple[nn.Module, fx.Graph]:
    """The calls that ``module.forward`` makes on ``example``, and the module that they refer to.

    Every node's ``meta`` has ``value``, its result on the example, and ``place``, text that says where it stands. What
    Python decides from shapes is decided by those of the example. The given module is not changed.

    Parameters
    ----------
    module : Module
    example : tensors (N, ...)
        One for each argument of ``forward``, N samples of each.

    Raises
    ------
    BadInput
        Where ``forward`` takes other arguments, decides by the values of tensors, or fails on the example.
    """
    tracer = _Tracer(example)
    root = nn.Sequential(module) if tracer.is_leaf_module(module, "") else copy.copy(module)
    try:
        _check_arguments(module, len(example))
        graph = tracer.trace(root)
    except BadInput:
        raise
    except FAILURES as error:
        where = tracer.failed(error)
        if isinstance(error, fx.proxy.TraceError):
            raise BadInput(
                f"{where} decides or loops by the values of a tensor; a net computes the same for every sample, so "
                f"take that out of forward"
            ) from None
        why = " ".join(str(error).split())[:300]
        raise BadInput(
            f"{where} fails on samples of shape {_shapes(example)} ({why}); give samples (N, ...) of the shape that "
            f"the module takes"
        ) from None
    return root, graph


def _shapes(example: Sequence[Tensor]) -> str:
    return " and ".join(str(tuple(tensor.shape[1:])) for tensor in example)


def _check_arguments(module: nn.Module, given: int) -> None:
    """Raise `BadInput` unless ``forward`` takes as many tensors as examples are given."""
    arguments = list(inspect.signature(module.forward).parameters.values())
    needed = [a for a in arguments if a.default is a.empty]
    several = any(a.kind in (a.VAR_POSITIONAL, a.VAR_KEYWORD, a.KEYWORD_ONLY) for a in needed)
    if several or not len(needed) <= given <= len(arguments):
        names = ", ".join(map(str, arguments))
        raise BadInput(
            f"{type(module).__name__}.forward takes ({names}), and examples of {given} are given; let it take tensors "
            f"by position, and give a tuple of one for each"
        )


class _Shaped(fx.Proxy):
    """A value under trace that knows its shape."""

    def __getattr__(self, k: str) -> Any:
        value = self.node.meta.get("value")
        return getattr(value, k) if k in KNOWN and isinstance(value, Tensor) else super().__getattr__(k)

    def __len__(self) -> int:
        return len(self.node.meta["value"])


class _Tracer(fx.Tracer):
    """Runs every call on the example as soon as it is recorded."""

    def __init__(self, example: Sequence[Tensor]) -> None:
        super().__init__()
        self._example, self._running, self._last = [tensor.clone() for tensor in example], False, ""

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Shaped(node, self)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **options: Any) -> Any:
        """An argument without an example keeps its default."""
        if kind == "placeholder" and not self._example:
            return args[0]
        return super().create_proxy(kind, target, args, kwargs, *rest, **options)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Record a layer; one that is being run on the example is just run."""
        return forward(*args, **kwargs) if self._running else super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """Parameters are recorded, but not those of a layer that is being run."""
        return attr_val if self._running else super().getattr(attr, attr_val, parameter_proxy_cache)

    def create_node(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **options: Any) -> fx.Node:
        """A node with its value and place."""
        node = super().create_node(kind, target, args, kwargs, *rest, **options)
        self._last = node.meta["place"] = self._place(node)
        with self._run():
            node.meta["value"] = self._value(node)
        return node

    def failed(self, error: BaseException) -> str:
        """Where tracing stopped: the line of the user's source, else the call that was recorded last."""
        steps, found = error.__traceback__, ""
        while steps is not None:
            name = steps.tb_frame.f_code.co_filename
            if not name.startswith(_INSIDE):
                found = f"{name}:{steps.tb_lineno}"
            steps = steps.tb_next
        inside = getattr(self, "root", None)
        owner = f"{type(inside).__name__}.forward" if inside is not None else "the module"
        return f"{owner} at {self._last}" if self._last and not found else f"{owner} at {found}" if found else owner

    @contextmanager
    def _run(self) -> Iterator[None]:
        before, self._running = self._running, True
        try:
            with torch.no_grad():
                yield
        finally:
            self._running = before

    def _value(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            return self._example.pop(0)
        if node.op == "get_attr":
            return _attribute(self.root, str(node.target))
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), lambda given: given.meta["value"])
        if node.op == "output":
            return args[0]
        if node.op == "call_module":
            return self.root.get_submodule(str(node.target))(*args, **kwargs)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **kwargs)
        return node.target(*args, **kwargs)  # type: ignore[operator]

    def _place(self, node: fx.Node) -> str:
        """What is called, and the line of the user's source that calls it, where there is one."""
        what = str(node.target) if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
        what = "a tensor" if what.startswith("_tensor_constant") else what
        if node.op == "call_module":
            what = f"{node.target} ({type(self.root.get_submodule(str(node.target))).__name__})"
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename.startswith(_INSIDE):
            if frame.f_code is trace.__code__:
                return what
            frame = frame.f_back  # type: ignore[assignment]
        return f"{what} at {frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else what


def _attribute(root: nn.Module, path: str) -> Any:
    found: Any = root
    for name in path.split("."):
        found = getattr(found, name)
    return found
