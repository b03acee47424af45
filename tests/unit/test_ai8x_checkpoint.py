"""Checkpoints: both kinds of file are read the same, no code of theirs runs, and a wrong one gets one sentence."""

import io
import zipfile
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
from ai8x_files import float_state, layer_state

from bittrue.errors import BadInput
from bittrue.num.quantile import output_shift, weight_codes
from bittrue.targets.max78002.checkpoint import Checkpoint, npz_bytes, read_checkpoint
from bittrue.targets.max78002.folding import fold
from bittrue.targets.max78002.quantise import quantise
from bittrue.targets.max78002.verify import verify

STATE = float_state("conv1", (4, 2, 3)) | float_state("fc", (3, 8), 4, 1, 0.97)


def saved(folder, state, name="c.npz"):
    path = folder / name
    path.write_bytes(npz_bytes(state))
    return path


def torch_file(folder, document, name="c.pth.tar", **options):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.save(document, folder / name, **options)
    return folder / name


def tensors(state):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    return OrderedDict((key, torch.as_tensor(value)) for key, value in state.items())


def same(one, other):
    return list(one) == list(other) and all(np.array_equal(one[key], other[key]) for key in one)


class TestFiles:
    def test_both_kinds_hold_the_same(self, tmp_path):
        first = read_checkpoint(saved(tmp_path, STATE))
        document = {"state_dict": tensors(STATE), "arch": "ecg", "epoch": 7, "extras": {"best": 0.5}}
        second = read_checkpoint(torch_file(tmp_path, document))
        assert same(first.state, STATE) and same(second.state, STATE)
        assert all(first.state[key].dtype == second.state[key].dtype for key in STATE)
        assert (second.arch, second.epoch) == ("ecg", 7)

    def test_a_bare_state_and_one_of_several_gpus(self, tmp_path):
        path = torch_file(tmp_path, {f"module.{key}": value for key, value in tensors(STATE).items()}, "c.pt")
        assert same(read_checkpoint(path).state, STATE)

    @pytest.mark.parametrize("protocol", [2, 4])
    def test_what_training_keeps_beside_the_weights_is_passed_over(self, tmp_path, protocol):
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        layer = torch.nn.Linear(2, 2)
        optimiser = torch.optim.Adam(layer.parameters())
        layer(torch.ones(1, 2)).sum().backward(), optimiser.step()
        document = {
            "state_dict": tensors(STATE),
            "optimizer_state_dict": optimiser.state_dict(),
            "compression_sched": {"masks_dict": {"a": None}},
            "scores": [np.float64(0.5), {1, 2}, (1, 2, 3, 4), 1 << 80, b"raw", slice(1)],
            "scheduler": complex(1, 2),
            "parameter": torch.nn.Parameter(torch.ones(3)),
        }
        assert same(read_checkpoint(torch_file(tmp_path, document, pickle_protocol=protocol)).state, STATE)

    def test_views_and_types_of_tensors(self, tmp_path):
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        base = torch.arange(24, dtype=torch.float64).reshape(4, 6)
        state = {"t": base.T, "row": base[2], "some": base[::2, 1:3], "bool": torch.tensor([True]), "one": base[3, 4]}
        state |= {"i8": base.to(torch.int8), "half": base.half(), "zero": base[:0], "wide": base[0, 0].expand(5)}
        found = read_checkpoint(torch_file(tmp_path, {"state_dict": state})).state
        assert all(np.array_equal(found[key], value.numpy()) for key, value in state.items())

    def test_no_code_of_the_file_runs(self, tmp_path):
        class Hostile:
            def __reduce__(self):
                return (exec, (f"open({str(tmp_path / 'owned')!r}, 'w')",))

        path = torch_file(tmp_path, {"state_dict": tensors(STATE), "extras": Hostile()})
        assert same(read_checkpoint(path).state, STATE)
        assert not (tmp_path / "owned").exists()
        with pytest.raises(BadInput, match="no state_dict with tensors"):
            read_checkpoint(torch_file(tmp_path, {"state_dict": Hostile()}))
        assert not (tmp_path / "owned").exists()

    def test_objects_in_npz_are_refused(self, tmp_path):
        np.savez(tmp_path / "c.npz", a=np.array([{}], dtype=object))
        with pytest.raises(BadInput, match=r"array 'a' holds 'object', not plain numbers; write it again as a .npz"):
            read_checkpoint(tmp_path / "c.npz")

    @pytest.mark.parametrize("name", ["c.npz", "c.pth.tar"])
    def test_a_truncated_file_is_refused(self, tmp_path, name):
        whole = saved(tmp_path, STATE) if name == "c.npz" else torch_file(tmp_path, {"state_dict": tensors(STATE)})
        data = whole.read_bytes()
        for size in (0, 10, len(data) // 2, len(data) - 1):
            whole.write_bytes(data[:size])
            with pytest.raises(BadInput, match=r"c\.(npz|pth\.tar)"):
                read_checkpoint(whole)

    def test_every_flipped_byte_is_refused_or_changes_a_number_at_most(self, tmp_path):
        path = torch_file(tmp_path, {"state_dict": tensors(float_state("a", (1, 1, 1)))})
        data = path.read_bytes()
        program = data.index(b"data.pkl") + 8
        for place in range(program, program + 900, 3):
            path.write_bytes(data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :])
            try:
                read_checkpoint(path)
            except BadInput as error:
                assert "\n" not in str(error)

    def test_a_name_twice_is_refused(self, tmp_path):
        buffer = io.BytesIO()
        np.save(buffer, np.ones(3))
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "c.npz", "w") as archive:
            archive.writestr("a.npy", buffer.getvalue())
            archive.writestr("a.npy", buffer.getvalue())
        with pytest.raises(BadInput, match="holds the array 'a' twice"):
            read_checkpoint(tmp_path / "c.npz")

    def test_a_tensor_that_reaches_beyond_its_storage_is_refused(self, tmp_path):
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        path = torch_file(tmp_path, {"state_dict": {"a": torch.ones(200)}})
        data = path.read_bytes()
        assert data.count(b"K\xc8\x85") == 1  # the shape (200,)
        path.write_bytes(data.replace(b"K\xc8\x85", b"K\xc9\x85"))
        with pytest.raises(BadInput, match=r"reaches beyond its storage|damaged"):
            read_checkpoint(path)

    def test_other_files_are_refused(self, tmp_path):
        with pytest.raises(BadInput, match=r"is no known kind of checkpoint; give .npz, .pth.tar"):
            read_checkpoint("net.onnx")
        with pytest.raises(BadInput, match="cannot read the checkpoint"):
            read_checkpoint(tmp_path / "none.npz")
        old = torch_file(tmp_path, {"state_dict": tensors(STATE)}, _use_new_zipfile_serialization=False)
        with pytest.raises(BadInput, match=r"save it again with PyTorch 1.6 or newer"):
            read_checkpoint(old)


class TestParameters:
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"fc.op.bias": np.zeros(4)}, r"fc.op.bias has shape \(4,\) and the weight \(3, 8\)"),
            ({"fc.op.weight": np.zeros((3, 8, 3, 3, 3))}, "3 or 4 axes and linear layers 2, so remove it"),
            ({"fc.op.weight": np.full((3, 8), np.nan)}, "fc.op.weight holds NaN"),
            ({"fc.op.weight": np.full((3, 8), "x")}, "of type <U1; real numbers are needed"),
            ({"fc.op.weight": np.zeros((3, 8), complex)}, "of type complex128"),
            ({"fc.op.weight": np.zeros((3, 0))}, "holds 0 numbers"),
            ({"fc.op.weight": np.full((3, 8), 1e39)}, "fc.op.weight holds numbers beyond float32"),
            ({"fc.op.weight": np.ones(3)}, r"shape \(3,\); .* so fold batch norm, or remove what is no layer"),
            ({"fc.weight_bits": np.array([8, 8])}, r"fc.weight_bits has shape \(2,\)"),
            ({"fc.weight_bits": np.array([5])}, "fc.weight_bits is 5; the chip has 1, 2, 4 and 8"),
            ({"fc.shift_quantile": np.array([1.5])}, "shift_quantile is 1.5; choose 0 to 1"),
            ({"fc.output_shift": np.array(["a"])}, "must be one number"),
        ],
    )
    def test_wrong_arrays_are_refused(self, change, sentence):
        with pytest.raises(BadInput, match=sentence):
            Checkpoint("c.npz", STATE | change).parameters()

    def test_a_file_without_layers_is_refused(self):
        with pytest.raises(BadInput, match=r"c.npz holds no layer: a key such as conv1.op.weight .* keys are a, b"):
            Checkpoint("c.npz", {"a": np.ones(1), "b": np.ones(1)}).parameters()

    def test_the_order_is_that_of_the_file(self):
        state = float_state("z", (1, 1, 1)) | float_state("a", (1, 1, 1))
        assert [layer.name for layer in Checkpoint("c", state).parameters()] == ["z", "a"]


class TestFolding:
    state = float_state("conv1", (4, 2, 3), norm=True) | float_state("conv2", (4, 4, 3), seed=1, norm=True)

    def test_an_unfolded_checkpoint_says_what_to_do(self):
        sentence = (
            r"c.npz still has batch norm in conv1 and 1 more layers \(keys with '.bn.'\).*"
            "bittrue ecg verify-checkpoint c.npz --fold -o folded.npz, then train on with quantisation"
        )
        for use in (Checkpoint.parameters, quantise):
            with pytest.raises(BadInput, match=sentence):
                use(Checkpoint("c.npz", self.state))

    def test_folding_leaves_no_batch_norm_and_the_order(self):
        folded = fold(Checkpoint("c.npz", self.state))
        assert not folded.batch_norms and folded.layers == ["conv1", "conv2"]
        assert list(folded.state) == [key for key in self.state if ".bn." not in key]
        k = 0.25 * self.state["conv1.bn.weight"] / np.sqrt(self.state["conv1.bn.running_var"] + np.float32(1e-5))
        expected = self.state["conv1.op.weight"] * k[:, None, None]
        assert np.allclose(folded.state["conv1.op.weight"], expected, rtol=1e-6)  # float32, not integers

    def test_transposed_kernels_have_their_outputs_second(self):
        state = float_state("up", (4, 2, 3, 3), norm=True)
        for key in state:
            if state[key].shape == (4,):
                state[key] = state[key][:2]
        folded = fold(Checkpoint("c.npz", state)).state["up.op.weight"]
        k = 0.25 * state["up.bn.weight"] / np.sqrt(state["up.bn.running_var"] + np.float32(1e-5))
        assert np.allclose(folded, state["up.op.weight"] * k[None, :, None, None], rtol=1e-6)

    def test_a_layer_without_bias_gains_one(self):
        state = {key: value for key, value in self.state.items() if key != "conv1.op.bias"}
        folded = fold(Checkpoint("c.npz", state))
        keys = list(folded.state)
        assert keys.index("conv1.op.bias") == keys.index("conv1.op.weight") + 1

    @pytest.mark.parametrize(
        ("drop", "sentence"),
        [
            ("conv1.bn.running_var", "lacks conv1.bn.running_var"),
            ("conv1.op.weight", "lacks conv1.op.weight"),
        ],
    )
    def test_missing_statistics_are_refused(self, drop, sentence):
        with pytest.raises(BadInput, match=sentence):
            fold(Checkpoint("c.npz", {key: value for key, value in self.state.items() if key != drop}))

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"conv1.bn.running_mean": np.ones(4) * 1j}, "conv1.bn.running_mean holds 4 numbers of type complex128"),
            ({"conv1.bn.weight": np.full(4, "x")}, "conv1.bn.weight holds 4 numbers of type <U1"),
            ({"conv1.bn.bias": np.full(4, np.inf)}, "conv1.bn.bias holds NaN or infinity"),
            ({"conv1.bn.running_var": np.full(4, 1e300)}, "conv1.bn.running_var holds numbers beyond float32"),
            ({"conv1.op.weight": np.array(1.0)}, r"conv1.op.weight has shape \(\); a layer's has 2 axes"),
            (
                {"conv1.op.weight": np.full((4, 2, 3), 3e38), "conv1.bn.weight": np.full(4, 3e38)},
                "conv1.bn folded into conv1.op holds NaN or infinity",
            ),
        ],
    )
    def test_statistics_are_real_numbers_before_and_after(self, change, sentence):
        with pytest.raises(BadInput, match=sentence):
            fold(Checkpoint("c.npz", self.state | change))

    def test_nothing_to_fold_is_refused(self):
        with pytest.raises(BadInput, match="has no batch norm; there is nothing to fold"):
            fold(Checkpoint("c.npz", STATE))


class TestQuantising:
    def test_bits_come_from_the_network_then_the_checkpoint_then_the_argument(self):
        state = float_state("a", (2, 1, 3), 4) | float_state("b", (2, 2, 3), 4, 1) | float_state("c", (2, 2, 3), 0, 2)
        done = quantise(Checkpoint("c.npz", state), [2, None], 1)
        assert [layer.weight_bits for layer in done.parameters()] == [2, 4, 1]
        del state["a.weight_bits"]
        assert quantise(Checkpoint("c.npz", state), [], 2).parameters()[0].weight_bits == 2

    def test_integers_and_flags(self):
        done = quantise(Checkpoint("c.npz", STATE))
        assert done.quantised and not Checkpoint("c.npz", STATE).quantised
        shift = output_shift(STATE["fc.op.weight"], STATE["fc.op.bias"], np.float32(0.97), 4)
        assert done.state["fc.output_shift"].tolist() == [shift]
        assert np.array_equal(done.state["fc.op.weight"], weight_codes(STATE["fc.op.weight"], shift, 4))
        assert np.array_equal(done.state["fc.op.bias"], 8 * weight_codes(STATE["fc.op.bias"], shift, 4))
        assert done.state["fc.adjust_output_shift"].tolist() == [0] and list(done.state) == list(STATE)

    @pytest.mark.parametrize(
        ("state", "bits", "sentence"),
        [
            (layer_state("a", (2, 1, 3)), [], "is quantised already"),
            (STATE, [8, 8, 8], "describes 3 layers with weights and c.npz has 2"),
            (STATE, [-1], "layer conv1 is to have -1/\\+1 weights, which rounding does not make"),
            (STATE | {"fc.final_scale": np.array([2.0])}, [], "activation scales \\(fc.final_scale\\)"),
        ],
    )
    def test_what_cannot_be_quantised(self, state, bits, sentence):
        with pytest.raises(BadInput, match=sentence):
            quantise(Checkpoint("c.npz", state), bits)


class TestVerdict:
    def findings(self, state):
        verdict = verify(Checkpoint("c.npz", state))
        return [good for good, _ in verdict.findings], verdict

    def test_a_checkpoint_ready_for_quantising(self):
        good, verdict = self.findings(STATE)
        assert good == [True, True, True, False]
        assert verdict.next_step == "quantise it: bittrue ecg quantize c.npz -o quantised.npz"
        assert verdict.rows[1][:2] == ("fc", "3x8") and verdict.rows[1][3].endswith("(will be)")

    def test_a_quantised_checkpoint(self):
        done = quantise(Checkpoint("c.npz", STATE))
        good, verdict = self.findings(done.state)
        assert good == [True] * 4 and verdict.next_step.startswith("import it: bittrue import-ai8x NETWORK.yaml")

    def test_an_unfolded_checkpoint(self):
        good, verdict = self.findings(TestFolding.state)
        assert good == [False, True, True, False] and verdict.next_step.startswith("fold it:")

    def test_a_checkpoint_before_quantisation(self):
        state = {key: value for key, value in STATE.items() if "quantile" not in key}
        good, verdict = self.findings(state | {"fc.weight_bits": np.array([0])})
        assert good == [True, False, False, False]
        assert "missing: conv1.shift_quantile and 1 more" in verdict.findings[1][1]
        assert verdict.findings[2][1] == "training did not quantise fc"
        assert verdict.next_step.startswith("train on with quantisation")

    def test_wrong_arrays_are_refused(self):
        with pytest.raises(BadInput, match="holds no layer"):
            verify(Checkpoint("c.npz", {}))


def test_a_checkpoint_keeps_its_name():
    assert replace(Checkpoint("a", STATE), path="b").path == "b"
