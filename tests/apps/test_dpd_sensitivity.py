"""Sensitivity of amplifiers: derivatives that can be written down, and no trace of where signals are cut."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from bittrue.apps.dpd.training import sensitivity as sensing  # noqa: E402
from bittrue.apps.dpd.training.sensitivity import felt, sensitivity  # noqa: E402


class Compressing(torch.nn.Module):
    """``y[n] = (1.1 + 0.2j) u[n] - 0.3 |u[n]|^2 u[n] + 0.05 u[n - 3]``."""

    def forward(self, u):
        z = torch.view_as_complex(u.contiguous())
        late = torch.nn.functional.pad(z[..., :-3], (3, 0))
        return torch.view_as_real((1.1 + 0.2j) * z - 0.3 * (z * z.conj()) * z + 0.05 * late)


@pytest.fixture(autouse=True)
def kept_here(tmp_path, monkeypatch):
    monkeypatch.setenv("BITTRUE_BUILD", str(tmp_path))


def drive(samples):
    return np.random.default_rng(0).uniform(-0.7, 0.7, (samples, 2))


def through(u):
    return Compressing()(torch.from_numpy(u)[None])[0]


def test_derivatives_are_summed_over_what_comes_later():
    u = drive(50)
    found = sensitivity(Compressing(), u)
    i, q = torch.from_numpy(u).T
    later = 0.05
    expected = torch.stack(
        [
            torch.stack([1.1 - 0.3 * (3 * i**2 + q**2) + later, -0.2 - 0.6 * i * q], 1),
            torch.stack([0.2 - 0.6 * i * q, 1.1 - 0.3 * (i**2 + 3 * q**2) + later], 1),
        ],
        1,
    )
    assert found.shape == (50, 2, 2) and torch.allclose(found.double(), expected, atol=1e-6)


def test_cuts_leave_no_trace(monkeypatch):
    u = drive(200)
    whole = sensitivity(Compressing(), u)
    monkeypatch.setattr(sensing, "WINDOW", 32)
    monkeypatch.setattr(sensing, "MARGIN", 4)
    monkeypatch.setattr(sensing, "AT_ONCE", 2)
    assert torch.equal(sensitivity(Compressing(), u), whole)


def test_it_is_computed_once(monkeypatch):
    calls = []
    monkeypatch.setattr(sensing, "derivatives", lambda model, u: calls.append(0) or torch.ones(len(u), 2, 2) / 3)
    first = sensitivity(Compressing(), drive(50))
    assert torch.equal(sensitivity(Compressing(), drive(50)), first) and len(calls) == 1
    sensitivity(Compressing(), drive(51))
    sensitivity(torch.nn.Identity(), drive(50))
    assert len(calls) == 3


def test_errors_of_the_drive_become_those_of_the_output():
    u, e = drive(40), np.zeros((40, 2))
    e[20] = 1e-4, -0.6e-4
    change = through(u + e) - through(u)
    sensed = sensitivity(Compressing(), u)
    found = felt(torch.from_numpy(e), sensed)
    assert torch.allclose(found.sum(0), change.sum(0), atol=1e-7)
    assert torch.allclose(found[20], change[20] + change[23], atol=1e-7) and found[:20].abs().max() == 0
    assert felt(found, None) is found
    many = felt(torch.from_numpy(e)[..., None].expand(40, 2, 3).float(), sensed)
    assert many.shape == (40, 2, 3) and torch.allclose(many[..., 2].double(), found, atol=1e-9)
