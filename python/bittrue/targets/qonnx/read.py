"""A QONNX model as a net."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bittrue.readers.damage import refusing
from bittrue.spec import Net
from bittrue.targets.qonnx.export import NOTE
from bittrue.targets.qonnx.importing.interpreter import Interpreter
from bittrue.targets.qonnx.importing.model import read_model
from bittrue.targets.qonnx.importing.stored import stored_net


@dataclass(frozen=True)
class Imported:
    """A net, and sentences about what has to be known of it, or was changed."""

    net: Net
    remarks: tuple[str, ...]


def read_qonnx(path: str | os.PathLike[str], requantise: bool = False) -> Imported:
    """The net that a QONNX model is.

    Its integers are those of exact arithmetic; those of a float32 executor wherever no sum of it is rounded.

    Parameters
    ----------
    requantise : bool
        Change what no net has (roundings, scales, biases), and report every change, in place of refusing it.

    Raises
    ------
    BadInput
        For a file that is no model, operators without a layer, and, without ``requantise``, what has to be changed.
    """
    model = read_model(path)
    own = stored_net(model)
    if own is not None:
        return Imported(own, ())
    with refusing(f"the QONNX model {path}"):
        reading = Interpreter(model, requantise)
        net = reading.run(Path(path).stem)
    changed = (
        ("bittrue wrote this model, and it was changed since: it is read as any other",) if NOTE in model.notes else ()
    )
    return Imported(net, (*changed, *reading.net.remarks))
