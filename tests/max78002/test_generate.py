"""Projects for the vendor's SDK: what is written, the same every time, that it compiles, and what is refused."""

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data_places import answer, value_of
from nets_for_chips import RECIPES, case
from stages_for_chips import conv, linear, passing

pytest.importorskip("yaml", reason="PyYAML is not installed")

from bittrue import ref
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec import Linear, ReLU, save
from bittrue.spec.stages import Pool, stage_net
from bittrue.spec.store import content_hash, load
from bittrue.targets.max78002.checkpoint import Checkpoint, read_checkpoint
from bittrue.targets.max78002.devices import MAX78000, MAX78002
from bittrue.targets.max78002.generate import project, write_project
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network
from bittrue.targets.max78002.plan import plan
from bittrue.targets.max78002.yaml_writer import stage_state

ROOT = Path(__file__).resolve().parents[2]
STUB = ROOT / "firmware" / "max78002" / "stub"
COMPILER = "arm-none-eabi-gcc"
STRICT = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror")
TINY = "sha256:7ddc9ce702b5"
"""The first digits of a hash over the texts of a small net's project: they are the same on every machine."""

NAMES = [
    *("cnn_enable", "cnn_disable", "cnn_init", "cnn_configure", "cnn_load_weights", "cnn_verify_weights"),
    *("cnn_load_bias", "cnn_start", "cnn_stop", "cnn_continue", "cnn_unload", "cnn_boost_enable", "cnn_boost_disable"),
    *("softmax_q17p14_q15", "softmax_shift_q17p14_q15", "memcpy32"),
]


def tiny():
    rng = np.random.default_rng(5)
    stages = [conv(rng, "a", 3, 2, 3, padding=1, activation=ReLU()), linear(rng, "b", 2, 3 * 6, 4, wide=True)]
    return stage_net("tiny", (2, 6), stages), rng.integers(-128, 128, (2, 6))


def digest(files):
    whole = hashlib.sha256()
    for name in sorted(files):
        if isinstance(files[name], str) and name != "manifest.json":  # it has the hashes of the other files
            whole.update(f"{name}\n{files[name]}".encode())
    return "sha256:" + whole.hexdigest()


def test_the_text_is_always_the_same():
    net, codes = tiny()
    one, other = project(net, codes, MAX78002)[1], project(net, codes[None], MAX78002)[1]
    assert one == other
    assert digest(one).startswith(TINY), f"the generated text has changed; look at it, then set TINY to {digest(one)}"


def test_names_that_applications_call():
    _, files = project(*tiny(), MAX78002)
    for name in NAMES:
        assert re.search(rf"\b{name}\(", files["cnn.h"]), name
        assert re.search(rf"\b{name}\(.*\)\n\{{", files["cnn.c"] + files["softmax.c"]), name
    assert "#define CNN_NUM_OUTPUTS 2\n" in files["cnn.h"] and "CNN_INFERENCE_TIMER MXC_TMR0" in files["cnn.h"]
    assert "extern volatile uint32_t cnn_time;" in files["cnn.h"] and "CNN_IRQn, CNN_ISR" in files["cnn.c"]
    assert "*** PASS ***" in files["main.c"] and "*** FAIL ***" in files["main.c"]


def test_nothing_of_a_template_is_left_open():
    for name in RECIPES:
        net, device, codes = case(name)
        files = project(net, codes, device)[1]
        text = "".join(text for file, text in files.items() if file.endswith((".c", ".h")))
        assert "$" not in text and text.isascii()
        assert max(map(len, text.splitlines())) <= 120


@pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")
@pytest.mark.parametrize("name", RECIPES)
def test_the_c_compiles_without_a_warning(name, tmp_path):
    net, device, codes = case(name)
    write_project(net, codes, device, tmp_path)
    for source in ("cnn.c", "main.c", "softmax.c"):
        command = [COMPILER, "-mcpu=cortex-m4", "-mthumb", *STRICT, f"-I{STUB}", "-DCNN_VERIFY_WEIGHTS", "-c"]
        done = subprocess.run(
            [*command, str(tmp_path / source), "-o", str(tmp_path / "o")], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[:2000]


@pytest.mark.parametrize("name", RECIPES)
def test_the_manifest_says_what_and_where(name, tmp_path):
    net, device, codes = case(name)
    made = write_project(net, codes, device, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["hash"] == content_hash(net) == content_hash(load(tmp_path / "net"))
    assert manifest["device"] == device.name and manifest["net"] == net.name
    for file, found in manifest["files"].items():
        assert found == "sha256:" + hashlib.sha256((tmp_path / file).read_bytes()).hexdigest()
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {*manifest["files"], "manifest.json"}
    taps = ref.taps(net, codes[None])
    for entry, layer in zip(manifest["layers"], [one for one in made.layers if one.node], strict=True):
        assert taps[entry["node"]].size == entry["channels"] * entry["length"]
        assert taps[entry["node"]].shape[1] == entry["channels"]
        assert int(entry["processors"], 16) == layer.result.processors
    assert np.array_equal(np.load(tmp_path / "sample.npy", allow_pickle=False), codes)


@pytest.mark.parametrize("name", RECIPES)
def test_the_description_is_read_as_the_same_net(name, tmp_path):
    net, device, codes = case(name)
    write_project(net, codes, device, tmp_path)
    stages = [layer.stage for layer in plan(net, device).layers]
    read = read_network(tmp_path / "network.yaml")
    again = import_network(read, Checkpoint("w.npz", stage_state(stages)), device).net
    weights = [[node.layer.weight for node in one.nodes if hasattr(node.layer, "weight")] for one in (again, net)]
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))
    found, expected = ref.outputs(again, codes[None]), ref.outputs(net, codes[None])
    for one, other in zip(again.outputs, net.outputs, strict=True):
        assert np.array_equal(found[one].ravel(), expected[other].ravel()), (one, other)


@pytest.mark.parametrize("name", RECIPES)
def test_the_known_answer_is_the_result_of_the_reference(name):
    net, device, codes = case(name)
    made, files = project(net, codes, device)
    words = answer(files["sampleoutput.h"])
    results, bits = ref.outputs(net, codes[None]), 0
    for output, layer in zip(net.outputs, made.results, strict=True):
        expected = results[output][0].ravel()
        found = [value_of(k, layer.result, device.name, words) for k in range(expected.size)]
        assert np.array_equal(found, expected)
        bits += expected.size * (32 if layer.result.wide else 8)
    assert sum(mask.bit_count() for mask, _ in words.values()) == bits


class TestRefusals:
    """One sentence each, and nothing is written."""

    def refuse(self, shape, stages, device, *parts):
        net = stage_net("net", shape, stages)
        with pytest.raises(BadInput) as caught:
            plan(net, device)
        text = str(caught.value)
        assert "\n" not in text
        for part in parts:
            assert part in text, text

    def test_a_flattening_of_too_many_steps(self):
        rng = np.random.default_rng(0)
        stages = [linear(rng, "fc", 2, 200 * 70)]
        self.refuse((200, 70), stages, MAX78002, "layer fc", "280 steps", "256 is the limit", "pool to 64 samples")

    def test_data_memory(self):
        rng = np.random.default_rng(0)
        stages = [conv(rng, "a", 1024, 64, 1), conv(rng, "b", 1024, 1024, 1, 1)]
        self.refuse((64, 900), stages, MAX78002, "layer b", "57,600", "33,280 more than the 81,920", "640 samples")

    def test_kernel_memory_of_the_processors_in_use(self):
        rng = np.random.default_rng(0)
        stages = [conv(rng, "a", 64, 2, 1), conv(rng, "b", 1024, 64, 9), conv(rng, "c", 64, 1024, 1)]
        self.refuse((2, 20), stages, MAX78000, "the weights take")
        stages = [conv(rng, "a", 900, 1, 9)]
        self.refuse(
            (1, 20), stages, MAX78000, "layer a", "900 words", "processor 0", "132 too few", "about 768", "4 bits"
        )

    def test_bias_memory(self):
        rng = np.random.default_rng(0)
        stages = [conv(rng, f"l{k}", 512, 512 if k else 1, 1, 1) for k in range(5)]
        self.refuse((1, 2), stages, MAX78000, "biases take 2,560 bytes, 512 more than the 2,048")
        stages = [conv(rng, f"l{k}", 400, 400 if k else 1, 1, 1) for k in range(5)]
        self.refuse((1, 2), stages, MAX78000, "layer l4", "400 biases are 288 more", "512 bytes that a quadrant")

    def test_pooling(self):
        rng = np.random.default_rng(0)
        dilated = [conv(rng, "a", 2, 2, 1, pool=Pool("max", 3, 1, 2))]
        self.refuse((2, 9), dilated, MAX78002, "layer a", "window of 3 samples cannot be dilated")
        far = [conv(rng, "a", 2, 2, 1, pool=Pool("max", 2, 1, 16))]
        self.refuse((2, 40), far, MAX78002, "layer a", "dilation of 16 is more than the 15")
        self.refuse((70, 8), [passing("a", "max", 2, 2)], MAX78000, "layer a", "up to 64 channels", "not 70")
        assert plan(stage_net("n", (70, 8), [passing("a", "max", 2, 2)]), MAX78002)

    def test_a_frame_with_its_padding_on_a_max78000(self):
        rng = np.random.default_rng(0)
        stages = [conv(rng, "a", 2, 1, 3, padding=1)]
        self.refuse((1, 1023), stages, MAX78000, "layer a", "1025 samples with padding", "1024")
        assert plan(stage_net("n", (1, 1022), stages), MAX78000)

    def test_a_sample_of_another_shape_or_range(self):
        net, codes = tiny()
        for wrong in (codes[:, :5], np.stack([codes, codes]), codes * 2, codes + 0.5):
            with pytest.raises(BadInput):
                project(net, wrong, MAX78002)

    def test_a_net_of_another_kind(self):
        rng = np.random.default_rng(0)
        net = stage_net("n", (2, 9), [conv(rng, "a", 2, 2, 3, activation=Linear())])
        node = replace(net.nodes[0], layer=replace(net.nodes[0].layer, stride=2))
        with pytest.raises(BadInput, match="a stride of 2 does not exist"):
            plan(replace(net, nodes=(node,)), MAX78002)


class TestCommand:
    def run(self, tmp_path, *more, sample=None, net=None):
        given, codes = tiny()
        save(net or given, tmp_path / "net")
        np.save(tmp_path / "x.npy", codes if sample is None else sample)
        paths = ["--sample", str(tmp_path / "x.npy"), "-o", str(tmp_path / "out")]
        return main(["max78002", "generate", str(tmp_path / "net"), *paths, *more])

    def test_it_writes_and_says_what_it_takes(self, tmp_path, capsys):
        assert self.run(tmp_path) == 0
        shown = capsys.readouterr().out
        assert "Layer 0, a: 2 x 6, conv1d with kernel 3, padding 1, 8-bit weights, ReLU; puts out 3 x 6." in shown
        assert "kernel memory: 45 of 2,396,160 bytes" in shown
        assert (tmp_path / "out" / "cnn.c").read_text() == project(*tiny(), MAX78002)[1]["cnn.c"]

    def test_its_result_for_a_script(self, tmp_path, capsys):
        assert self.run(tmp_path, "--json", "--checkpoint", str(tmp_path / "q.npz")) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["memory"]["kernel_bytes"] == 45 and found["device"] == "MAX78002"
        assert found["layers"][0]["name"] == "a" and found["inputs"][0]["shape"] == [2, 6]
        assert {str(tmp_path / "out" / "cnn.c"), str(tmp_path / "q.npz")} <= set(found["files"])

    def test_it_says_what_is_kept_and_how_long(self, tmp_path, capsys):
        net, device, codes = case("small_images")
        assert self.run(tmp_path, "--device", device.name, net=net, sample=codes) == 0
        kept = [line.strip() for line in capsys.readouterr().out.splitlines() if "kept from" in line]
        assert kept == [
            "kept from layer 0 to layer 2: a, bytes 16,384 to 17,111",
            "kept from layer 1 to layer 3: a_copy and b, bytes 0 to 1,455",
            "kept from layer 4 to layer 7: d, bytes 0 to 335",
            "kept from layer 5 to layer 8: d_copy and e and d_copy2, bytes 16,384 to 17,391",
        ]
        net, device, codes = case("averaged")
        assert self.run(tmp_path, "--device", device.name, net=net, sample=codes) == 0
        assert "to the end: f, bytes" in capsys.readouterr().out

    def test_values_and_codes_give_the_same(self, tmp_path):
        codes = tiny()[1]
        assert self.run(tmp_path, sample=codes / 128) == 0
        assert np.array_equal(np.load(tmp_path / "out" / "sample.npy"), codes)

    def test_one_of_several_frames(self, tmp_path, capsys):
        codes = tiny()[1]
        assert self.run(tmp_path, "--index", "1", sample=np.stack([codes * 0, codes])) == 0
        assert np.array_equal(np.load(tmp_path / "out" / "sample.npy"), codes)
        assert "holds 2 frames; frame 1" in capsys.readouterr().err
        assert self.run(tmp_path, "--index", "2", sample=np.stack([codes, codes])) == 2

    def test_the_other_chip(self, tmp_path):
        assert self.run(tmp_path, "--device", "max78000") == 0
        assert "0x50100000u" in (tmp_path / "out" / "cnn.c").read_text()

    def test_a_checkpoint_for_the_vendors_tool(self, tmp_path):
        path = tmp_path / "w.npz"
        assert self.run(tmp_path, "--checkpoint", str(path)) == 0
        read = read_network(tmp_path / "out" / "network.yaml")
        again = import_network(read, read_checkpoint(path), MAX78002).net
        assert content_hash(again) == content_hash(tiny()[0])

    @pytest.mark.parametrize("more", [("--checkpoint", "w.zip"), ("--device", "MAX78001"), ("--sample", "nowhere.npy")])
    def test_bad_input_writes_nothing(self, tmp_path, capsys, more):
        assert self.run(tmp_path, *more) == 2
        assert not (tmp_path / "out").exists()
        assert len(capsys.readouterr().err.splitlines()) == 1

    def test_nothing_is_left_where_a_net_does_not_fit(self, tmp_path, capsys):
        rng = np.random.default_rng(0)
        net = stage_net("n", (2, 6), [conv(rng, "a", 2, 2, 3, groups=2)])
        assert self.run(tmp_path, "--device", "MAX78000", net=net) == 2
        assert not (tmp_path / "out").exists() and "has no groups" in capsys.readouterr().err
