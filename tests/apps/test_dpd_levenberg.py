"""Levenberg-Marquardt: its Jacobian against automatic differentiation, its steps against least squares."""

import math
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bittrue.apps.dpd.training.levenberg import LevenbergMarquardt, Shaping, jacobian  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.num import Format  # noqa: E402
from bittrue.qat import Network  # noqa: E402
from bittrue.spec import (  # noqa: E402
    Add,
    ComplexFIR,
    Dense,
    LeakyReLU,
    Linear,
    MemoryTaps,
    Net,
    Node,
    ReLU,
    Table,
    TensorType,
    Term,
)

WORD = Format.parse("Q1.15")


def dense(units, width, activation, output=WORD):
    return Dense(np.zeros((units, width), int), np.zeros(units, int), Format.parse("Q2.14"), output, activation)


def filled(net, spread, seed):
    """The net in float mode, its parameters drawn evenly within ``+-spread``."""
    result = Network(net)
    result.enable_qat(False)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in result.parameters():
            parameter.uniform_(-spread, spread, generator=generator)
    return result


def network(seed=0):
    """Every kind of layer that is trained, and a table between: float mode, random parameters."""
    fine = Format.parse("Q3.9")
    fir = ComplexFIR((Term(0, (0, 1)), Term(2, (0, 3))), np.zeros((4, 2), int), WORD, WORD, WORD)
    nodes = (
        Node("features", MemoryTaps((0, 2), (1,), WORD), ("input",)),
        Node("fc1", dense(5, 6, LeakyReLU(2)), ("features",)),
        Node("fc2", dense(4, 5, ReLU()), ("fc1",)),
        Node("fc3", dense(3, 4, Linear(), fine), ("fc2",)),
        Node("tanh", Table.tabulate(math.tanh, fine, WORD), ("fc3",)),
        Node("fc4", dense(2, 3, Linear()), ("tanh",)),
        Node("fir", fir, ("input",)),
        Node("out", Add(WORD), ("fc4", "fir")),
    )
    return filled(Net("all", TensorType((2,), WORD), nodes), 0.7, seed)


def echoing(seed=0):
    """A small net with an echo over what its last dense layer puts out."""
    late = ComplexFIR((Term(0, (1, 3)),), np.zeros((2, 2), int), WORD, WORD, WORD)
    fir = ComplexFIR((Term(0, (0, 1)),), np.zeros((2, 2), int), WORD, WORD, WORD)
    nodes = (
        Node("features", MemoryTaps((0, 2), (1,), WORD), ("input",)),
        Node("fc1", dense(5, 6, LeakyReLU(2)), ("features",)),
        Node("fc2", dense(2, 5, Linear()), ("fc1",)),
        Node("echo", late, ("fc2",)),
        Node("fir", fir, ("input",)),
        Node("out", Add(WORD), ("fc2", "fir", "echo")),
    )
    return filled(Net("echoing", TensorType((2,), WORD), nodes), 0.5, seed)


def seen_by(net, x):
    """What of such a net is known for one signal: features, and the basis of the filter of the input."""
    return {"features": net.layers["features"](x), "fir.basis": net.layers["fir"].basis(x)}


def test_the_echo_multiplies_spectra_of_derivatives():
    net, x = echoing(), signal(1024)
    solver = LevenbergMarquardt(net, shaping=Shaping.channels(1024, 0.4, 0.1, 2.0, 3.0, 0.5))
    output, derivative = jacobian(net, seen_by(net, x))
    reference = net(x)
    assert torch.equal(output, reference.detach())
    moved = []
    for parameter in net.parameters():
        for place in range(parameter.numel()):
            with torch.no_grad():
                flat, step = parameter.view(-1), 1e-4
                flat[place] += step
                above = net(x)
                flat[place] -= 2 * step
                moved.append((above - net(x)) / (2 * step))
                flat[place] += step
    exact = solver.shape(torch.stack(moved, dim=-1))
    found = solver._shaped(derivative).double()
    missed = (exact - found).norm(dim=0) / exact.norm(dim=0)
    assert float(missed.max()) < 0.02  # a tap of 3 in 1,024 samples
    free = torch.arange(found.shape[1]) % 3 > 0
    assert torch.allclose(solver._shaped(derivative, free).double(), found[:, free], atol=1e-6)
    without = solver.shape(derivative).double()
    assert float(((exact - without).norm(dim=0) / exact.norm(dim=0)).max()) > 0.2


def test_a_net_with_an_echo_learns_in_segments_and_not_without():
    teacher, learner, x = echoing(0), echoing(7), signal(4096)
    with torch.no_grad():
        wanted = teacher(x)
    shaping = Shaping.channels(1024, 0.4, 0.1, 1.0, 1.0, 0.1)
    descent = LevenbergMarquardt(learner, shaping=shaping)
    losses = [descent.step(seen_by(learner, x), wanted) for _ in range(12)]
    assert losses[-1] < 0.02 * losses[0]
    with pytest.raises(BadInput, match="net echoing has an echo, which needs rows in their order; give shaping"):
        LevenbergMarquardt(learner)


def signal(samples, seed=1):
    return torch.rand(samples, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 0.5


def test_the_jacobian_is_that_of_automatic_differentiation():
    net = network()
    known = net.precompute(signal(12))
    output, derivative = jacobian(net, known)
    reference = net.forward_from(known)
    assert torch.equal(output, reference.detach())
    for row in range(12):
        for k in range(2):
            exact = torch.autograd.grad(reference[row, k], list(net.parameters()), retain_graph=True)
            flat = torch.cat([part.flatten() for part in exact])
            assert torch.allclose(derivative[row, k].double(), flat, rtol=1e-5, atol=1e-6)
            assert flat.abs().max() > 0.1


def test_a_linear_problem_is_solved_in_one_step():
    fir = ComplexFIR((Term(0, (0, 1)), Term(1, (0,))), np.zeros((3, 2), int), WORD, WORD, WORD)
    net = Network(Net("fir", TensorType((2,), WORD), (Node("fir", fir, ("input",)),)))
    net.enable_qat(False)
    known = net.precompute(signal(500))
    truth = torch.tensor([[0.9, -0.2], [0.1, 0.05], [-0.3, 0.2]], dtype=torch.float64)
    with torch.no_grad():
        net.layers["fir"].weight.copy_(truth)
        wanted = net.forward_from(known)
        net.layers["fir"].weight.zero_()
    left = LevenbergMarquardt(net, damping=1e-7).step(known, wanted)
    assert left < 1e-10 * float(wanted.square().sum())
    assert torch.allclose(net.layers["fir"].weight, truth, atol=1e-4)


def test_steps_fall_and_go_on_from_their_state():
    known_net, learner = network(0), network(7)
    known = known_net.precompute(signal(800))
    with torch.no_grad():
        wanted = known_net.forward_from(known)
    descent = LevenbergMarquardt(learner)
    losses = [descent.step(known, wanted) for _ in range(6)]
    assert all(later <= earlier for earlier, later in pairwise(losses))
    assert losses[-1] < 0.2 * losses[0]
    twin = network(7)
    twin.load_state_dict(learner.state_dict())
    resumed = LevenbergMarquardt(twin)
    resumed.load_state_dict(descent.state_dict())
    assert resumed.step(known, wanted) == descent.step(known, wanted)


def test_shaping_counts_the_error_where_it_listens():
    shaping = Shaping.channels(256, bandwidth=0.2, adjacent=0.05, left=2.0, right=3.0, beyond=0.0)
    time = torch.arange(256, dtype=torch.float64)

    def energy(frequency):
        angle = 2 * math.pi * frequency * time
        tone = torch.stack([angle.cos(), angle.sin()], dim=1)
        return float(shaping.apply(tone).square().sum())

    inside = energy(12 / 256)
    assert inside == pytest.approx(float(torch.hann_window(256, dtype=torch.float64).square().sum()), rel=1e-9)
    assert energy(31 / 256) == pytest.approx(3 * inside, rel=1e-6)
    assert energy(-31 / 256) == pytest.approx(2 * inside, rel=1e-6)
    assert energy(80 / 256) < 1e-9


def test_a_shaped_step_lowers_the_shaped_error_only_where_it_listens():
    known_net, learner = network(0), network(7)
    known = known_net.precompute(signal(1024))
    with torch.no_grad():
        wanted = known_net.forward_from(known)
    shaping = Shaping.channels(256, bandwidth=0.2, adjacent=0.05, left=1.0, right=1.0, beyond=0.01)
    descent = LevenbergMarquardt(learner, shaping=shaping)
    losses = [descent.step(known, wanted) for _ in range(5)]
    assert losses[-1] < 0.3 * losses[0]
    with torch.no_grad():
        left = wanted - learner.forward_from(known)
    assert float(shaping.apply(left).square().sum()) == pytest.approx(losses[-1], rel=1e-6)


def test_rows_that_are_no_whole_segments_are_refused():
    shaping = Shaping.channels(256, 0.2, 0.05, 1.0, 1.0, 0.0)
    with pytest.raises(BadInput, match="300 rows are no whole number of segments of 256"):
        shaping.apply(torch.zeros(300, 2))


def filtering(taps=3):
    """A filter of the input alone: a linear problem."""
    fir = ComplexFIR((Term(0, tuple(range(taps))),), np.zeros((taps, 2), int), WORD, WORD, WORD)
    net = Network(Net("fir", TensorType((2,), WORD), (Node("fir", fir, ("input",)),)))
    net.enable_qat(False)
    return net


def least_squares(parts, free=slice(None)):
    """Weights of a linear net by rows ``(known, wanted, weight)`` of several steps; what is not free is zero."""
    net = filtering()
    rows = [
        (jacobian(net, known)[1].double().flatten(0, 1), wanted.flatten(), weight) for known, wanted, weight in parts
    ]
    left = sum(weight * a[:, free].T @ a[:, free] for a, _, weight in rows)
    found = torch.zeros(6, dtype=torch.float64)
    found[free] = torch.linalg.solve(left, sum(weight * a[:, free].T @ b for a, b, weight in rows))
    return found


def weights_of(net):
    return torch.nn.utils.parameters_to_vector(net.parameters()).detach()


def drawn_parts(count):
    """Steps of few rows of what no filter makes."""
    x = signal(60 * count)
    known = filtering().precompute(x)
    wanted = 0.7 * x + 0.3 * x.roll(1, 0) * x[:, :1] + 0.2 * signal(60 * count, 5)
    places = [slice(60 * k, 60 * k + 60) for k in range(count)]
    return [({name: value[place] for name, value in known.items()}, wanted[place]) for place in places]


def test_a_memory_solves_the_rows_of_all_steps():
    net, parts = filtering(), drawn_parts(4)
    solver = LevenbergMarquardt(net, damping=1e-9, memory=0.5)
    for known, wanted in parts[:3]:
        solver.step(known, wanted)
    seen = [(known, wanted, 0.5 ** (2 - k)) for k, (known, wanted) in enumerate(parts[:3])]
    assert torch.allclose(weights_of(net), least_squares(seen), atol=1e-4)
    assert not torch.allclose(least_squares(seen), least_squares(seen[-1:]), atol=1e-2)
    # what is no longer free is zero, and the equations of the steps before know it
    with torch.no_grad():
        net.layers["fir"].weight[1] = 0.0
    solver.free = torch.tensor([True, True, False, False, True, True])
    solver.step(*parts[3])
    seen = [(known, wanted, 0.5 ** (3 - k)) for k, (known, wanted) in enumerate(parts)]
    assert torch.allclose(weights_of(net), least_squares(seen, solver.free), atol=1e-4)
    assert solver.damping == 1e-9


def test_a_memory_goes_on_from_its_state():
    net, parts = filtering(), drawn_parts(3)
    solver = LevenbergMarquardt(net, memory=0.9)
    for known, wanted in parts[:2]:
        solver.step(known, wanted)
    twin = filtering()
    twin.load_state_dict(net.state_dict())
    resumed = LevenbergMarquardt(twin, memory=0.9)
    resumed.load_state_dict(solver.state_dict())
    assert resumed.step(*parts[2]) == solver.step(*parts[2]) and torch.equal(weights_of(twin), weights_of(net))
    broken = {"damping": 1e-2, "remembered": [torch.zeros(5, 5), torch.zeros(5)]}
    with pytest.raises(ValueError, match="another number of parameters"):
        resumed.load_state_dict(broken)


def test_errors_count_as_the_amplifier_passes_them_on():
    net, (known, wanted) = filtering(), drawn_parts(1)[0]
    sensed = torch.randn(60, 2, 2, generator=torch.Generator().manual_seed(3))
    left = LevenbergMarquardt(net, damping=1e-7).step(known, wanted, sensed)
    _, derivative = jacobian(net, known)
    a, b = (torch.einsum("nij,nj...->ni...", sensed.double(), x.double()).flatten(0, 1) for x in (derivative, wanted))
    found = torch.linalg.lstsq(a, b[:, None]).solution[:, 0]
    assert torch.allclose(weights_of(net), found, atol=1e-4)
    assert left == pytest.approx(float((b - a @ found).square().sum()), rel=1e-4)
    curvature = LevenbergMarquardt(net).curvature(known, sensed)
    assert torch.allclose(curvature, a.T @ a, rtol=1e-4, atol=1e-4)
