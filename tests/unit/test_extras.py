"""Where a package is missing, the message names the extra and installs it as bittrue was installed."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from bittrue import extras, places


@pytest.fixture
def installed(monkeypatch):
    """Makes bittrue look as if pip had installed it outside a checkout, and noted this."""

    def note(document):
        text = document if document is None or isinstance(document, str) else json.dumps(document)
        monkeypatch.setattr(extras, "checkout", lambda: None)
        monkeypatch.setattr(extras.metadata, "distribution", lambda name: SimpleNamespace(read_text=lambda file: text))

    return note


def test_a_checkout_is_installed_from_its_folder():
    assert extras.install("sim") == f"install bittrue's extra sim: pip install -e '{places.checkout()}[sim]'"


@pytest.mark.parametrize(
    ("noted", "requirement"),
    [
        ({"url": "file:///d/bittrue-0.1.0.whl", "archive_info": {}}, "bittrue[train] @ file:///d/bittrue-0.1.0.whl"),
        ({"url": "file:///a{b}", "dir_info": {}}, "bittrue[train] @ file:///a{b}"),
        ({"url": "https://x.y/z", "vcs_info": {"vcs": "git"}}, "bittrue[train] @ git+https://x.y/z"),
    ],
)
def test_what_pip_noted_is_taken(installed, noted, requirement):
    installed(noted)
    assert extras.install("train") == f"install bittrue's extra train: pip install '{requirement}'"


@pytest.mark.parametrize("noted", [None, "{", "[]", {"url": 3}, {"dir_info": {}}])
def test_without_a_note_no_name_is_given(installed, noted):
    installed(noted)
    assert extras.install("train") == "install bittrue's extra train from where bittrue was installed"
