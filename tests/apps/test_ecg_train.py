"""Training: drawing, altering, keeping the best; on made-up patients in a second."""

import numpy as np
import pytest
from ecg_files import SMALL

torch = pytest.importorskip("torch")

from bittrue.apps.ecg import recipe  # noqa: E402
from bittrue.apps.ecg.beats import beats  # noqa: E402
from bittrue.apps.ecg.beats.beats import Beats  # noqa: E402
from bittrue.apps.ecg.beats.synthetic import Patient, synthesise  # noqa: E402
from bittrue.apps.ecg.datasets import Material  # noqa: E402
from bittrue.apps.ecg.training import stage  # noqa: E402
from bittrue.apps.ecg.training.examples import Examples, chances, mixed, transforms  # noqa: E402
from bittrue.apps.ecg.training.network import Network, average  # noqa: E402
from bittrue.apps.ecg.training.stage import FLOAT, Stage, answers  # noqa: E402
from bittrue.apps.ecg.training.trainer import Trainer  # noqa: E402

torch.set_num_threads(1)


def plan(old="", new=""):
    assert old in SMALL
    return recipe.parse(SMALL.replace(old, new, 1).encode(), "x")


def made(seeds, chosen=None):
    return beats.gather([synthesise(Patient(seed=seed, seconds=40)) for seed in seeds], (chosen or plan()).input)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def floating(chosen, learnt, held=None):
    """The float stage, as a whole training begins it."""
    return Trainer(chosen, Material(learnt, held, "made-up patients")).stage


def never(_):
    """No checkpoint."""


def test_the_best_look_is_kept(monkeypatch):
    found = [0.3, 0.9, 0.9]

    class Score:
        def __init__(self):
            self.macro_f1, self.confusion = found.pop(0), np.zeros((5, 5), np.int64)

    monkeypatch.setattr(stage, "judge", lambda *_: Score())
    seen = []
    one = floating(plan(), made((1, 2)), made((3,)))
    one.train(never, lambda *_: seen.append({key: value.clone() for key, value in one.average.values.items()}))
    assert same(one.kept(), seen[3]) and one.best_score == 0.9  # looks are after steps 2, 4 and 6
    assert not same(seen[3], seen[5]) and not same(seen[3], seen[1])


def test_the_last_is_kept_where_nobody_is_held_out():
    seen = []
    one = floating(plan("fold = 0", 'select = "last"'), made((1, 2)))
    one.train(never, lambda *figures: seen.append(figures))
    assert same(one.kept(), one.average.values)
    assert [figures[:3] for figures in seen] == [(FLOAT, step, 6) for step in range(1, 7)] and np.isnan(seen[-1][4])
    assert [look.step for look in one.history] == [2, 4, 6]


def test_looks_are_the_averages_verdicts(monkeypatch):
    one, seen = floating(plan("steps = 6", "steps = 4"), made((1, 2)), made((3,))), []

    def asked(network, unseen, own=answers):
        seen.append((network.fc.bias.detach().clone(), one.average.values["fc.op.bias"].clone()))
        return own(network, unseen)

    monkeypatch.setattr(stage, "answers", asked)
    one.train(never)
    assert [look.step for look in one.history] == [2, 4]
    assert len(seen) == 2 and all(torch.equal(used, average) for used, average in seen)
    assert not torch.equal(one.network.fc.bias, seen[-1][1])  # the parameters go on as they were


def test_a_net_learns_what_made_up_beats_are():
    text = SMALL.replace("steps = 6", "steps = 200").replace("validate_every = 2", "validate_every = 50")
    text = (
        text.replace("channels = 4", "channels = 8").replace("ema = 0.5", "ema = 0.9").replace("pool = 4", "pool = 2")
    )
    text = text.replace('"tachogram"]', '"neighbours"]').replace("memory = 9", "memory = 31")
    chosen = recipe.parse(text.encode(), "x")
    one = floating(chosen, made(range(10, 18), chosen), made((20, 21), chosen))
    one.train(never)
    assert one.best_score > 0.8


def test_an_offset_is_inside_the_net_and_outside_of_the_loss():
    losses, biases = [], []
    for offsets in ([0.0, -3.0, 0.5, 0.0, 0.0], []):
        text = SMALL.replace("steps = 6", f"steps = 6\noffsets = {offsets}")
        one = floating(recipe.parse(text.encode(), "x"), made((1, 2)))
        biases.append(one.network.fc.bias.detach().clone())
        assert torch.equal(one.average.values["fc.op.bias"], biases[-1])
        one.advance(0)
        losses.append(one.losses[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert torch.allclose(biases[0] - biases[1], torch.tensor([0.0, -3.0, 0.5, 0.0, 0.0]))


def test_a_stage_has_its_own_batch():
    chosen = plan("[augment]", "[quantise]\nbatch = 5\n\n[augment]")
    network, generator = Network(chosen), torch.Generator().manual_seed(0)
    sizes = [len(Stage(name, network, made((1,)), None, generator).examples.draw(generator)[0]) for name in stage.NAMES]
    assert sizes == [16, 5]


def test_every_class_and_record_gets_its_share():
    y, record = np.array([0] * 90 + [1] * 9 + [1]), np.array([0] * 60 + [1] * 30 + [0] * 9 + [1])
    data = Beats(np.zeros((100, 1, 8), np.int8), y, record, np.arange(100), ("a", "b", "c"))
    even = chances(data, 0.0, 0.0).numpy()
    assert even.sum() == pytest.approx(1) and even[y == 0].sum() == pytest.approx(0.5)
    assert even[(y == 1) & (record == 1)].sum() == pytest.approx(0.25)
    assert chances(data, 1.0, 1.0).numpy() == pytest.approx(np.full(100, 0.01))
    root = chances(data, 0.5, 1.0).numpy()
    assert root[y == 0].sum() / root[y == 1].sum() == pytest.approx(3)


def test_augmentation_is_the_generators_and_stays_in_range():
    chosen, data = plan(), made((1, 2))
    draws = [Examples(chosen, data).draw(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0][0], draws[1][0]) and not torch.equal(draws[0][0], draws[2][0])
    x, y = draws[0]
    assert x.shape == (16, 3, 32) and x.min() >= -1 and x.max() <= 127 / 128 and (y.sum(dim=1) == 1).all()


@pytest.mark.parametrize("key", ["flip", "filter", "amplitude", "wander", "noise", "shift", "interval", "blank"])
def test_each_transform_touches_its_channels_only(key):
    text = SMALL[: SMALL.index("[augment]")] + f"[augment]\n{key} = {1 if key == 'shift' else 0.9}\n"
    (transform,) = transforms(recipe.parse(text.encode(), "x"))
    x = torch.rand((64, 3, 32), generator=torch.Generator().manual_seed(0)) - 0.5
    changed = (transform(x.clone(), torch.Generator().manual_seed(1)) != x).flatten(2).any(dim=2).any(dim=0).tolist()
    expected = {"shift": [True, True, False], "interval": [False, False, True], "blank": [False, False, True]}
    assert changed == expected.get(key, [True, True, False])


def test_the_random_filter_is_the_same_for_all_voltages():
    text = SMALL[: SMALL.index("[augment]")] + "[augment]\nfilter = 1.0\n"
    (transform,) = transforms(recipe.parse(text.encode(), "x"))
    x = torch.rand((16, 3, 32), generator=torch.Generator().manual_seed(4)) - 0.5
    x[:, 1] = x[:, 0] / 2
    y = transform(x.clone(), torch.Generator().manual_seed(5))
    assert torch.allclose(y[:, 1], y[:, 0] / 2) and not torch.allclose(y[:, 0], x[:, 0])
    assert torch.allclose(y[:, :2].abs().amax((1, 2)), x[:, :2].abs().amax((1, 2)))


def test_the_beats_own_intervals_are_never_blanked():
    text = SMALL[: SMALL.index("[augment]")] + "[augment]\nblank = 1.0\n"
    (transform,) = transforms(recipe.parse(text.encode(), "x"))
    x = torch.ones((4, 3, 32)) / 2
    assert (transform(x, torch.Generator())[:, 2] == torch.tensor([0.0] * 24 + [0.5] * 8)).all()


def test_mixup_mixes_beats_and_labels_alike():
    x, y = torch.eye(8)[:, None, :], torch.eye(8)
    mixed_x, mixed_y = mixed(x, y, 0.4, torch.Generator().manual_seed(3))
    assert torch.allclose(mixed_x[:, 0], mixed_y) and torch.allclose(mixed_y.sum(dim=1), torch.ones(8))
    assert ((mixed_y > 0.01) & (mixed_y < 0.99)).any()


def test_the_net_has_the_ranges_of_the_chip():
    network = Network(plan()).eval()
    x = torch.rand((5, 3, 32)) * 2 - 1
    for layer in network.conv:
        with torch.no_grad():
            layer.bn.weight.fill_(50.0)
            x = layer(x)
        assert x.min() >= 0 and x.max() == 127 / 128


def test_the_average_follows():
    network = Network(plan())
    kept = average(network, 0.9)
    start = network.fc.bias.detach().clone()
    with torch.no_grad():
        network.fc.op.bias += 1
        network.fc.shift_quantile.fill_(0.5)
    kept.update(10**6)
    assert torch.allclose(kept.values["fc.op.bias"], start + 0.1)
    kept.update(0)
    assert torch.allclose(kept.values["fc.op.bias"], start + 0.91)
    assert kept.values["fc.shift_quantile"] == 0.5  # how a layer is quantised is no matter of averages
