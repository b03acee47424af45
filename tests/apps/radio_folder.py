"""A small synthetic folder of radio maps, made once, and the real maps where they are."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from bittrue.apps.radio.data.layout import locate
from bittrue.apps.radio.making import Plan, make
from bittrue.errors import BadInput

PLAN = Plan(maps=2, transmitters=2, seed=5, kinds=("DPM", "IRT2", "IRT4", "carsDPM"), missing=True, squared=True)


@cache
def made() -> Path:
    folder = Path(mkdtemp(prefix="radio"))
    make(folder, PLAN)
    return folder


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(made(), tmp_path / "maps"))


def real() -> Path:
    try:
        return locate()
    except BadInput as error:
        pytest.skip(str(error))
