"""The building blocks of the training: features, generators, critic."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from bittrue import ref  # noqa: E402
from bittrue.apps.dpd import components, recipe  # noqa: E402
from bittrue.apps.dpd.components import (  # noqa: E402
    Average,
    Discriminator,
    MemoryTapAssembly,
    StraightThroughQuantize,
    TDNNGenerator,
    TDNNGeneratorQAT,
)
from bittrue.apps.dpd.recipe import Topology  # noqa: E402
from bittrue.apps.dpd.training.generator import FORMATS, TOPOLOGY, xavier_  # noqa: E402
from bittrue.readers import toml_document  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dpd.md"

SMALL = Topology(taps=(0, 2), powers=(1, 4), hidden=(5, 3), fir_taps=(3,))
TANH = Topology(taps=(0, 1), powers=(1,), hidden=(4,), activation="tanh", iq_taps=(0, 3))


def signal(samples=64, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).uniform(-0.7, 0.7, (samples, 2)))


def shaken(generator, seed=1):
    """Parameters moved off their grids, beyond their formats too."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=rng, dtype=torch.float64), alpha=0.8)
    return generator


def test_everything_has_a_docstring():
    assert all(getattr(components, name).__doc__ for name in components.__all__)


def test_the_classic_features_are_in_the_classic_order():
    taps = MemoryTapAssembly()
    assert taps.features == 30 and taps.names[:6] == ["I[n]", "Q[n]", "|x[n]|^1", "|x[n]|^2", "|x[n]|^4", "|x[n-1]|^1"]
    assert taps.names[-2:] == ["I[n-5]", "Q[n-5]"]
    x = signal()
    found = dict(zip(taps.names, taps(x).unbind(-1), strict=True))
    size = (x**2).sum(-1).sqrt()
    assert torch.equal(found["I[n]"], x[:, 0]) and torch.equal(found["Q[n-5]"][5:], x[:-5, 1])
    assert torch.allclose(found["|x[n-3]|^4"][3:], size[:-3] ** 4, rtol=1e-12)
    assert not found["|x[n-3]|^4"][:3].any() and not found["Q[n-5]"][:5].any()


def test_features_have_a_gradient_in_float_and_grids_when_quantised():
    x = signal().requires_grad_()
    (gradient,) = torch.autograd.grad(MemoryTapAssembly((0, 1), (2,))(x).sum(), x)
    assert torch.allclose(gradient[:-1], 2 * (1 + 2 * x.detach()[:-1]))  # I and |x|^2, now and one sample later
    codes = MemoryTapAssembly((0,), (1,), iq_taps=(0, 2), quantise=True)(signal()) * 2.0**15
    assert torch.equal(codes, codes.floor()) and codes.shape == (64, 5)


def test_the_generator_is_the_classic_net_with_xavier_weights():
    generator = TDNNGenerator(seed=3)
    shapes = [tuple(p.shape) for p in generator.parameters()]
    assert shapes == [(32, 30), (32,), (16, 32), (16,), (2, 16), (2,)]
    assert sum(p.numel() for p in generator.parameters()) == 1554
    for (units, width), weight, bias in zip(
        shapes[::2], *[list(generator.parameters())[k::2] for k in (0, 1)], strict=True
    ):
        bound = (6 / (units + width)) ** 0.5
        assert 0.9 * bound < weight.abs().max() <= bound and not bias.any()
        assert abs(float(weight.detach().std()) / bound - 3**-0.5) < 0.15  # uniform
    again = shaken(TDNNGenerator())
    xavier_(again.network, torch.Generator().manual_seed(3))
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), generator.parameters(), strict=True))
    assert torch.equal(next(TDNNGenerator(seed=3).parameters()), next(generator.parameters()))
    assert not torch.equal(next(TDNNGenerator(seed=4).parameters()), next(generator.parameters()))


def test_the_generator_computes_what_it_says():
    generator = shaken(TDNNGenerator(Topology((0, 1), (1, 2, 4), (6, 4))))
    values = MemoryTapAssembly((0, 1))(signal())
    *hidden, last = torch.nn.ParameterList(generator.parameters())[::2], generator.network
    for k, weight in enumerate(hidden[0], start=1):
        values = values @ weight.T + last.layers[f"fc{k}"].bias
        values = torch.where(values < 0, values / 4, values) if k < 3 else values
    assert torch.allclose(generator(signal()), values, rtol=0, atol=1e-12)
    assert torch.allclose(generator(torch.stack([signal(seed=5), signal()]))[1], values, rtol=0, atol=1e-12)


@pytest.mark.parametrize("net", [TOPOLOGY, SMALL, TANH], ids=["classic", "filter", "tanh"])
def test_the_quantised_generator_equals_the_reference_bit_for_bit(net):
    generator = shaken(TDNNGeneratorQAT(net, seed=1))
    x = signal(300)
    floating = generator(x)
    assert torch.equal(floating, shaken(TDNNGenerator(net, seed=1))(x))
    generator.enable_qat()
    integer = generator.eval()(x)
    frozen = generator.to_net()
    codes = ref.run(frozen, frozen.input.format.encode(x.numpy()))
    assert np.array_equal(integer.detach().numpy(), frozen.output.format.decode(codes))
    assert not torch.equal(integer, floating)
    generator.enable_qat(False)
    assert torch.equal(generator(x), floating)


def test_the_quantised_generator_trains():
    generator = TDNNGeneratorQAT(SMALL, FORMATS)
    generator.enable_qat()
    (generator(signal()) - signal()).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in generator.parameters())


def test_the_straight_through_gradient_stops_at_the_clamp():
    x = torch.tensor([0.3, 5.0, -5.0], dtype=torch.float64, requires_grad=True)
    y = StraightThroughQuantize.apply(x, 2, -8, 7)
    y.sum().backward()
    assert y.tolist() == [0.25, 1.75, -2.0] and x.grad.tolist() == [1, 0, 0]


def test_the_critic_has_the_stated_shape():
    critic = Discriminator(normalise=False)
    assert [tuple(p.shape) for p in critic.parameters()] == [
        (64, 4),
        (64,),
        (32, 64),
        (32,),
        (16, 32),
        (16,),
        (1, 16),
        (1,),
    ]
    slopes = [layer.negative_slope for layer in critic.layers if isinstance(layer, torch.nn.LeakyReLU)]
    assert slopes == [0.2, 0.2, 0.2]
    assert critic(signal(7), signal(7, 2)).shape == (7,) and sum(p.numel() for p in critic.parameters()) == 2945
    values = torch.cat([signal(7), signal(7, 2)], -1)
    for layer in critic.layers:
        values = layer(values)
    assert torch.equal(critic(signal(7), signal(7, 2)), values[:, 0])


def test_every_layer_of_the_critic_has_spectral_norm_one():
    critic = Discriminator()
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.mul_(5)
        for _ in range(200):  # power iterations
            critic(signal(2), signal(2))
    critic.eval()
    dense = [layer for layer in critic.layers if isinstance(layer, torch.nn.Linear)]
    assert len(dense) == 4
    for layer in dense:
        assert torch.nn.utils.parametrize.is_parametrized(layer, "weight")
        assert torch.linalg.matrix_norm(layer.weight.detach(), ord=2).item() == pytest.approx(1, abs=1e-4)
        assert torch.linalg.matrix_norm(layer.parametrizations.weight.original.detach(), ord=2) > 1.5


def test_the_critic_depends_on_its_seed_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = Discriminator(seed=7).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    second, other = Discriminator(seed=7).state_dict(), Discriminator(seed=8).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_the_average_follows_its_formula_and_can_be_stored():
    network = TDNNGenerator(SMALL).network
    average = Average(network, 0.75)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    shaken(network)
    average.update()
    for name, value in network.state_dict().items():
        assert torch.allclose(average.values[name], 0.75 * start[name] + 0.25 * value, rtol=0, atol=1e-15)
    now = {name: value.clone() for name, value in network.state_dict().items()}
    with average.applied():
        assert all(torch.equal(value, average.values[name]) for name, value in network.state_dict().items())
    assert all(torch.equal(value, now[name]) for name, value in network.state_dict().items())
    again = Average(network, 0.75, average.state())
    again.update()
    average.update()
    assert all(torch.equal(again.values[name], value) for name, value in average.values.items())


def test_without_a_decay_nothing_is_averaged():
    network = TDNNGenerator(SMALL).network
    average = Average(network, 0.0)
    shaken(network)
    now = {name: value.clone() for name, value in network.state_dict().items()}
    average.update()
    with average.applied():
        assert all(torch.equal(value, now[name]) for name, value in network.state_dict().items())
    assert average.state() == {}


def test_the_documented_example_runs():
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S) if "components" in block]
    names = {}
    exec(compile(block, "docs/dpd.md", "exec"), names)
    assert all(parameter.grad is not None for parameter in names["generator"].parameters())


def test_the_documented_recipe_is_one_and_shows_the_defaults():
    (block,) = re.findall(r"```toml\n(name = \"mine\".*?)```", PAGE.read_text(), re.S)
    method = block.replace('method = "adam"', 'method = "levenberg"')  # which [shape] needs
    shown = recipe.parse(method.encode(), "docs/dpd.md")
    for name in ("net", "formats", "train", "data", "shape", "augment", "gan"):
        section = getattr(shown, name)
        assert {f.name for f in dataclasses.fields(section)} == set(toml_document(block.encode(), "docs/dpd.md")[name])
        required = block.split(f"[{name}]")[1].split("\n[")[0].split("\n\n")
        free = required[1] if len(required) > 1 and name in ("net", "formats", "train", "gan") else required[0]
        for field in dataclasses.fields(section):
            if re.search(rf"^{field.name} = ", free, re.M) and name != "augment" and field.default is not None:
                assert getattr(section, field.name) == (field.default if field.name != "method" else "levenberg"), (
                    field.name
                )


def test_the_application_imports_without_torch():
    code = "import sys; sys.modules['torch'] = None\n"
    code += (
        "import bittrue.apps.dpd, bittrue.apps.dpd.train, bittrue.apps.dpd.recipe, bittrue.apps.dpd.captures.augment\n"
    )
    code += "import bittrue.apps.dpd.searching.levels, bittrue.apps.dpd.training.examples\n"
    code += "from bittrue.apps.dpd import recipe, train\nfrom bittrue.errors import BadInput\n"
    code += "try:\n    train.train(recipe.builtin('tdnn-wide'), 'x')\nexcept BadInput as error:\n    print(error)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "training needs PyTorch" in done.stdout
