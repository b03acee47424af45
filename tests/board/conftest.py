"""An overlay of three small nets on the simulated board. Without pynq, only what does without it is collected."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit")]
WITHOUT = (
    "test_stand_in.py",
    "test_frames_on_stand_in.py",
    "test_ecg_demo.py",
    "test_noise_demo.py",
    "test_radio_demo.py",
    "test_demo.py",
    "test_demo_settings.py",
    "test_demo_frames.py",
    "test_demo_notebooks.py",
    "test_demo_drawing.py",
    "test_demo_on_stand_in.py",
    "test_samples.py",
    "test_loading.py",
    "test_hdmi_out.py",
)
PYNQ = importlib.util.find_spec("pynq") is not None
collect_ignore = [] if PYNQ else [path.name for path in HERE.glob("test_*.py") if path.name not in WITHOUT]

from small_banks import NETS  # noqa: E402

INTERVAL = 8


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Overlay folder of `NETS`, a bank each; nobody changes it."""
    from bittrue.targets.pynq_z1.build import write_overlay

    place = tmp_path_factory.mktemp("overlay")
    write_overlay(NETS, place, interval=INTERVAL, clock_mhz=200.0, simulated=True)
    return place


@pytest.fixture
def bit(folder: Path) -> Path:
    """Path of the bit file."""
    (found,) = (folder / "overlay").glob("*.bit")
    return found


@pytest.fixture
def board(folder: Path) -> Iterator[object]:
    """The simulated board; at the end of each test, no buffer may be left."""
    from bittrue_sim import virtual_board

    device = virtual_board.install(folder)
    yield device
    left = dict(device.memory.blocks)
    virtual_board.uninstall()
    assert not left, "buffers were not freed"
