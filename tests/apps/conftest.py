"""Makes `tiny_pa` importable here, and keeps what the applications remember in a folder of each test."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def capture_folder(tmp_path):
    """A small data set on disk."""
    from tiny_pa import write_capture

    return write_capture(tmp_path / "tiny_pa")


@pytest.fixture(autouse=True)
def build_folder(tmp_path, monkeypatch):
    """Results that are kept between runs go to a folder of the test."""
    monkeypatch.setenv("BITTRUE_BUILD", str(tmp_path / "build"))
