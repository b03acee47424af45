"""The readers that all others stand on: JSON, TOML, NumPy's files, safetensors; and netlists, which are JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import safetensors.numpy
from target import saved, target

from bittrue import readers
from bittrue.readers.tensors import tensors
from bittrue.timing import estimate
from bittrue.timing.netlist import read_netlist


@target(lambda: [json.dumps({"a": [1, -2.5, "text", None], "b": {"c": True}}).encode()])
def json_document(data: bytes, _: Path) -> object:
    return readers.json_document(data, "the file")


@target(lambda: [b'# a recipe\nname = "x"\nseed = 1\n[train]\nrate = 1.5e-3\nlist = [1, 2]\n[[part]]\na = true\n'])
def toml_document(data: bytes, _: Path) -> object:
    return readers.toml_document(data, "the file")


@target(lambda: [saved(np.save, np.arange(6).reshape(2, 3)), saved(np.save, np.ones(3, np.complex64))])
def npy(data: bytes, _: Path) -> object:
    return readers.npy(data, "the file")


@target(
    lambda: [
        saved(np.savez, a=np.arange(50), b=np.ones((2, 2))),
        saved(np.savez_compressed, a=np.arange(500)),
    ]
)
def npz(data: bytes, _: Path) -> object:
    return readers.npz(data, "the file")


@target(lambda: [safetensors.numpy.save({"a": np.arange(6, dtype=np.int8).reshape(2, 3), "b": np.ones(2)})])
def safetensors_file(data: bytes, _: Path) -> object:
    return tensors(data, "the file")


def cell(kind: str, inputs: dict[str, int], outputs: dict[str, int], **parameters: str) -> dict[str, object]:
    directions = dict.fromkeys(inputs, "input") | dict.fromkeys(outputs, "output")
    pins = {pin: [bit] for pin, bit in (inputs | outputs).items()}
    return {"type": kind, "parameters": parameters, "port_directions": directions, "connections": pins}


NETLIST = {
    "cells": {
        "a": cell("FDRE", {"D": 2, "C": 3}, {"Q": 4}),
        "b": cell("LUT2", {"I0": 4, "I1": 5}, {"O": 6}),
        "c": cell("DSP48E1", {"A": 6, "CLK": 3}, {"P": 7}, AREG="1", MREG="0", PREG="1"),
        "d": cell("RAMB18E1", {"ADDRARDADDR": 7, "CLKARDCLK": 3}, {"DOADO": 5}, DOA_REG="1"),
        "e": cell("CARRY4", {"CI": 4, "S": 5}, {"O": 8}),
    },
    "ports": {"clk": {"direction": "input", "bits": [3]}, "y": {"direction": "output", "bits": [8]}},
    "netnames": {"held": {"hide_name": 0, "bits": [4], "attributes": {"bittrue_register": "1"}}},
}


@target(lambda: [json.dumps({"modules": {"top": NETLIST}}).encode()])
def netlist(data: bytes, _: Path) -> object:
    return estimate(read_netlist(data, "top"))
