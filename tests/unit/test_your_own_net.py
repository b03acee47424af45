"""The page docs/your-own-net.md: its sources run as they stand, and what they make is equal on the legs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from bittrue import ref
from bittrue.cli import main
from bittrue.num import Format
from bittrue.spec import load

PAGE = (Path(__file__).parents[2] / "docs" / "your-own-net.md").read_text()
JOURNEYS = {
    section.split(":")[0].lower(): section for section in PAGE.partition("## Four journeys")[2].split("\n### ")[1:]
}
REACHED = {"steps": 0.95, "stripes": 0.9}
"""The least share of right answers on samples that training has not seen."""


def source(journey: str) -> str:
    (found,) = re.findall(r"^```python\n(.*?)^```$", JOURNEYS[journey], re.M | re.S)
    return found


def commands(journey: str) -> list[list[str]]:
    (found,) = re.findall(r"^```sh\n(.*?)^```$", JOURNEYS[journey], re.M | re.S)
    return [shlex.split(line)[1:] for line in found.splitlines()]


def run(journey: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "journey"}
    exec(compile(source(journey), f"{journey}.py", "exec"), names)
    return names


def test_there_are_four_of_less_than_thirty_lines():
    assert list(JOURNEYS) == ["steps", "stripes", "arm", "denoise"]
    for journey in JOURNEYS:
        assert len([line for line in source(journey).splitlines() if line.strip()]) < 30
        assert commands(journey)[0] == ["check", journey]


@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_journey(journey, tmp_path, monkeypatch):
    names = run(journey, tmp_path, monkeypatch)
    net, network = load(journey), names["network"]
    x = names.get("x", names.get("noisy", names.get("angles")))[-40:]
    codes = ref.run(net, net.input.format.encode(x.numpy()))
    assert (network(x).detach().numpy() == net.output.format.decode(codes)).all()
    if journey in REACHED:
        assert names["right"] >= REACHED[journey]
        assert {tensor.format for tensor in net.types.values()} == {Format(8, 7)}
        assert np.load("x.npy").shape == net.input.shape
    else:
        assert network.report.snr > 40
    assert main(["check", journey, "--legs", "torch,c", "--samples", "8"]) == 0


@pytest.mark.heavy
@pytest.mark.parametrize("journey", JOURNEYS)
def test_all_commands_of_a_journey(journey, tmp_path, monkeypatch):
    run(journey, tmp_path, monkeypatch)
    for command in commands(journey):
        few = ["--samples", "16"] if command[0] == "check" else []
        assert main([*command, *few]) == 0, command
