"""The compiled C equals the reference on drawn nets of frames and images: every node, every output, no tolerance."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from drawn_graphs import codes, graphs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bittrue import ref
from bittrue.cosim.c_model import CModel
from bittrue.spec import Net

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
QUICK = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=1000)


@pytest.fixture(autouse=True, scope="module")
def build_folder(tmp_path_factory: pytest.TempPathFactory):
    """Drawn nets are compiled once and never again: keep them out of the checkout's build folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITTRUE_BUILD", str(tmp_path_factory.mktemp("build")))
        yield


def same(net: Net, given) -> None:
    model, expected = CModel(net), ref.taps(net, given)
    found, made = model.taps(given), model.outputs(given)
    assert list(found) == list(expected) and list(made) == list(net.outputs)
    for name, code in expected.items():
        np.testing.assert_array_equal(found[name], code, err_msg=f"node {name}")
    for name, code in made.items():
        np.testing.assert_array_equal(code, expected[name], err_msg=f"output {name}")
    for name, code in ref.outputs(net, given).items():
        np.testing.assert_array_equal(code, expected[name], err_msg=f"output {name} of the reference")


@QUICK
@given(net=graphs(), seed=st.integers(0, 1000))
def test_drawn_graphs(net: Net, seed: int) -> None:
    same(net, codes(net, 25, seed))


@pytest.mark.heavy
@LONG
@given(net=graphs(layers=8, lengths=13), seed=st.integers(0, 1000))
def test_many_drawn_graphs(net: Net, seed: int) -> None:
    same(net, codes(net, 50, seed))
