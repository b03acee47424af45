"""The loop of a training: when it looks, when it saves, when it ends, and what a keeper writes."""

import os
import signal

import pytest

torch = pytest.importorskip("torch", reason="the loop belongs to training")

from bittrue.kit.training.averaging import Average  # noqa: E402
from bittrue.kit.training.keeper import Keeper  # noqa: E402
from bittrue.kit.training.loop import STOPPING, TrainingLoop  # noqa: E402
from bittrue.kit.training.schedules import half_cosine, warmed_cosine  # noqa: E402


@pytest.fixture
def interrupts():
    """Interrupts as a terminal has them: what runs in a shell's background ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Course(TrainingLoop):
    """Remembers what it was asked for; ends after ``patience`` looks."""

    def __init__(self, total, every, done=0, patience=99):
        self.total, self.every, self.done, self.patience, self.asked = total, every, done, patience, []

    def advance(self, number):
        self.asked.append(number)
        return {"loss": float(number)}

    def look(self):
        self.asked.append("look")
        return {"error": 1.0}

    def over(self):
        return self.asked.count("look") >= self.patience


def test_looks_come_every_so_often_and_after_the_last_step():
    course, saved, told = Course(5, 2), [], []
    course.run(lambda last: saved.append((course.done, last)), told.append)
    assert course.asked == [0, 1, "look", 2, 3, "look", 4, "look"]
    assert saved == [(1, False), (2, False), (3, False), (4, False), (5, True)]
    assert told[0] == {"loss": 0.0} and told[1] == {"loss": 1.0, "error": 1.0}


def test_a_loop_goes_on_where_it_was_and_ends_early():
    course = Course(9, 2, done=3, patience=2)
    course.run(lambda last: None, lambda found: None)
    assert course.asked == [3, "look", 4, 5, "look"] and course.done == 6


def test_an_interrupt_is_raised_behind_its_step_when_that_is_saved(interrupts, capsys):
    class Stopped(Course):
        def advance(self, number):
            if number == 2:
                os.kill(os.getpid(), signal.SIGINT)
            return super().advance(number)

    course, saved, told = Stopped(9, 3), [], []
    with pytest.raises(KeyboardInterrupt):
        course.run(lambda now: saved.append((course.done, now)), told.append)
    assert course.asked == [0, 1, 2, "look"] and saved == [(1, False), (2, False), (3, True)] and len(told) == 3
    assert capsys.readouterr().err == f"bittrue: {STOPPING}\n"
    course.run(lambda now: saved.append((course.done, now)), told.append)
    assert course.done == 9 and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_is_raised_where_it_comes(interrupts):
    class Stopped(Course):
        def advance(self, number):
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
            return super().advance(number)

    course = Stopped(9, 3)
    with pytest.raises(KeyboardInterrupt):
        course.run(lambda now: None, lambda found: None)
    assert course.asked == [] and course.done == 0


def test_a_keeper_writes_when_it_is_time_or_told_to(tmp_path):
    path, made = tmp_path / "state.pt", []

    def state():
        made.append(1)
        return {"epoch": len(made)}

    keeper = Keeper(path, 1, "recipe", "data", 1e9)
    keeper.save(state, now=False)
    assert not path.exists() and not made and keeper.resume() is None
    keeper.save(state, now=True)
    assert keeper.resume()["epoch"] == 1
    Keeper(path, 1, "recipe", "data", 0.0).save(state, now=False)
    Keeper(path, 1, "recipe", "data", 0.0, writes=False).save(state, now=True)
    Keeper(None, 1, "recipe", "data", 0.0).save(state, now=True)
    assert keeper.resume()["epoch"] == 2 and len(made) == 2


def test_rates_rise_and_fall():
    assert [half_cosine(turn, 4) for turn in (0, 2, 4)] == pytest.approx([1, 0.5, 0])
    assert warmed_cosine(0, 0.5) == pytest.approx(1 / 25) and warmed_cosine(0.5, 0.5) == 1
    assert warmed_cosine(0.6, 0.2) == pytest.approx(0.5) and warmed_cosine(1, 0.2) == pytest.approx(0)
    assert all(warmed_cosine(turn / 7, 0) == half_cosine(turn / 7) for turn in range(8))


def test_an_average_is_applied_for_a_while():
    network = torch.nn.Linear(1, 1, bias=False)
    start = network.weight.detach().clone()
    average = Average(network, 0.75)
    with torch.no_grad():
        network.weight += 4
    average.update()
    with average.applied():
        assert torch.allclose(network.weight, start + 1)
    assert torch.allclose(network.weight, start + 4) and not Average(network, 0.0).values
    warm = Average(network, 0.99, warm=True)
    with torch.no_grad():
        network.weight += 4
    warm.update(0)
    assert torch.allclose(warm.values["weight"], start + 4 + 4 * 0.9)
