"""Training: drawing, altering, resuming after a kill, keeping the best; on made-up patients in a second."""

import numpy as np
import pytest
from ecg_files import SMALL, write_record

torch = pytest.importorskip("torch")

from bittrue.apps.ecg import recipe, train  # noqa: E402
from bittrue.apps.ecg.beats import beats, split  # noqa: E402
from bittrue.apps.ecg.beats.beats import Beats  # noqa: E402
from bittrue.apps.ecg.beats.synthetic import Patient, synthesise  # noqa: E402
from bittrue.apps.ecg.training import checkpoint, fit  # noqa: E402
from bittrue.apps.ecg.training.examples import Examples, chances, mixed, transforms  # noqa: E402
from bittrue.apps.ecg.training.fit import Trainer, answers, pace  # noqa: E402
from bittrue.apps.ecg.training.network import Average, Network  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402

torch.set_num_threads(1)


def plan(old="", new=""):
    assert old in SMALL
    return recipe.parse(SMALL.replace(old, new, 1).encode(), "x")


def made(seeds, chosen=None):
    return beats.gather([synthesise(Patient(seed=seed, seconds=40)) for seed in seeds], (chosen or plan()).input)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def killed(path, stop):
    """A run that dies before step ``stop``, with a checkpoint after every step."""
    trainer = Trainer(plan(), made((1, 2)), made((3,)), path, seconds=0.0)
    own = trainer.take

    def take():
        if trainer.step == stop:
            raise KeyboardInterrupt
        own()

    trainer.take = take
    with pytest.raises(KeyboardInterrupt):
        trainer.run()


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_killed_run_ends_in_the_same_net(tmp_path, stop):
    whole = Trainer(plan(), made((1, 2)), made((3,)))
    expected = whole.run().state_dict()
    killed(tmp_path / "state.pt", stop)
    resumed = Trainer(plan(), made((1, 2)), made((3,)), tmp_path / "state.pt")
    assert resumed.step == stop
    assert same(resumed.run().state_dict(), expected)
    assert [(v.step, v.loss, v.verdict.confusion.tolist()) for v in resumed.history] == [
        (v.step, v.loss, v.verdict.confusion.tolist()) for v in whole.history
    ]


def test_a_finished_run_is_not_trained_again(tmp_path):
    first = Trainer(plan(), made((1, 2)), made((3,)), tmp_path / "state.pt").run().state_dict()
    again = Trainer(plan(), made((1, 2)), made((3,)), tmp_path / "state.pt")
    again.take = None
    assert same(again.run().state_dict(), first)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    killed(tmp_path / "state.pt", 2)
    with pytest.raises(BadInput, match="written with other recipe"):
        Trainer(plan("seed = 1", "seed = 2"), made((1, 2)), made((3,)), tmp_path / "state.pt")
    with pytest.raises(BadInput, match="written with other data"):
        Trainer(plan(), made((1, 4)), made((3,)), tmp_path / "state.pt")
    (tmp_path / "state.pt").write_bytes(b"no checkpoint")
    with pytest.raises(BadInput, match="is not a checkpoint that can be read"):
        checkpoint.read(tmp_path / "state.pt")


def test_the_best_look_is_kept(monkeypatch):
    found = [0.3, 0.9, 0.9]

    class Score:
        def __init__(self):
            self.macro_f1, self.confusion = found.pop(0), np.zeros((5, 5), np.int64)

    monkeypatch.setattr(fit, "judge", lambda *_: Score())
    seen = []
    trainer = Trainer(plan(), made((1, 2)), made((3,)))
    trainer.report = lambda *_: seen.append({key: value.clone() for key, value in trainer.average.values.items()})
    assert same(trainer.run().state_dict(), seen[1]) and trainer.best_score == 0.9
    assert not same(seen[1], seen[2]) and not same(seen[1], seen[0])


def test_the_last_is_kept_where_nobody_is_held_out():
    chosen = plan("fold = 0", 'select = "last"')
    seen = []
    trainer = Trainer(chosen, made((1, 2)), None, report=lambda *figures: seen.append(figures))
    assert same(trainer.run().state_dict(), trainer.average.values)
    assert [look[0] for look in seen] == [2, 4, 6] and np.isnan(seen[-1][3])


def test_looks_are_the_averages_verdicts(monkeypatch):
    trainer, seen = Trainer(plan("steps = 6", "steps = 4"), made((1, 2)), made((3,))), []

    def asked(network, unseen, own=answers):
        seen.append((network.fc.bias.detach().clone(), trainer.average.values["fc.bias"].clone()))
        return own(network, unseen)

    monkeypatch.setattr(fit, "answers", asked)
    trainer.run()
    assert [look.step for look in trainer.history] == [2, 4]
    assert len(seen) == 2 and all(torch.equal(used, average) for used, average in seen)
    assert not torch.equal(trainer.network.fc.bias, seen[-1][1])  # the parameters go on as they were


def test_a_net_learns_what_made_up_beats_are():
    text = SMALL.replace("steps = 6", "steps = 200").replace("validate_every = 2", "validate_every = 50")
    text = (
        text.replace("channels = 4", "channels = 8").replace("ema = 0.5", "ema = 0.9").replace("pool = 4", "pool = 2")
    )
    text = text.replace('"tachogram"]', '"neighbours"]').replace("memory = 9", "memory = 31")
    chosen = recipe.parse(text.encode(), "x")
    trainer = Trainer(chosen, made(range(10, 18), chosen), made((20, 21), chosen))
    trainer.run()
    assert trainer.best_score > 0.8


def test_an_offset_is_inside_the_net_and_outside_of_the_loss():
    losses, biases = [], []
    for offsets in ([0.0, -3.0, 0.5, 0.0, 0.0], []):
        text = SMALL.replace("steps = 6", f"steps = 6\noffsets = {offsets}")
        trainer = Trainer(recipe.parse(text.encode(), "x"), made((1, 2)), None)
        biases.append(trainer.network.fc.bias.detach().clone())
        trainer.take()
        losses.append(trainer.losses[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert torch.allclose(biases[0] - biases[1], torch.tensor([0.0, -3.0, 0.5, 0.0, 0.0]))


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
    for stage in network.conv:
        with torch.no_grad():
            stage.bn.weight.fill_(50.0)
            x = stage(x)
        assert x.min() >= 0 and x.max() == 127 / 128


def test_the_average_follows():
    network = Network(plan())
    average = Average(network, 0.9)
    start = network.fc.bias.detach().clone()
    with torch.no_grad():
        network.fc.bias += 1
    average.update(10**6)
    assert torch.allclose(average.values["fc.bias"], start + 0.1)
    average.update(0)
    assert torch.allclose(average.values["fc.bias"], start + 0.91)


def test_the_pace_rises_and_falls():
    assert pace(0, 0.2) == pytest.approx(1 / 25) and pace(0.2, 0.2) == 1 and pace(1, 0.2) == pytest.approx(0)
    assert pace(0, 0) == 1 and pace(0.6, 0.2) == pytest.approx(0.5)


def test_a_folder_is_trained_and_opened_again(tmp_path, monkeypatch):
    monkeypatch.setattr(split, "FOLDS", (("101",), ("106", "108")))
    monkeypatch.setattr(split, "DS1", ("101", "106", "108"))
    monkeypatch.setattr(split, "DS2", ("100",))
    monkeypatch.setattr(train, "DS2", ("100",))
    data, folder = tmp_path / "mitdb", tmp_path / "net"
    data.mkdir()
    for name in ("100", "101", "106", "108"):
        write_record(data, name)
    opened = []
    monkeypatch.setattr(beats, "load", lambda *given, own=beats.load: opened.extend(given[1]) or own(*given))
    made_net = train.train(plan(), folder, data)
    assert set(opened) == {"101", "106", "108"} and made_net.verdict.beats.sum() > 10
    assert (folder / "recipe.toml").read_text() == SMALL
    again = train.reopen(folder, plan())
    assert same(again.state_dict(), made_net.network.state_dict())
    verdict = train.test(plan(), again, data)
    assert set(opened) >= {"100"} and verdict.beats.sum() > 10
    with pytest.raises(BadInput, match="is not a net of recipe small"):
        train.reopen(folder, plan("channels = 4, kernel = 5", "channels = 8, kernel = 5"))
