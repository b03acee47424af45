import json

import numpy as np
import pytest
from tiny_pa import BANDWIDTH, RATE, band_limited, mild_amplifier

from bittrue.apps.dpd.captures import align, data, recording
from bittrue.apps.dpd.captures.align import Alignment
from bittrue.apps.dpd.captures.mend import resampled
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
    assert main(["align", *names, "-o", str(tmp_path / "again"), *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["removed"]["delay_samples"] == pytest.approx(121.3, abs=0.05) and "clock_ppm" not in found["removed"]
    assert found["correlation"] > 0.9 and str(tmp_path / "again" / "spec.json") in found["files"]
    capture = data.load(folder)
    assert found["samples"] == {split: len(signal) for split, signal in capture.inputs.items()}
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

    monkeypatch.setattr("bittrue.apps.dpd.captures.capture_writer.write_together", full)
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


def spoilt_files(folder, x, y):
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    return ["align", str(folder / "x.npy"), str(folder / "y.npy"), "-o", str(folder / "c")]


@pytest.fixture
def offset(pair, tmp_path):
    """A command on a record with a frequency offset of 26.7 kHz and a clock that is 40 ppm slow."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("scipy")
    x, y = pair
    y = resampled(y * np.exp(0.8j * np.pi * np.arange(len(y)) / len(y)), 1 + 40e-6)
    return [*spoilt_files(tmp_path, x, y), "--sample-rate", str(RATE), "--bandwidth", str(BANDWIDTH)]


def test_an_offset_and_a_clock_ratio_are_named_or_removed(offset, tmp_path, capsys):
    assert main(offset) == 2 and not (tmp_path / "c").exists()
    refused = capsys.readouterr().err
    assert "ppm slower" in refused and "frequency offset of +26," in refused and "--correct removes it" in refused
    assert "bittrue align" not in refused
    assert main([*offset, "--correct"]) == 0
    assert "ppm: removed" in capsys.readouterr().out
    removed = json.loads((tmp_path / "c" / "spec.json").read_text())["removed"]
    assert removed["frequency_offset_hz"] == pytest.approx(0.4 * RATE / 12_000, rel=0.02)
    assert removed["clock_ppm"] == pytest.approx(-40, abs=2)
    data.load(tmp_path / "c")
    assert main([*offset, "--accept", "unsteady", "--accept", "unaligned"]) == 0
    assert data.load(tmp_path / "c").name == "c"


def test_what_cannot_be_removed_is_refused_with_correct_too(pair, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    x, y = pair
    command = spoilt_files(tmp_path, x, np.delete(y, slice(6000, 6040)))
    assert main([*command, "--sample-rate", str(RATE), "--bandwidth", str(BANDWIDTH), "--correct"]) == 2
    refused = capsys.readouterr().err
    assert "40 samples of the output are missing at its sample 6,00" in refused and "--correct" not in refused


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        ((300e6, 300e6), ["the carrier is centred at +", "shift both recordings by -"]),
        ((-120e6, -120e6), ["the carrier is centred at -1", "shift both recordings by +1"]),
        ((0, 150e6), ["the input's spectrum is centred at ", "and the output's at +1"]),
    ],
)
def test_a_carrier_beside_zero_is_named_and_not_called_swapped(pair, tmp_path, capsys, shift, words):
    pytest.importorskip("matplotlib")
    time = np.arange(len(pair[0])) / RATE
    moved = (signal * np.exp(2j * np.pi * hertz * time) for signal, hertz in zip(pair, shift, strict=True))
    command = spoilt_files(tmp_path, *moved)
    assert main([*command, "--sample-rate", str(RATE), "--bandwidth", str(BANDWIDTH)]) == 2
    refused = capsys.readouterr().err
    assert all(word in refused for word in words) and "swapped" not in refused


@pytest.mark.parametrize("bandwidth", ["40", "0.001", "4e6"])
def test_a_bandwidth_of_too_few_frequencies_is_refused(pair, tmp_path, capsys, bandwidth):
    pytest.importorskip("matplotlib")
    assert main([*spoilt_files(tmp_path, *pair), "--sample-rate", str(RATE), "--bandwidth", bandwidth]) == 2
    assert "of the frequencies of 12,000 samples" in capsys.readouterr().err


@pytest.mark.parametrize("rate", ["nan", "inf", "-1", "0"])
def test_a_rate_that_is_none_is_refused(pair, tmp_path, rate):
    pytest.importorskip("matplotlib")
    assert main([*spoilt_files(tmp_path, *pair), "--sample-rate", rate, "--bandwidth", "2e8"]) == 2


def test_only_a_mean_that_is_an_offset_is_taken_for_one(pair):
    x, _ = pair
    assert align.direct(x * np.exp(1j * np.arange(len(x)) / 4000)) == 0
    assert align.direct(x + 0.1) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("spoil", "options", "said"),
    [
        (lambda y: np.roll(y, 4000).conj(), (), "mirror image of the input's: I and Q of one of them are exchanged"),
        (lambda y: y[:3000], (), "y.csv has 3,000 samples; record 4,096 at least"),
        (lambda y: np.where(np.arange(len(y)) == 77, np.inf, y), (), "y.csv holds NaN or infinity, first at sample 77"),
        (lambda y: y, ("--segment", "63"), "segments of 63 samples and 1 sub-channels in 2e+08 Hz are no channel"),
    ],
)
def test_what_is_wrong_is_said_of_the_files_that_were_given(pair, tmp_path, capsys, spoil, options, said):
    x, y = pair
    given = files(tmp_path, x, spoil(y))
    rates = ("--sample-rate", str(RATE), "--bandwidth", str(BANDWIDTH))
    assert main(["align", *given, "-o", str(tmp_path / "made"), *rates, *options]) == 2
    sentence = capsys.readouterr().err
    assert said in sentence and "spec.json" not in sentence and not (tmp_path / "made").exists()
