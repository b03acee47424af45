"""What the demo of heartbeats plays: beats of a record, what the reference says of them, and where they lie."""

from __future__ import annotations

import numpy as np
import pytest

from bittrue import ref, spec
from bittrue.apps.ecg import patients, recipe
from bittrue.apps.ecg.demonstrating import demo_data
from bittrue.board.demo.heartbeats import bundle
from bittrue.cli import main
from bittrue.committed import located
from bittrue.errors import BadInput
from bittrue.spec import LAYERS, save


@pytest.fixture(scope="module")
def net():
    return spec.load(located("ecg-tiny"))


@pytest.fixture(scope="module")
def people():
    return patients.made_up(2)


def test_beats_of_several_records_follow_one_another(net, people, tmp_path):
    plan = recipe.named("ecg-tiny")
    whole = people.beats(plan.input)
    count = int((whole.record == 0).sum()) + 5
    written = demo_data.write(tmp_path, net, plan, people, count)
    assert written == (tmp_path / demo_data.FILE, count, "2 made-up patients, seed 0")
    found = bundle.load(tmp_path / demo_data.FILE)
    np.testing.assert_array_equal(found.codes, whole.x[:count])
    np.testing.assert_array_equal(found.expected, ref.run(net, whole.x[:count].astype(int)))
    np.testing.assert_array_equal(found.labels, whole.y[:count])
    first, second = (people.record(name) for name in whole.names)
    np.testing.assert_array_equal(found.signal, np.concatenate([first.signal, second.signal]))
    np.testing.assert_array_equal(found.positions[-5:], whole.position[count - 5 : count] + len(first.signal))
    assert found.rate == first.rate and found.classes == tuple("NSVFQ")


def test_a_net_of_something_else_is_refused(people, tmp_path):
    with pytest.raises(BadInput, match=r"net conv1d takes 4x9 Q1.7 .* name a net of heartbeats, such as"):
        demo_data.write(tmp_path, LAYERS["Conv1d"].example(), recipe.named("ecg-tiny"), people, None)


def test_without_data_made_up_patients_are_played_and_that_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("BITTRUE_MITDB", str(tmp_path / "nowhere"))
    monkeypatch.setattr(demo_data, "PEOPLE", 1)
    assert main(["demo-data", "ecg-tiny", "-o", str(tmp_path / "o"), "--count", "12"]) == 0
    printed = capsys.readouterr()
    assert "12 beats of 1 made-up patients" in printed.out and "the demo plays made-up patients instead" in printed.err
    assert main(["demo-data", "ecg-tiny", "-o", str(tmp_path / "p"), "--records", "213"]) == 2
    assert "MIT-BIH records are not in" in capsys.readouterr().err and not (tmp_path / "p").exists()


@pytest.mark.parametrize("words", [["--passes", "3"], ["--capture", "stored"], ["--kelvin", "0"], ["--seed", "2"]])
def test_options_of_predistortion_are_refused(tmp_path, capsys, words):
    assert main(["demo-data", "ecg-tiny", "-o", str(tmp_path / "o"), *words]) == 2
    assert f"{words[0]} belongs to predistortion; leave it out" in capsys.readouterr().err


def test_options_of_heartbeats_are_refused_for_a_predistorter(tmp_path, capsys):
    save(LAYERS["Dense"].example(), tmp_path / "net")
    assert main(["demo-data", str(tmp_path / "net"), "-o", str(tmp_path / "o"), "--count", "3"]) == 2
    assert "--count belongs to heartbeats; leave it out" in capsys.readouterr().err
