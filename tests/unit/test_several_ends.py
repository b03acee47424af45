"""Nets with several inputs and outputs: on the command line, among vectors, in the comparison of legs."""

from pathlib import Path

import numpy as np
import pytest

from bittrue import check, ref
from bittrue.check import vectors
from bittrue.check.legs import Leg
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Add, Dense, MemoryTaps, Net, Node, Sub, TensorType, save

Q = Format.parse
GAIN, IQ = TensorType((2,), Q("Q2.6")), TensorType((2,), Q("Q1.7"))


def two_ends() -> Net:
    """Inputs ``gain`` and ``iq``; outputs ``apart``, and ``both``, which looks two samples back."""
    weight = np.array([[3, -7, 100, 20], [127, -128, 5, 1]])
    nodes = (
        Node("apart", Sub(Q("Q2.6")), ("gain", "iq")),
        Node("late", MemoryTaps((0, 2), (), Q("Q1.5")), ("iq",)),
        Node("weighed", Dense(weight, np.array([9, -9]), Q("Q1.7"), Q("Q2.6")), ("late",)),
        Node("both", Add(Q("Q3.5")), ("weighed", "gain")),
    )
    return Net("two-ends", {"gain": GAIN, "iq": IQ}, nodes, outputs=("apart", "both"))


def drawn(net: Net, samples: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {name: vectors.uniform(net, samples, rng, name) for name in net.inputs}


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("bittrue: ") and said.count("\n") == 1
    return said


# ---- run ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save(two_ends(), "net")
    np.savez("x.npz", **drawn(two_ends(), 30))
    return tmp_path


@pytest.mark.parametrize("name", ["file", "allow_pickle"])
def test_outputs_are_written_under_names_that_numpy_keeps_to_itself(folder, name):
    nodes = [Node(name, Add(Q("Q2.6")), ("input", "input")), Node("less", Sub(Q("Q2.6")), (name, "input"))]
    save(net := Net("n", IQ, nodes, outputs=(name, "less")), "named")
    np.save("x.npy", x := drawn(net, 5)["input"])
    assert main(["run", "named", "-i", "x.npy", "-o", "y.npz", "--codes"]) == 0
    with np.load("y.npz", allow_pickle=False) as found:
        assert {key: codes.tolist() for key, codes in found.items()} == {
            key: codes.tolist() for key, codes in ref.outputs(net, x).items()
        }


def test_run_writes_every_output_by_its_name(folder):
    assert main(["run", "net", "-i", "x.npz", "-o", "y.npz", "--codes"]) == 0
    expected = ref.taps(two_ends(), dict(np.load("x.npz")))
    found = np.load("y.npz")
    assert sorted(found) == ["apart", "both"]
    for name, codes in found.items():
        assert np.array_equal(codes, expected[name]), name


def test_run_encodes_every_input_in_its_own_format(folder):
    np.savez("v.npz", gain=np.full((3, 2), 0.5), iq=np.full((3, 2), 0.5))
    assert main(["run", "net", "-i", "v.npz", "-o", "y.npz"]) == 0
    assert np.array_equal(np.load("y.npz")["apart"], np.zeros((3, 2)))


def test_a_file_for_one_array_is_refused(folder, capsys):
    assert "apart, both" in refused(capsys, "run", "net", "-i", "x.npz", "-o", "y.npy", "--codes")
    np.save("x.npy", np.zeros((3, 2), np.int64))
    assert "gain, iq" in refused(capsys, "run", "net", "-i", "x.npy", "-o", "y.npz", "--codes")
    assert not Path("y.npz").exists()


def test_inputs_that_do_not_belong_together_are_refused(folder, capsys):
    arrays = drawn(two_ends(), 30)
    np.savez("short.npz", gain=arrays["gain"][:-1], iq=arrays["iq"])
    assert "as many of each" in refused(capsys, "run", "net", "-i", "short.npz", "-o", "y.npz", "--codes")
    np.savez("other.npz", gain=arrays["gain"], iqs=arrays["iq"])
    assert "gain, iqs" in refused(capsys, "run", "net", "-i", "other.npz", "-o", "y.npz", "--codes")
    np.savez("wide.npz", gain=arrays["gain"], iq=arrays["iq"] + 300)
    assert "iq sample" in refused(capsys, "run", "net", "-i", "wide.npz", "-o", "y.npz", "--codes")


def test_what_is_said_of_values_names_their_input(folder, capsys):
    arrays = drawn(two_ends(), 30)
    np.savez("mixed.npz", gain=arrays["gain"] / 256, iq=arrays["iq"])
    assert "mixed.npz, array 'iq' holds int64" in refused(capsys, "run", "net", "-i", "mixed.npz", "-o", "y.npz")
    told = refused(capsys, "run", "net", "-i", "mixed.npz", "-o", "y.npz", "--codes")
    assert "mixed.npz, array 'gain' holds float64 numbers and --codes takes integer codes" in told
    np.savez("large.npz", gain=np.zeros((3, 2)), iq=np.full((3, 2), 1.5))
    assert main(["run", "net", "-i", "large.npz", "-o", "y.npz"]) == 0
    said = "bittrue: 6 of 6 values in large.npz, array 'iq' lie outside Q1.7 and saturate\n"
    assert capsys.readouterr().err == said


def test_one_output_may_go_into_either_file(folder):
    net = Net("one", IQ, (Node("y", Dense(np.eye(2, dtype=int), [0, 0], Q("Q1.1"), Q("Q1.7")), ("input",)),))
    save(net, "one")
    np.save("x.npy", drawn(net, 5)["input"])
    for suffix in (".npy", ".npz"):
        assert main(["run", "one", "-i", "x.npy", "-o", f"y{suffix}", "--codes"]) == 0
    assert np.array_equal(np.load("y.npy"), np.load("y.npz")["y"])


# ---- check ----------------------------------------------------------------------------------------------------------


def test_blocks_have_every_input_and_as_many_samples_as_asked_for():
    net = two_ends()
    for samples in (1, 37, 3000):
        found = list(check.blocks(net, samples, seed=3))
        assert sum(vectors.length(codes) for _, codes in found) == samples
        for _, codes in found:
            net.check_inputs(codes)


def test_corners_of_one_input_meet_all_of_the_other():
    net = two_ends()
    (codes,) = (codes for kind, codes in check.blocks(net, 10_000, seed=0) if kind == "corners")
    held = min(net.memory, 1022) + 2
    met = {(int(g[0]), int(i[0])) for g, i in zip(codes["gain"][::held], codes["iq"][::held], strict=True)}
    ends = [[given.format.lo, given.format.hi, 0, 1, -1] for given in (GAIN, IQ)]
    assert met >= {(gain, iq) for gain in ends[0] for iq in ends[1]}


def test_what_aims_at_one_input_finds_all_codes_at_the_other():
    blocks = dict(check.blocks(two_ends(), 40_000, seed=0))
    single = blocks["single channels"]
    half = len(single["gain"]) // 2
    assert (np.count_nonzero(single["gain"][:half], axis=1) <= 1).all()
    assert (np.count_nonzero(single["iq"][half:], axis=1) <= 1).all()
    assert np.count_nonzero(single["iq"][:half]) > half and np.count_nonzero(single["gain"][half:]) > half
    assert len(blocks["worst cases"]["iq"]) and len(blocks["ties"]["iq"])


def leg_of(net: Net, wrong) -> Leg:
    """The reference, whose taps ``wrong`` may change."""
    return Leg("wrong", lambda codes: ref.run(net, codes), lambda codes: wrong(codes, ref.taps(net, codes)))


def test_a_leg_that_mixes_up_inputs_is_found_and_explained():
    net = two_ends()

    def wrong(codes, taps):
        turned = ref.taps(net, {"gain": codes["iq"], "iq": np.clip(codes["gain"], -128, 127)})
        return taps | {"apart": turned["apart"]}

    verdict = check.check(net, {"wrong": leg_of(net, wrong)}, 2000, 0)
    assert not verdict.equal
    found = verdict.legs[0].divergence
    assert found is not None and found.node == "apart" and found.operands.rows[0][0].startswith("x_0")
    assert check.check(net, {"wrong": leg_of(net, lambda codes, taps: taps)}, 2000, 0).equal


def test_real_data_of_every_input_is_taken():
    net = two_ends()
    real = drawn(net, 50)
    blocks = dict(check.blocks(net, 2000, 0, real))
    assert all(np.array_equal(blocks["real"][name], real[name]) for name in net.inputs)
    with pytest.raises(BadInput, match="takes inputs gain, iq"):
        list(check.blocks(net, 2000, 0, {"gain": real["gain"]}))


def test_results_of_a_leg_by_name():
    net = two_ends()
    leg = check.make("ref", net)
    found = leg.results(net, drawn(net, 9))
    assert list(found) == ["apart", "both"]
    one = Net("one", IQ, (Node("y", Dense(np.eye(2, dtype=int), [0, 0], Q("Q1.1"), Q("Q1.7")), ("input",)),))
    alone = leg_of(one, None).results(one, drawn(one, 4))
    assert list(alone) == ["y"]
