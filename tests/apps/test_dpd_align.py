import json

import numpy as np
import pytest
from tiny_pa import BANDWIDTH, RATE, band_limited, mild_amplifier

from bittrue.apps.dpd.captures import align, data, recording
from bittrue.apps.dpd.captures.align import Alignment
from bittrue.cli import main
from bittrue.errors import BadInput

TURN = np.exp(0.9j)


@pytest.fixture(scope="module")
def pair():
    x = band_limited(12_000, 0)
    return x, mild_amplifier(x)


def files(folder, x, y):
    np.save(folder / "x.npy", x)
    np.savetxt(folder / "y.csv", data.to_iq(y), delimiter=",", header="I,Q", comments="", fmt="%.17g")
    return str(folder / "x.npy"), str(folder / "y.csv")


@pytest.mark.parametrize("delay", [0, 7, 40.25, -12.5, 133.75])
def test_a_known_delay_is_found(pair, delay):
    x, _ = pair
    y = 2.5 * TURN * align.delayed(x, delay)
    found = align.estimate(x[200:-200], y[200:-200], RATE, BANDWIDTH)
    assert found.delay == pytest.approx(delay, abs=1e-3)
    assert found.gain == pytest.approx(2.5 * TURN, rel=2e-3) and found.correlation > 0.9999


def test_recordings_of_different_length_are_paired(pair):
    x, _ = pair
    y = align.delayed(x, 0.4)
    found = align.estimate(x[300:9000], y[100:11_000], RATE, BANDWIDTH)
    assert found.delay == pytest.approx(200.4, abs=1e-3)
    a, b = align.apply(x[300:9000], y[100:11_000], found)
    assert len(a) == len(b) == 8700 - 2 * align.EDGE
    assert np.array_equal(a, x[300 + align.EDGE : 9000 - align.EDGE])
    assert np.linalg.norm(a - b) < 0.02 * np.linalg.norm(a)


def test_too_little_in_common_is_refused(pair):
    x, _ = pair
    with pytest.raises(BadInput, match="record longer"):
        align.estimate(x[:4000], x[3500:8000], RATE, BANDWIDTH)


def test_normalising_takes_offset_level_and_phase_away(pair):
    x, y = pair
    a, b = align.normalise(0.3 * x + 0.01, 7 * TURN * y - 2j)
    assert abs(a).max() == pytest.approx(1) and abs(b).max() == pytest.approx(1)
    assert abs(a.mean()) < 1e-12 and abs(b.mean()) < 1e-12
    assert np.angle(np.vdot(a, b)) == pytest.approx(0, abs=1e-12)


def test_a_delay_of_whole_samples_moves_samples_only():
    x = np.arange(10) + 0j
    a, b = align.overlap(x, x[2:], 3)
    assert np.array_equal(a, x[:5]) and np.array_equal(b, x[5:])
    assert len(align.overlap(x, x, 99)[0]) == 0
    assert [align.nearest(v) for v in (-0.6, -0.4, 0.5, 1.4)] == [-1, 0, 1, 1]


def test_the_command_writes_a_capture_that_every_command_takes(pair, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    x, y = pair
    names = files(tmp_path, 0.2 * x[100:], 3 * TURN * align.delayed(y, 21.3) + 0.4)
    folder = tmp_path / "capture"
    options = ["--sample-rate", str(RATE), "--bandwidth", str(BANDWIDTH), "--sub-channels", "5", "--segment", "400"]
    assert main(["align", *names, "-o", str(folder), *options]) == 0
    assert "delay +121.3" in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["align.png", "input.npy", "output.npy", "spec.json"]
    assert json.loads((folder / "spec.json").read_text())["removed"]["delay_samples"] == pytest.approx(121.3, abs=0.05)
    capture = data.load(folder)
    assert capture.name == "capture" and (capture.channel.n_sub_ch, capture.channel.nperseg) == (5, 400)
    inputs, outputs = (np.concatenate(list(part.values())) for part in (capture.inputs, capture.outputs))
    assert capture.peak == pytest.approx(1, abs=0.2) and abs(inputs).max() == pytest.approx(1)
    wanted = align.normalise(x[100 + align.EDGE :][: len(inputs)], y[100 + align.EDGE :][: len(inputs)])
    assert np.linalg.norm(inputs - wanted[0]) < 1e-9 * np.linalg.norm(inputs)
    assert np.linalg.norm(outputs - wanted[1]) < 0.02 * np.linalg.norm(outputs)


def test_a_fault_leaves_no_folder_behind(pair, tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    x, y = pair
    names = files(tmp_path, x, y)
    options = ["-o", str(tmp_path / "capture"), "--sample-rate", str(RATE), "--bandwidth", str(BANDWIDTH)]
    assert main(["align", names[1], names[0], *options]) == 2
    assert "swapped" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["align", *names, *options, "-o", str(tmp_path / "file" / "x")]) == 2
    assert "choose another folder" in capsys.readouterr().err

    def full(*_):
        raise BadInput("cannot write: no space left; free some")

    monkeypatch.setattr("bittrue.apps.dpd.captures.aligned.write_together", full)
    assert main(["align", *names, *options]) == 2
    assert not (tmp_path / "capture").exists()


def test_what_was_accepted_is_kept(pair, tmp_path):
    pytest.importorskip("matplotlib")
    x, y = pair
    names = files(tmp_path, y, x)  # as under predistortion: the drive is wider than the output
    options = ["-o", str(tmp_path / "c"), "--sample-rate", str(RATE), "--bandwidth", str(BANDWIDTH), "--accept"]
    assert main(["align", *names, *options, "swapped"]) == 0
    assert data.load(tmp_path / "c").name == "c"
    assert main(["align", *names, *options, "swaped"]) == 2


def test_an_alignment_can_be_made_by_hand(pair):
    x, _ = pair
    a, b = align.apply(x, align.delayed(x, 2.5), Alignment(2.5, 1 + 0j, 1.0))
    assert np.linalg.norm(a - b) < 0.02 * np.linalg.norm(a)
    assert recording.segment(1000) == 128
