"""What the PC writes for the demo on the board; the board's NumPy says what the PC's models and metrics say."""

import dataclasses
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from small_net import plan, write_net

from bittrue import ref, spec
from bittrue.apps.dpd import metrics
from bittrue.apps.dpd.amplifiers import amplifier
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.closed_loop import integer, judge
from bittrue.apps.dpd.demonstrating import demo_data, ofdm, plant, test_signals
from bittrue.apps.dpd.metrics import Channel
from bittrue.apps.dpd.thermal.drift import Drift, Rates
from bittrue.apps.dpd.thermal.thermal import drifted
from bittrue.board.demo import bundle, measuring
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec import ComplexFIR, Dense, MemoryTaps, Net, Node

CHANNEL = Channel(800e6, 200e6, 5, 500)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def capture(capture_folder):
    return data.load(capture_folder)


@pytest.fixture
def net_folder(tmp_path, capture_folder):
    return write_net(tmp_path / "small", capture_folder)


def noise(samples, seed=0, scale=0.3):
    generator = np.random.default_rng(seed)
    return scale * (generator.standard_normal(samples) + 1j * generator.standard_normal(samples)) / np.sqrt(2)


# -- the signal ------------------------------------------------------------------------------------------------------


def test_an_ofdm_like_signal_has_the_rms_the_peak_and_nothing_but_carriers():
    x = ofdm.ofdm(CHANNEL, 4000, 0.3, 0.7, 1)
    spectrum, carriers = abs(np.fft.fft(x)), ofdm.occupied(CHANNEL, 4000)
    assert np.sqrt(np.mean(abs(x) ** 2)) == pytest.approx(0.3, rel=1e-12)
    assert 0.69 < abs(x).max() < 0.73  # without the clipping, 0.78
    assert spectrum[~carriers].max() < 1e-9 * spectrum[carriers].max()
    assert carriers.sum() == pytest.approx(4000 * 0.25 * ofdm.OCCUPIED, rel=0.02)
    assert not carriers[np.isclose(abs(np.fft.fftfreq(4000, 1 / 800e6)), 20e6)].any()  # between two sub-channels


def test_an_ofdm_like_signal_is_drawn_by_its_seed():
    one, again, other = (ofdm.ofdm(CHANNEL, 1000, 0.3, 0.9, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.allclose(one, other)


def test_an_impossible_signal_is_refused():
    with pytest.raises(BadInput, match="a peak of"):
        ofdm.ofdm(CHANNEL, 1000, 0.3, 0.5, 1)
    with pytest.raises(BadInput, match="no carrier"):
        ofdm.ofdm(Channel(800e6, 200e6, 4, 500), 3, 0.3, 0.9, 1)


def test_the_passes_begin_with_the_test_split_and_its_history(capture):
    made = test_signals.passes(plant.of(capture), 3, 7, delay=4)
    test = capture.inputs["test"]
    assert made.signals.shape == (3, 512 + len(test) + 4) and (made.warm, made.measured, made.delay) == (
        512,
        len(test),
        4,
    )
    assert np.array_equal(made.signals[0, 512:-4], test)
    assert np.array_equal(made.signals[0, :512], capture.history("test", 512))
    assert np.array_equal(made.signals[1, :512], made.signals[1, len(test) : -4])  # periodic
    assert not made.signals[:, -4:].any()
    assert made.titles == (f"test split of {capture.name}", "OFDM-like signal, seed 8", "OFDM-like signal, seed 9")


@pytest.mark.parametrize("count", [0, 65])
def test_a_number_of_passes_out_of_range_is_refused(count):
    with pytest.raises(BadInput, match=f"{count} passes"):
        test_signals.passes(plant.stored(), count, 1, 0)


# -- the amplifier ---------------------------------------------------------------------------------------------------


def board_amplifier(stand):
    """The board's amplifier of a plant, by way of a bundle's document."""
    rates = vars(Rates())
    return bundle.Amplifier(stand.terms, stand.coefficients, stand.peak, stand.top, bundle.Rates(**rates))


@pytest.mark.parametrize("kelvin", [0.0, 60.0, -65.0])
def test_the_boards_amplifier_is_the_pcs(capture, kelvin):
    model = amplifier.load("twin", capture)
    _, hot = drifted(capture, model, Drift.at(kelvin))
    u = noise(3000, scale=0.6)
    u[5] = 3 * capture.peak  # what is limited
    wanted, found = hot(u), board_amplifier(plant.of(capture))(u, kelvin)
    assert abs(found - wanted).max() < 1e-12 * abs(wanted).max()


def test_the_stored_plant_is_the_default_captures():
    try:
        capture = data.load()
    except BadInput as error:
        pytest.skip(str(error))
    made, kept = plant.of(capture), plant.stored()
    assert np.array_equal(made.terms, kept.terms) and made.channel == kept.channel and made.capture == kept.capture
    np.testing.assert_allclose(kept.coefficients, made.coefficients, rtol=1e-6, atol=1e-9)
    for name in ("peak", "top", "rms", "signal_peak"):
        assert getattr(kept, name) == pytest.approx(getattr(made, name), rel=1e-12)


def test_a_plant_survives_its_file(capture, monkeypatch, tmp_path):
    made = plant.of(capture)
    (tmp_path / plant.FILE).write_text(plant.text(made))
    monkeypatch.setattr(plant.resources, "files", lambda _: tmp_path)
    kept = plant.stored()
    assert np.array_equal(kept.terms, made.terms) and np.array_equal(kept.coefficients, made.coefficients)
    assert (kept.peak, kept.top, kept.rms, kept.signal_peak) == (made.peak, made.top, made.rms, made.signal_peak)
    assert kept.channel == made.channel and not len(kept.tested)


def test_without_the_capture_the_stored_plant_stands_in(monkeypatch):
    def missing(name):
        raise BadInput(f"no {name}")

    monkeypatch.setattr(plant.data, "load", missing)
    stand, remark = plant.find(data.DEFAULT)
    assert not len(stand.tested) and remark.startswith(f"no {data.DEFAULT}; the demo uses stored numbers")
    with pytest.raises(BadInput, match="no other"):
        plant.find("other")
    assert plant.find(plant.STORED)[1] == ""


# -- the figures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [1500, 1700, 400])
@pytest.mark.parametrize("sub", [1, 5])
def test_the_boards_figures_are_the_pcs(samples, sub):
    channel = Channel(800e6, 200e6, sub, 500)
    wanted = noise(samples, 1)
    output = (0.9 + 0.2j) * wanted + 0.1 * wanted * abs(wanted) ** 2 + noise(samples, 2, 1e-3) + 0.01
    gain = np.vdot(wanted, output) / np.vdot(wanted, wanted)
    here = metrics.measure(output / gain, wanted, channel)
    there = measuring.measure(output, wanted, measuring.Channel(*vars(channel).values()))
    for name in ("aclr_left", "aclr_right", "aclr", "evm", "nmse"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), abs=1e-9), name


def test_the_drawn_spectrum_is_scipys_welch():
    signal = pytest.importorskip("scipy.signal", reason="the comparison needs scipy: pip install -e '.[sim]'")
    y = noise(9000)
    _, power = signal.welch(y, 800e6, nperseg=2048, scaling="spectrum", return_onesided=False)
    frequencies, decibel = measuring.drawn_spectrum(y, 800e6)
    np.testing.assert_allclose(decibel, 10 * np.log10(np.fft.fftshift(power)), rtol=0, atol=1e-9)
    assert frequencies[0] == -400 and frequencies[1024] == 0


def test_a_pass_on_the_board_has_the_figures_of_the_judge(capture, net_folder, tmp_path):
    net, stand = spec.load(net_folder), plant.of(capture)
    data_file = demo_data.write(tmp_path, {"only": net}, [0.0], stand, count=1, seed=1)
    load = bundle.load(data_file)
    wanted = load.signal(0)[load.span]
    drive = bundle.to_complex(load.due(0, 0, True)[load.delay :], load.frac_out)
    found = measuring.measure(load.amplifier(drive)[load.span], wanted, load.channel)
    usual = judge(capture, amplifier.load("twin", capture), integer(net))
    assert found.aclr == pytest.approx(usual.aclr, abs=0.01)  # the input is words there and floats here


# -- the expected codes ----------------------------------------------------------------------------------------------


def test_expected_codes_follow_one_another_and_a_start_follows_a_reset(net_folder):
    net = spec.load(net_folder)
    codes = net.input.format.encode(data.to_iq(noise(3 * 50))).reshape(3, 50, 2)
    steady, start = demo_data.expected(net, codes)
    twice = ref.run(net, np.concatenate([*codes, *codes])).reshape(2, 3, 50, 2)
    assert np.array_equal(steady, twice[1])
    for k in range(3):
        fresh = ref.run(net, codes[k])
        assert np.array_equal(start[k], fresh[: net.memory])
        assert np.array_equal(steady[k, net.memory :], fresh[net.memory :])
    assert not np.array_equal(steady[0], twice[0, 0])  # the history does matter


def test_a_pass_shorter_than_the_memory_is_refused(net_folder):
    net = spec.load(net_folder)
    with pytest.raises(BadInput, match="no longer than"):
        demo_data.expected(net, np.zeros((2, net.memory, 2), np.int64))


def test_a_memory_behind_weights_forbids_a_hot_swap(net_folder):
    assert demo_data.hot_swap(spec.load(net_folder))
    net = spec.load(net_folder)
    (fir,) = (node for node in net.nodes if isinstance(node.layer, ComplexFIR))
    (features,) = (node for node in net.nodes if isinstance(node.layer, MemoryTaps))
    chain = (Node("fir", fir.layer, ("input",)), Node("features", features.layer, ("fir",)))
    assert not demo_data.hot_swap(Net("chain", net.input, chain))


# -- the file --------------------------------------------------------------------------------------------------------


def test_the_file_comes_back_whole(capture, net_folder, tmp_path):
    net = spec.load(net_folder)
    other = spec.load(write_net_like(tmp_path / "other", net))
    stand = plant.of(capture)
    load = bundle.load(demo_data.write(tmp_path, {"a": net, "b": other}, [0.0, 30.0], stand, count=2, seed=3))
    assert [(b.name, b.kelvin) for b in load.banks] == [("a", 0.0), ("b", 30.0)]
    assert [b.hash for b in load.banks] == [spec.store.content_hash(n) for n in (net, other)]
    made = test_signals.passes(stand, 2, 3, net.delay)
    codes = net.input.format.encode(np.stack([data.to_iq(s) for s in made.signals]))
    assert np.array_equal(load.codes, codes) and load.codes.dtype == np.int64
    for k, bank in enumerate((net, other)):
        steady, start = demo_data.expected(bank, codes)
        assert np.array_equal(load.expected[k], steady) and np.array_equal(load.start[k], start)
        assert np.array_equal(load.due(k, 0, True), ref.run(bank, codes[0]))
    assert vars(load.channel) == vars(stand.channel) and load.titles == made.titles
    assert (load.warm, load.measured, load.delay, load.hot_swap) == (512, made.measured, net.delay, True)
    assert vars(load.amplifier.rates) == vars(Rates())


def write_net_like(folder, net):
    """The same net with other biases."""
    nodes = []
    for node in net.nodes:
        layer = node.layer
        if isinstance(layer, Dense):
            layer = dataclasses.replace(layer, bias=layer.bias + 5)
        nodes.append(dataclasses.replace(node, layer=layer))
    folder.mkdir()
    spec.save(dataclasses.replace(net, nodes=tuple(nodes)), folder)
    return folder


def rewritten(path, change):
    """A bundle with another document or other arrays."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    about = json.loads(str(arrays["about"]))
    change(about, arrays)
    arrays["about"] = np.array(json.dumps(about))
    content = io.BytesIO()
    np.savez(content, **arrays)
    path.write_bytes(content.getvalue())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda about, arrays: about.update(version=2), r"\('bittrue-demo', 2\) and \('bittrue-demo', 1\) is needed"),
        (lambda about, arrays: about.pop("warm"), "has no warm"),
        (lambda about, arrays: about.update(warm=1e30), r"warm is 1e\+30, not a whole number from 0 to"),
        (lambda about, arrays: about.update(measured=5), "do not belong together"),
        (lambda about, arrays: about["channel"].update(nperseg="2560"), r"channel\.nperseg is '2560', not a whole"),
        (lambda about, arrays: about["amplifier"].update(peak=0), r"amplifier\.peak is 0, not a number from 1e-06"),
        (lambda about, arrays: about["amplifier"]["rates"].pop("phase"), r"has no amplifier\.rates\.phase"),
        (lambda about, arrays: about.update(titles=[7]), r"titles is \[7\], not a list"),
        (lambda about, arrays: arrays.pop("codes"), "lacks codes"),
        (lambda about, arrays: arrays.update(codes=arrays["codes"] + 0.5), "lacks codes, or it has another"),
        (lambda about, arrays: arrays.update(terms=arrays["terms"] * 30000), "cannot be computed"),
        (lambda about, arrays: arrays.update(coefficients=arrays["coefficients"] * np.inf), "cannot be computed"),
        (lambda about, arrays: arrays.update(expected=arrays["expected"][:, :, 1:]), "do not belong together"),
        (lambda about, arrays: about["banks"][0].pop("hash"), r"has no banks\[0\]\.hash"),
    ],
)
def test_a_file_that_is_not_the_boards_is_refused(net_folder, capture, tmp_path, change, complaint):
    path = demo_data.write(tmp_path, {"only": spec.load(net_folder)}, [0.0], plant.of(capture), count=1, seed=1)
    rewritten(path, change)
    with pytest.raises(BadInput, match=complaint):
        bundle.load(path)


def endless():
    """A .npz of some hundred bytes that says it holds terabytes."""
    array, content = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f4", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("codes.npy", array.getvalue())
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "there is no"), (b"PK\x03\x04 no", "damaged"), (b"", "damaged"), (endless(), "corrupt: its shape is")],
)
def test_a_missing_or_damaged_file_is_refused(tmp_path, content, complaint):
    path = tmp_path / "demo.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=complaint):
        bundle.load(path)


def test_what_is_no_predistorter_is_refused(capture, tmp_path):
    with pytest.raises(BadInput, match="a predistorter maps I/Q to I/Q"):
        demo_data.write(tmp_path, {"only": Dense.example()}, [0.0], plant.of(capture), count=1, seed=1)
    assert not list(tmp_path.glob("*.npz"))


def test_as_many_temperatures_as_banks(net_folder, capture, tmp_path):
    with pytest.raises(BadInput, match="2 temperatures are given for 1 banks"):
        demo_data.write(tmp_path, {"only": spec.load(net_folder)}, [0.0, 1.0], plant.of(capture), count=1, seed=1)


# -- the command -----------------------------------------------------------------------------------------------------


def test_temperatures_come_from_the_recipe_of_the_banks(tmp_path, capture_folder):
    text = plan(capture_folder, extra="[thermal]\ncold = -40.0\nhot = 55.0\n").text
    for bank in ("cold", "hot"):
        (tmp_path / bank).mkdir()
    (tmp_path / "recipe.toml").write_text(text)
    names = ["cold", "normal", "hot"]
    assert demo_data.kelvins([tmp_path], names) == [-40.0, 0.0, 55.0]
    assert demo_data.kelvins([tmp_path / "cold", tmp_path / "hot"], ["cold", "hot"]) == [-40.0, 55.0]
    (tmp_path / "recipe.toml").unlink()
    assert demo_data.kelvins([tmp_path / "cold"], ["cold"]) == [0.0]


def test_the_command_writes_what_the_board_reads(net_folder, capture_folder, tmp_path, capsys):
    words = ["demo-data", str(net_folder), "-o", str(tmp_path / "made"), "--passes", "2", "--kelvin=-30"]
    assert main([*words, "--capture", str(capture_folder)]) == 0
    load = bundle.load(tmp_path / "made" / bundle.FILE)
    assert load.banks[0].kelvin == -30 and len(load.codes) == 2
    assert "small (-30 K)" in capsys.readouterr().out
    assert main([*words, "--capture", str(capture_folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kelvin"] == {"small": -30} and found["files"] == [str(tmp_path / "made" / bundle.FILE)]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--kelvin", "hot"], "not a list of kelvins"),
        (["--kelvin", "200"], "not a list of kelvins"),
        (["--kelvin", "1,2"], "2 temperatures"),
        (["--passes", "0"], "not a whole number from 1 to 64"),
        (["--names", "a,b"], "2 names"),
        (["--capture", "nowhere"], "opendpd"),
    ],
)
def test_the_command_refuses_what_it_cannot_use(net_folder, capture_folder, tmp_path, capsys, words, complaint):
    capture = [] if "--capture" in words else ["--capture", str(capture_folder)]
    assert main(["demo-data", str(net_folder), "-o", str(tmp_path / "made"), *capture, *words]) == 2
    assert complaint in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.npz"))
