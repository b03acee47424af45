"""``bittrue export``: what it reads, what it writes, what it refuses, and what it says that clamping would cost."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from bittrue import ref, spec
from bittrue.apps.dpd import float_net, recipe
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.exporting.export import Options, export
from bittrue.apps.dpd.exporting.quantisation import Trial, trial
from bittrue.apps.dpd.exporting.rescaling import rescaled
from bittrue.apps.dpd.exporting.source import read
from bittrue.apps.dpd.thermal.thermal import BANKS
from bittrue.apps.dpd.topology import skeleton
from bittrue.cli import main
from bittrue.emit.rom import roms
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.parent import decoded, fitted, misfits, quantise, trainable
from bittrue.spec.store import content_hash

RECIPE = """
name = "small"
capture = "{capture}"
[net]
taps = [0, 1]
powers = [1, 2]
hidden = [4, 3]
leaky_shift = 2
[formats]
input = "Q1.15"
features = "{features}"
hidden = "{hidden}"
output = "Q1.15"
weight = "{weight}"
[train]
seed = 3
batch = 256
float_epochs = 6
qat_epochs = 4
float_rate = 1e-2
qat_rate = 1e-3
"""


def plan(capture, weight="fit", hidden="Q4.12", features="Q1.15"):
    text = RECIPE.format(capture=capture, weight=weight, hidden=hidden, features=features)
    return recipe.parse(text.encode(), "small")


def parameters(net, seed=0, size=0.6):
    """A predistorter that passes I and Q on, beside small random terms."""
    rng = np.random.default_rng(seed)
    own = {}
    for node in net.nodes:
        for field, codes in trainable(node.layer).items():
            own[f"{node.name}.{field}"] = rng.uniform(-size, size, codes.shape) * (0.02 if field == "bias" else 1)
    return own


def stored(folder, text, own, net=None):
    """A folder with float parameters, their recipe and, where one is given, their integer net."""
    folder.mkdir(exist_ok=True)
    if net is not None:
        spec.save(net, folder)
    (folder / "recipe.toml").write_text(text)
    (folder / float_net.FILE).write_bytes(safetensors.numpy.save(own))
    return folder


def written(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- sources --------------------------------------------------------------------------------------------------------


def test_a_net_folder_is_written_as_it_is(capture_folder, tmp_path):
    text = plan(capture_folder)
    own = parameters(skeleton(text))
    net = fitted(skeleton(text), own)
    done = export(stored(tmp_path / "net", text.text, own, net), tmp_path / "roms")
    assert content_hash(spec.load(tmp_path / "roms")) == content_hash(net)
    files = written(tmp_path / "roms")
    assert {str(path.relative_to(tmp_path / "roms")) for path in done.paths} == set(files)
    assert {name: files[name].decode() for name in roms(net)} == roms(net)
    assert set(files) == set(roms(net)) | {"net.json", "weights.safetensors"}


def test_an_integer_net_keeps_every_bit_of_its_biases(tmp_path):
    fmt, weight = Format.parse("Q1.15"), np.array([[3, 0], [0, -3]])
    layer = spec.Dense(weight, np.array([-(1 << 60), (1 << 60) - 1]), fmt, fmt)
    net = spec.Net("long", spec.TensorType((2,), fmt), (spec.Node("fc", layer, ("input",)),))
    spec.save(net, tmp_path / "net")
    export(tmp_path / "net", tmp_path / "roms")
    assert content_hash(spec.load(tmp_path / "roms")) == content_hash(net)


def test_a_net_of_several_inputs_is_written_and_named_by_them(tmp_path, capsys):
    types = {"iq": spec.TensorType((2,), "Q1.7"), "gain": spec.TensorType((2,), "Q2.6")}
    net = spec.Net("turned", types, [spec.Node("product", spec.ComplexMul("Q2.6"), ("iq", "gain"))])
    spec.save(net, tmp_path / "net")
    assert main(["export", "--checkpoint", str(tmp_path / "net"), "-o", str(tmp_path / "roms")]) == 0
    assert "\ninput iq 2 Q1.7\ninput gain 2 Q2.6\nproduct 2 Q2.6\n" in capsys.readouterr().out
    assert main(["export", "--checkpoint", str(tmp_path / "net"), "-o", str(tmp_path / "roms"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["nets"] == [{"bank": None, "net": "turned", "hash": content_hash(net)}]
    assert str(tmp_path / "roms" / "net.json") in found["files"]
    assert content_hash(spec.load(tmp_path / "roms")) == content_hash(net)


def test_float_parameters_take_the_formats_of_the_net_or_of_the_recipe(capture_folder, tmp_path):
    text = plan(capture_folder)
    own = parameters(skeleton(text))
    net = fitted(skeleton(text), own)
    wide = quantise(fitted(skeleton(text), {name: value * 3 for name, value in own.items()}), own)
    beside = stored(tmp_path / "net", text.text, own, wide)
    assert content_hash(read(beside / float_net.FILE).net) == content_hash(wide)
    alone = stored(tmp_path / "floats", text.text, own)
    assert content_hash(read(alone / float_net.FILE).net) == content_hash(net)
    assert content_hash(net) != content_hash(wide)
    (alone / "recipe.toml").unlink()
    with pytest.raises(BadInput, match="does not say which net"):
        read(alone / float_net.FILE)


@pytest.mark.parametrize("stage", ["float", "qat", "done"])
def test_a_checkpoint_of_every_stage_is_read(capture_folder, tmp_path, stage):
    torch = pytest.importorskip("torch")
    from bittrue.apps.dpd.training import trainer
    from bittrue.kit.training import checkpoint
    from bittrue.qat import Network

    text = plan(capture_folder)
    best, parent = (parameters(skeleton(text), seed) for seed in (0, 1))
    values = {f"node_{name}": torch.from_numpy(value) for name, value in best.items()}
    state = {"stage": stage, "epoch": 2, "best": values, "network": values}
    if stage != "float":
        state["parent"] = {f"node_{name}": torch.from_numpy(value) for name, value in parent.items()}
    folder = tmp_path / "out"
    checkpoint.write(folder / "checkpoint" / "state.pt", trainer.VERSION, text.text, "digest", state)
    network = Network(fitted(skeleton(text), best if stage == "float" else parent))
    network.load_state_dict(values)
    for path in (folder, folder / "checkpoint" / "state.pt"):
        source = read(path)
        assert content_hash(source.net) == content_hash(network.to_net())
        assert all(np.array_equal(source.parameters[name], best[name]) for name in best)
    assert ("finished" if stage == "done" else f"stage {stage}, epoch 2") in read(folder).title


def test_what_is_no_source_is_refused_and_nothing_is_executed(capture_folder, tmp_path):
    torch = pytest.importorskip("torch")
    from bittrue.apps.dpd.training import trainer
    from bittrue.kit.training import checkpoint

    text = plan(capture_folder)
    (tmp_path / "junk.pt").write_bytes(b"junk")
    torch.save({"version": 1, "code": Path("x")}, tmp_path / "object.pt")
    checkpoint.write(tmp_path / "other.pt", trainer.VERSION, text.text, "", {"stage": "done", "epoch": 1, "best": {}})
    for name, message in (
        ("missing.pt", "cannot read"),
        ("junk.pt", "damaged or of another kind"),
        ("object.pt", "damaged or of another kind"),
        ("other.pt", "does not hold what its recipe describes"),
        (".", "holds neither"),
    ):
        with pytest.raises(BadInput, match=message):
            export(tmp_path / name, tmp_path / "roms")
    assert not (tmp_path / "roms").exists()


# ---- what does not fit ----------------------------------------------------------------------------------------------


def unfit(capture_folder, tmp_path):
    text = plan(capture_folder, weight="Q1.15")
    own = parameters(skeleton(text))
    own["fc1.weight"][0, 0], own["fc3.weight"][1, 2] = 1.25, -1.5
    return stored(tmp_path / "unfit", text.text, own) / float_net.FILE, own


def test_weights_that_do_not_fit_are_refused_with_the_price(capture_folder, tmp_path):
    path, own = unfit(capture_folder, tmp_path)
    with pytest.raises(BadInput) as caught:
        export(path, tmp_path / "roms")
    message = str(caught.value)
    assert "fc1: 1 of 32 weights do not fit Q1.15, the farthest is 1.25 and the limit 0.999969" in message
    assert "fc3: 1 of 6 weights do not fit Q1.15, the farthest is -1.5 and the limit -1" in message
    signals = trial(skeleton(plan(capture_folder)), str(capture_folder))
    net = read(path).net
    price, rest = signals.error(net, own), signals.error(fitted(net, own), own)
    assert price > rest + 15
    assert f"the output {price:.1f} dB from the float net, {rest:.1f} dB with weights that fit" in message
    before, after = signals.closed_loop(fitted(net, own)), signals.closed_loop(net)
    assert f"EVM {before.evm:.2f} -> {after.evm:.2f}, ACLR {before.aclr:.2f} -> {after.aclr:.2f} dB" in message
    assert "--clamp" in message and "\n" not in message
    assert not (tmp_path / "roms").exists()


def test_a_clamp_that_is_accepted_saturates_and_says_so(capture_folder, tmp_path):
    path, own = unfit(capture_folder, tmp_path)
    done = export(path, tmp_path / "roms", Options(clamp=True))
    layer = spec.load(tmp_path / "roms").nodes[1].layer
    assert layer.weight[0, 0] == 32767 and str(layer.weight_format) == "Q1.15"
    assert any("clamped, fc1" in line and "dB from the float net" in line for line in done.remarks)
    assert np.array_equal(layer.weight.ravel()[1:], Format.parse("Q1.15").encode(own["fc1.weight"]).ravel()[1:])


@pytest.mark.parametrize("options", [Options(weight_format="fit"), Options(rescale="hidden")])
def test_other_formats_and_rescaling_are_ways_out(capture_folder, tmp_path, options):
    path, own = unfit(capture_folder, tmp_path)
    export(path, tmp_path / "roms", options)
    net = spec.load(tmp_path / "roms")
    signals = trial(net, str(capture_folder))
    assert misfits(net, decoded(net)) == () and signals.error(net, own) < -60
    assert "Q2.14" in {str(n.layer.weight_format) for n in net.nodes[1:]} or options.rescale


def test_a_chosen_format_is_kept(capture_folder, tmp_path):
    text = plan(capture_folder)
    own = parameters(skeleton(text))
    path = stored(tmp_path / "net", text.text, own) / float_net.FILE
    for options in (Options(weight_format="Q3.13"), Options(weight_format="Q3.13", rescale="hidden")):
        export(path, tmp_path / "roms", options)
        found = spec.load(tmp_path / "roms").nodes[1:]
        assert {str(node.layer.weight_format) for node in found} == {"Q3.13"}


def test_without_the_data_the_price_is_measured_on_noise(capture_folder, tmp_path):
    path, _ = unfit(capture_folder, tmp_path)
    for file in capture_folder.iterdir():
        file.unlink()
    with pytest.raises(BadInput, match=r"dB with weights that fit \(seeded band-limited noise, no capture at hand\)"):
        export(path, tmp_path / "roms")


def test_choices_and_figures_come_from_different_splits(capture_folder):
    capture, signals = data.load(capture_folder), trial(skeleton(plan(capture_folder)), str(capture_folder))
    assert np.array_equal(signals.x, data.to_iq(capture.inputs["test"]))
    assert np.array_equal(signals.seen, data.to_iq(capture.inputs["train"]))
    net = skeleton(plan(capture_folder))
    own = parameters(net)
    net = fitted(net, own)
    assert signals.error(net, own) != signals.error(net, own, seen=True)
    wanted = float_net.run(net, own, signals.x)
    found = net.output.format.decode(ref.run(net, net.input.format.encode(signals.x)))
    assert signals.error(net, own) == pytest.approx(10 * np.log10(((found - wanted) ** 2).sum() / (wanted**2).sum()))


def test_noise_is_band_limited_seeded_and_fills_the_format():
    net = skeleton(plan("nowhere"))
    found: Trial = trial(net, "nowhere")
    assert found.capture is None and np.array_equal(found.x, trial(net, "nowhere").x)
    assert not np.array_equal(found.x, found.seen)
    spectrum = abs(np.fft.fft(found.x[:, 0] + 1j * found.x[:, 1]))
    assert spectrum[900:-900].max() < 1e-9 * spectrum.max()
    assert np.linalg.norm(found.x, axis=1).max() == pytest.approx(1 - 2**-15)


# ---- rescaling ------------------------------------------------------------------------------------------------------


def narrow(capture_folder, features="Q1.15"):
    text = plan(capture_folder, hidden="Q8.8", features=features)
    own = parameters(skeleton(text), size=0.5)
    return fitted(skeleton(text), own), own, trial(skeleton(text), str(capture_folder))


def test_rescaling_wins_back_what_narrow_hidden_words_cost(capture_folder):
    net, own, signals = narrow(capture_folder)
    after = rescaled(net, own, signals)
    assert signals.error(after.net, own) < signals.error(net, own) - 15
    assert np.array_equal(float_net.run(net, own, signals.x), float_net.run(after.net, after.parameters, signals.x)), (
        "the float function is the same to the last bit"
    )
    kept = {name for name in after.changed if name.endswith("output")}
    assert kept == set() and {"fc1 weights", "fc3 weights"} <= set(after.changed)
    assert all(new.bits == old.bits for old, new in after.changed.values())


def test_features_move_their_point_only_when_asked(capture_folder):
    net, own, signals = narrow(capture_folder, features="Q8.8")
    hidden, both = rescaled(net, own, signals), rescaled(net, own, signals, "all")
    assert "features output" not in hidden.changed
    assert [str(fmt) for fmt in both.changed["features output"]] == ["Q8.8", "Q1.15"]
    assert signals.error(both.net, own) < signals.error(hidden.net, own) - 15


def test_the_gain_is_printed(capture_folder, tmp_path, capsys):
    net, own, signals = narrow(capture_folder)
    path = stored(tmp_path / "net", plan(capture_folder, hidden="Q8.8").text, own, net) / float_net.FILE
    assert main(["export", "--checkpoint", str(path), "--output", str(tmp_path / "roms"), "--rescale"]) == 0
    after = spec.load(tmp_path / "roms")
    before, now = signals.error(net, own), signals.error(after, own)
    out = capsys.readouterr().out
    assert f"the output is {now:.1f} dB from the float net, {before:.1f} dB before" in out
    assert "simulated through the twin: NMSE" in out and content_hash(after) in out
    assert "fc1 4 Q8.8, weights " in out and str(tmp_path / "roms" / "small_w16.mem") in out


def test_a_net_behind_tanh_has_nothing_to_rescale(capture_folder, tmp_path):
    text = plan(capture_folder)
    tanh = recipe.parse(text.text.replace("leaky_shift = 2", 'activation = "tanh"').encode(), "tanh")
    own = parameters(skeleton(tanh))
    path = stored(tmp_path / "net", tanh.text, own) / float_net.FILE
    with pytest.raises(BadInput, match="no hidden layer whose neurons can be scaled"):
        export(path, tmp_path / "roms", Options(rescale="hidden"))
    export(path, tmp_path / "roms")


# ---- banks and the command ------------------------------------------------------------------------------------------


def test_a_thermal_folder_becomes_three_banks(capture_folder, tmp_path):
    text = plan(capture_folder)
    first = parameters(skeleton(text))
    net = fitted(skeleton(text), first)
    (tmp_path / "thermal").mkdir()
    for k, bank in enumerate(BANKS):
        own = {name: value * (1 - 0.01 * k) for name, value in first.items()}
        stored(tmp_path / "thermal" / bank, text.text, own, quantise(net, own))
    done = export(tmp_path / "thermal", tmp_path / "roms", Options(interval=8))
    assert list(done.nets) == list(BANKS)
    files = written(tmp_path / "roms")
    assert {"cold/net.json", "hot/small_w16.mem", "normal/address_map.md", "small_banks_w16.coe"} <= set(files)
    assert [bank["name"] for bank in json.loads(files["bank_map.json"])["banks"]] == ["cold", "normal", "hot"]
    assert content_hash(spec.load(tmp_path / "roms" / "hot")) == content_hash(done.nets["hot"])
    with pytest.raises(BadInput, match="share their formats"):
        export(tmp_path / "thermal", tmp_path / "roms", Options(rescale="hidden"))
    spec.save(
        quantise(fitted(net, {name: value * 3 for name, value in first.items()}), first), tmp_path / "thermal/hot"
    )
    with pytest.raises(BadInput, match=r"bank hot differs from bank cold in fc1\.weight_format"):
        export(tmp_path / "thermal", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_module_is_the_command(capture_folder, tmp_path):
    path, _ = unfit(capture_folder, tmp_path)
    command = [sys.executable, "-m", "bittrue.export", "--checkpoint", str(path), "--output", str(tmp_path / "roms")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("bittrue: fc1: 1 of 32 weights") and done.stderr.count("\n") == 1
    assert not (tmp_path / "roms").exists()
    done = subprocess.run([*command, "--clamp", "--order", "lanes"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "clamped, fc1" in done.stdout
    order = json.loads((tmp_path / "roms" / "address_map.json").read_text())["order"]
    assert order.startswith("the order of the lanes for a sample every 8 clocks")


def test_options_that_say_nothing_are_refused(capture_folder, tmp_path, capsys):
    path, _ = unfit(capture_folder, tmp_path)
    for extra, message in (
        (["--interval", "8"], "add --order lanes"),
        (["--weight-format", "Q1.x"], "unknown format"),
        (["--rescale", "some"], "invalid choice"),
    ):
        assert main(["export", "--checkpoint", str(path), "--output", str(tmp_path / "roms"), *extra]) == 2
        assert message in capsys.readouterr().err
    (tmp_path / "file").write_text("kept")
    assert main(["export", "--checkpoint", str(path), "--output", str(tmp_path / "file"), "--clamp"]) == 2
    assert (tmp_path / "file").read_text() == "kept"
