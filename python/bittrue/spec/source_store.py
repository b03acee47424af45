"""Sources on disk: ``source.json`` beside the net that it drives (docs/noise-source.md)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from bittrue.committed import located
from bittrue.errors import BadInput, listed, shown
from bittrue.files import read_bytes, write_together
from bittrue.limits import TEXT
from bittrue.num.threefry import ROUNDS
from bittrue.readers import json_document
from bittrue.spec.net import Net
from bittrue.spec.source import Input, Latent, Parameter, Source
from bittrue.spec.store import content_hash
from bittrue.spec.store import contents as net_contents
from bittrue.spec.store import load as load_net

SOURCE_FILE = "source.json"
VERSION = 1
GENERATOR = f"threefry2x32-{ROUNDS}"
"""The one generator that there is."""
_KEYS = ("format", "version", "net", "generator", "output", "samples", "gain", "inputs")
_LATENT = ("input", "stream", "distribution", "step")
_PARAMETER = ("input", "parameter", "low", "high", "default", "frac", "offset")


def text(source: Source) -> str:
    """The content of ``source.json``."""
    document = {
        "format": "bittrue-source",
        "version": VERSION,
        "net": content_hash(source.net),
        "generator": GENERATOR,
        "output": source.net.last,
        "samples": source.samples,
        "gain": int(source.gain),
        "inputs": [_entry(name, given) for name, given in source.inputs.items()],
    }
    return json.dumps(document, indent=1) + "\n"


def _entry(name: str, given: Input) -> dict[str, Any]:
    if isinstance(given, Latent):
        values: tuple[object, ...] = (name, int(given.stream), given.distribution, int(given.step))
        return dict(zip(_LATENT, values, strict=True))
    numbers = {key: int(getattr(given, key)) for key in _PARAMETER[2:]}
    return {"input": name, "parameter": given.name, **numbers}


def contents(source: Source) -> dict[str, bytes | str]:
    """The files of a folder with a source: those of its net, and ``source.json``."""
    return net_contents(source.net) | {SOURCE_FILE: text(source)}


def save(source: Source, folder: str | os.PathLike[str]) -> None:
    """Write the files of `contents` into ``folder``, which is made if need be; all or none."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror or error}; choose another folder") from None
    write_together(folder, contents(source))


def has_source(folder: str | os.PathLike[str]) -> bool:
    """Whether a net folder, or the committed net of that name, has a ``source.json``."""
    return (located(folder) / SOURCE_FILE).is_file()


def load(folder: str | os.PathLike[str]) -> Source:
    """Read a net folder, or the committed net of that name, with its source.

    Raises `BadInput` as `bittrue.spec.load`, where there is no ``source.json``, it is of another net, or it holds
    anything but what `save` writes.
    """
    folder = located(folder)
    net = load_net(folder)
    path = folder / SOURCE_FILE
    if not path.is_file():
        raise BadInput(f"{folder} holds net {net.name} and no {SOURCE_FILE}, so it is no source; give a folder of one")
    what = f"the source {path}"
    document = json_document(read_bytes(path, "the source", TEXT), what)
    try:
        return parsed(document, net)
    except BadInput as error:
        raise BadInput(f"{what}: {error}") from None


def as_source(source: Source | str | os.PathLike[str]) -> Source:
    """A source as it is, or what `load` reads. Raises `BadInput` as that does, and for a net without a source."""
    if isinstance(source, Source):
        return source
    if isinstance(source, Net):
        raise BadInput(f"net {source.name} alone is no source; give its folder, or a bittrue.spec.source.Source")
    return load(source)


def parsed(document: object, net: Net) -> Source:
    """The source that a document describes. Raises `BadInput` as `load`."""
    values = _object(document, _KEYS, "it")
    for key, wanted in (
        ("format", "bittrue-source"),
        ("version", VERSION),
        ("generator", GENERATOR),
        ("net", content_hash(net)),
        ("output", net.last),
    ):
        if values[key] != wanted or type(values[key]) is not type(wanted):
            fix = "write it again for this net" if key in ("net", "output") else "write it with this bittrue"
            raise BadInput(f"its {key!r} is {shown(values[key])}, and {shown(wanted)} is needed; {fix}")
    entries = values["inputs"]
    if not isinstance(entries, list):
        raise BadInput(f"its 'inputs' are {shown(entries)}; give a list of objects")
    inputs: dict[str, Input] = {}
    for entry in entries:
        name, given = _input(entry)
        if name in inputs:
            raise BadInput(f"input {shown(name)} stands in it twice; leave one of them")
        inputs[name] = given
    source = Source(net, inputs, values["gain"])
    if list(inputs) != list(net.inputs):
        raise BadInput(f"it has inputs {listed(inputs)}; give them in the order of the net: {listed(net.inputs)}")
    if values["samples"] != source.samples or type(values["samples"]) is not int:
        raise BadInput(
            f"its 'samples' are {shown(values['samples'])}, and the output has {source.samples} positions; write it "
            f"again"
        )
    return source


def _input(entry: object) -> tuple[str, Input]:
    if isinstance(entry, dict) and "parameter" in entry:
        values = _object(entry, _PARAMETER, "an input")
        given: Input = Parameter(*(values[key] for key in _PARAMETER[1:]))
    else:
        values = _object(entry, _LATENT, "an input")
        given = Latent(*(values[key] for key in _LATENT[1:]))
    if not isinstance(values["input"], str):
        raise BadInput(f"an input is called {shown(values['input'])}; give the name that the net has for it")
    return values["input"], given


def _object(value: object, keys: tuple[str, ...], what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{what} is {shown(value)}; give an object with {listed(keys)}")
    if odd := sorted(set(value) ^ set(keys)):
        does = "has no key" if odd[0] in keys else "has a key too many,"
        raise BadInput(f"{what} {does} {shown(odd[0])}; give an object with {listed(keys)}")
    return value
