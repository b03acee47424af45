"""Progress where nobody sees bars: a line every so often, whatever the work waits for."""

import time

import pytest

from bittrue import bars
from bittrue.bars import Bars, Now, shown, steps


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """A line every 20 ms."""
    monkeypatch.setattr(bars, "EVERY", 0.02)


def test_work_that_takes_long_says_where_it_is(capsys):
    with steps("reading") as step:
        time.sleep(0.1)
        step("training", 3, 10)
        time.sleep(0.1)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "bittrue: reading: for 0 s now"
    assert lines[-1].startswith("bittrue: training: 3 of 10, 30 %, about 0 s left")
    time.sleep(0.06)
    assert not capsys.readouterr().err  # the last line is not said for ever


def test_short_work_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(bars, "EVERY", 20.0)
    with steps("reading") as step:
        step("training", 3, 10)
    with shown(Bars, visible=False) as hidden:
        hidden.move("a", 1, 2, "a")
    assert capsys.readouterr() == ("", "")


def test_bars_nobody_wants_say_nothing(capsys):
    with shown(Bars, visible=False) as hidden:
        hidden.move("a", 1, 2, "a")
        time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_what_moved_last_is_said(capsys):
    with shown(Bars) as both:
        both.move("a", 1, 2, "first")
        both.move("b", 1, 2, "second")
        both.move("a", 2, 2, "first again")
        assert both.line() == "first again: 2 of 2, 100 %"
        both.finish("b")
        assert both.line() == "b: 2 of 2, 100 %"
        both.say("judging")
        assert both.line() == "judging: for 0 s now"


@pytest.mark.parametrize(
    ("done", "total", "seconds", "line"),
    [
        (1, 4, 60, "x: 1 of 4, 25 %, about 3 min left"),
        (1, 1000, 60, "x: 1 of 1,000, 0 %, about 16 h 39 min left"),
        (0, 4, 90, "x: 0 of 4, 0 %, for 90 s now"),
        (4, 4, 90, "x: 4 of 4, 100 %"),
        (0, 0, 7_500, "x: for 2 h 5 min now"),
    ],
)
def test_a_line_says_how_long_it_takes(done, total, seconds, line):
    assert Now("x", done, total, time.monotonic() - seconds).line() == line


def test_the_clock_begins_again_with_other_work():
    now = Now("x", 5, 10, time.monotonic() - 1000)
    now.moved("x", 6, 10)
    assert "about 11 min left" in now.line()
    now.moved("y", 1, 20)
    assert "about 0 s left" in now.line()


def test_a_reader_that_has_gone_stops_no_work(monkeypatch):
    class Gone:
        def write(self, text):
            raise BrokenPipeError

        flush = isatty = lambda self: False

    monkeypatch.setattr("sys.stderr", Gone())
    with bars.spoken(lambda: "x"):
        time.sleep(0.06)
