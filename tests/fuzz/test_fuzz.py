"""Every reader takes a damaged file or refuses it in words: a short run here, a long one with the heavy tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("run.py")


def fed(*arguments: str) -> None:
    done = subprocess.run([sys.executable, RUN, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    print(done.stdout)


def test_damaged_files_are_refused_in_words():
    fed("--count", "60", "--seed", "1")


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(2, 6))
def test_many_damaged_files_are_refused_in_words(seed):
    fed("--count", "2000", "--seed", str(seed))
