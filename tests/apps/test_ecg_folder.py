"""``bittrue train ecg``: the folder is whole, its files belong together, and every mistake is one sentence."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from ecg_files import SMALL, write_record

torch = pytest.importorskip("torch")

from bittrue import ref, spec  # noqa: E402
from bittrue.apps.ecg import bundle, card, datasets, inference, recipe, train, trained_net  # noqa: E402
from bittrue.apps.ecg.beats import beats, database, split  # noqa: E402
from bittrue.apps.ecg.metrics import judge  # noqa: E402
from bittrue.apps.ecg.training.stage import scores  # noqa: E402
from bittrue.check import known_answers  # noqa: E402
from bittrue.cli import main  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit import card as kit_card  # noqa: E402
from bittrue.spec.store import content_hash  # noqa: E402
from bittrue.targets.max78002 import verify  # noqa: E402
from bittrue.targets.max78002.checkpoint import read_checkpoint  # noqa: E402

torch.set_num_threads(1)
FILES = {
    "net.json",
    "weights.safetensors",
    "kat.safetensors",
    "float.safetensors",
    "checkpoint.npz",
    "recipe.toml",
    "CARD.md",
}
TEXT = SMALL.replace("[augment]", "[quantise]\nsteps = 3\nweight_bits = 8\n\n[augment]")


@pytest.fixture(scope="module")
def few():
    """Three made-up patients a minute each, for the whole file."""
    kept = datasets.PATIENTS, datasets.SECONDS
    datasets.PATIENTS, datasets.SECONDS = 4, 40.0
    yield
    datasets.PATIENTS, datasets.SECONDS = kept


@pytest.fixture(scope="module")
def plan():
    return recipe.parse(TEXT.encode(), "x")


@pytest.fixture(scope="module")
def made(plan, few, tmp_path_factory):
    """A trained folder, and what `train` returned for it."""
    path = tmp_path_factory.mktemp("ecg") / "small"
    return path, train.train(plan, path, beats=datasets.made_up(plan), report=lambda *_: None)


def refused(capsys, *arguments):
    """The one sentence of a command that must fail with 2."""
    assert main([str(argument) for argument in arguments]) == 2
    err = capsys.readouterr().err.strip()
    assert "\n" not in err and err.startswith("bittrue: ")
    return err


def test_the_folder_belongs_together(made, plan):
    path, trained = made
    assert {file.name for file in path.iterdir()} == FILES | {"checkpoint"}
    found = trained_net.read(path)
    assert content_hash(found.net) == content_hash(trained.net) and found.plan == plan and found.plan.text == TEXT
    assert [node.name for node in found.net.nodes] == ["conv_0", "conv_1_pool", "conv_1", "pool", "fc_flatten", "fc"]
    x, y = known_answers.read(path / known_answers.FILE)
    assert np.array_equal(x[:8], bundle.corners((3, 32))) and len(x) > 40
    assert known_answers.verify(found.net, path) == len(x)
    assert np.array_equal(inference.scores(found.net, x.astype(np.int8)), y)
    again = train.reopen(path, plan)
    expected = trained.fitted.floating.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in again.state_dict().items())
    assert {"conv.0.op.weight", "conv.0.bn.weight", "fc.op.weight"} <= expected.keys()


def test_quantising_the_checkpoint_gives_the_codes_of_the_net(made, tmp_path, capsys):
    path, trained = made
    assert main(["ecg", "verify-checkpoint", str(path / "checkpoint.npz")]) == 0
    assert "no batch norm is left" in capsys.readouterr().out
    assert all(good for good, _ in verify.verify(read_checkpoint(path / "checkpoint.npz")).findings[:3])
    out = tmp_path / "quantised.npz"
    assert main(["ecg", "quantize", str(path / "checkpoint.npz"), "-o", str(out)]) == 0
    state = read_checkpoint(out).state
    for name, node in (("conv.0", "conv_0"), ("conv.1", "conv_1"), ("fc", "fc")):
        layer = next(own.layer for own in trained.net.nodes if own.name == node)
        assert np.array_equal(state[f"{name}.op.weight"], layer.weight)
        assert np.array_equal(state[f"{name}.op.bias"], layer.bias)
        if name != "fc":
            assert layer.weight_format.frac == 7 - int(state[f"{name}.output_shift"][0])
        assert float(read_checkpoint(path / "checkpoint.npz").state[f"{name}.output_shift"][0]) == int(
            state[f"{name}.output_shift"][0]
        )


def test_float_folded_and_integer_are_judged_on_the_patients_held_out(made, plan):
    _, trained = made
    held = datasets.made_up(plan).held
    found = dict(trained.verdicts)
    said = inference.classes(ref.run(trained.net, held.x.astype(np.int64)))
    assert list(found) == ["float", "folded", "integer"]
    assert np.array_equal(found["integer"].confusion, judge(held.y, said).confusion)
    floating = scores(trained.fitted.floating, held).argmax(dim=1).numpy()
    assert np.array_equal(found["float"].confusion, judge(held.y, floating).confusion)
    assert trained.agreement == np.mean(floating == said) and trained.compared == len(held.y)


def test_the_card_says_it_all(made, plan):
    path, trained = made
    text = (path / "CARD.md").read_text()
    known = datasets.made_up(plan)
    for fact in (
        "no medical device",
        "`bittrue train ecg --recipe recipe.toml --synthetic --output build/small`",
        known.digest,
        content_hash(trained.net),
        "| seed | 1 |",
        "188 and 13 biases: 201 bytes",
        f"{plan.net.macs(3, 32):,} a beat",
        "simulated",
        "| conv_1 | Conv1d | 4 x 4 x 3 |",
        "| float, batch norm folded |",
        "| **integer** |",
        "The step that is kept was chosen by them",
        "Not measured.",
        TEXT.strip(),
    ):
        assert fact in text, fact
    assert text == card.text(plan, known, trained)


def test_the_section_about_ds2_can_be_filled_in(made):
    text = (made[0] / "CARD.md").read_text()
    filled = kit_card.replaced(text, "## Results on DS2\n\nMeasured.\n")
    assert "Not measured" not in filled and filled.count("## Results on DS2") == 1
    assert filled.split("## Results on DS2")[0] == text.split("## Results on DS2")[0]
    assert filled.partition("## What was executed")[2] == text.partition("## What was executed")[2]


def test_a_finished_run_writes_the_same_files(made, plan, tmp_path):
    path, _ = made
    shutil.copytree(path / "checkpoint", tmp_path / "checkpoint")
    train.train(plan, tmp_path, beats=datasets.made_up(plan), report=lambda *_: None)
    assert all((tmp_path / name).read_bytes() == (path / name).read_bytes() for name in FILES)


def test_a_run_that_cannot_write_leaves_the_old_folder(made, plan, tmp_path, monkeypatch):
    path, _ = made
    shutil.copytree(path, tmp_path / "net")
    (tmp_path / "net" / "CARD.md").write_text("old")
    monkeypatch.setattr(card, "text", lambda *_: [][0])
    with pytest.raises(IndexError):
        train.train(plan, tmp_path / "net", beats=datasets.made_up(plan), report=lambda *_: None)
    assert (tmp_path / "net" / "CARD.md").read_text() == "old"
    assert {file.name for file in (tmp_path / "net").iterdir()} == FILES | {"checkpoint"}


def test_another_net_is_never_replaced(made, plan, tmp_path):
    shutil.copytree(made[0], tmp_path / "net")
    before = {path: path.read_bytes() for path in (tmp_path / "net").rglob("*") if path.is_file()}
    other = recipe.parse(TEXT.replace('name = "small"', 'name = "other"').encode(), "x")
    with pytest.raises(BadInput, match="is of net small, and net other would replace it; choose another folder"):
        train.train(other, tmp_path / "net", beats=datasets.made_up(plan), report=lambda *_: None)
    assert {path: path.read_bytes() for path in (tmp_path / "net").rglob("*") if path.is_file()} == before


def test_a_folder_of_recorded_patients(tmp_path, monkeypatch, plan):
    monkeypatch.setattr(split, "FOLDS", (("101",), ("106", "108")))
    monkeypatch.setattr(split, "DS1", ("101", "106", "108"))
    data = tmp_path / "mitdb"
    data.mkdir()
    for name in ("100", "101", "106", "108"):
        write_record(data, name)
    opened, seen = [], []
    monkeypatch.setattr(beats, "load", lambda *given, own=beats.load: opened.extend(given[1]) or own(*given))
    trained = train.train(plan, tmp_path / "net", data)
    assert opened == ["106", "108", "101"]  # and no record of DS2
    text = (tmp_path / "net" / "CARD.md").read_text()
    said = f"own recordings of {data}, named as MIT-BIH's, DS1 without fold 0 (not the published files"
    assert said in text and "ODC-By" not in text and dict(trained.verdicts)["float"]
    assert f"--data {data}" in text and "beats of DS1" not in text
    one = datasets.recorded(plan, data, lambda *figures: seen.append(figures))
    assert seen == [("106", 1, 3), ("108", 2, 3), ("101", 3, 3)]
    both = beats.load(data, ["106", "108"], plan.input)
    assert np.array_equal(one.learnt.x, both.x) and np.array_equal(one.learnt.record, both.record)
    assert one.learnt.names == both.names and one.held.names == ("101",)
    monkeypatch.setattr(database, "PUBLISHED", {n: database.digest(data, [n])[:16] for n in split.DS1})
    one = datasets.recorded(plan, data)
    text = card.text(plan, one, trained)
    assert one.own is None and "| MIT-BIH, DS1 without fold 0 (MIT-BIH Arrhythmia Database, ODC-By 1.0) |" in text
    assert "--data" not in text and "beats of DS1" in text


def test_digests_tell_beats_apart(plan, few):
    one = datasets.made_up(plan)
    assert datasets.made_up(plan).digest == one.digest and len(one.digest) == 64
    other = datasets.Material(one.learnt, None, "x")
    assert len({one.digest, other.digest, datasets.Material(one.held, None, "x").digest}) == 3


def edited(made, path, edit):
    """A copy of a trained folder whose known answers were changed by ``edit``, a function of the stored arrays."""
    shutil.copytree(made[0], path)
    stored = {name: array.copy() for name, array in safetensors.numpy.load_file(path / known_answers.FILE).items()}
    edit(stored)
    safetensors.numpy.save_file(stored, path / known_answers.FILE)
    return path


@pytest.mark.parametrize("name", ["input", "output", "sha256"])
def test_one_bit_of_the_known_answers_is_an_edit(made, tmp_path, capsys, name):
    """Also where the net's answer would be the same: a bit of an input is seldom seen in the scores."""

    def flip(stored):
        stored[name].reshape(-1)[-1] ^= 1

    path = edited(made, tmp_path / "net", flip)
    assert "kat.safetensors was edited" in refused(capsys, "check", path, "--legs", "ref", "--samples", "10")


def test_known_answers_of_another_net_are_refused(made, tmp_path, capsys):
    def other(stored):
        stored["output"][20, 2] += 1
        stored["sha256"] = known_answers.digest(stored["input"], stored["output"])

    message = refused(capsys, "check", edited(made, tmp_path / "net", other), "--legs", "ref", "--samples", "10")
    assert "kat.safetensors belongs to another net: output [2] of sample 20" in message


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (None, "is corrupt"),
        ({"input": np.zeros((2, 3, 32), np.int8)}, "lacks 'output'"),
        ({"input": np.zeros((2, 3, 31), np.int8), "output": np.zeros((2, 5), np.int64)}, "cannot have"),
        ({"input": np.zeros((0, 3, 32), np.int8), "output": np.zeros((0, 5), np.int64)}, "one sample or more"),
        ({"input": np.zeros((2, 3, 32), np.int8), "output": np.zeros((2, 5))}, "codes are integers"),
    ],
)
def test_a_damaged_file_of_known_answers_is_refused(made, tmp_path, stored, message):
    content = b"nothing" if stored is None else safetensors.numpy.save(stored)
    (tmp_path / known_answers.FILE).write_bytes(content)
    with pytest.raises(BadInput, match=message):
        known_answers.verify(made[1].net, tmp_path)


def test_a_folder_without_known_answers_has_none(made, tmp_path):
    assert known_answers.verify(made[1].net, tmp_path) is None


def test_another_net_and_another_recipe_are_no_folder(made, tmp_path):
    path = tmp_path / "net"
    shutil.copytree(made[0], path)
    (path / "recipe.toml").write_text(TEXT.replace("length = 32", "length = 40"))
    with pytest.raises(BadInput, match=r"holds net small for beats of shape \(3, 32\), and the recipe of small"):
        trained_net.read(path)
    (path / "recipe.toml").unlink()
    with pytest.raises(BadInput, match="cannot read the recipe"):
        trained_net.read(path)
    with pytest.raises(BadInput, match="is not a net of recipe small"):
        wide = TEXT.replace("channels = 4, kernel = 5", "channels = 8, kernel = 5")
        train.reopen(made[0], recipe.parse(wide.encode(), "x"))


def test_only_nets_of_beats_answer_beats(made):
    net, wide = made[1].net, spec.LAYERS["Dense"].example()
    with pytest.raises(BadInput, match=r"net small takes int8 \(N, 3, 32\)"):
        inference.scores(net, np.zeros((4, 3, 31), np.int8))
    with pytest.raises(BadInput, match="float64 of shape"):
        inference.scores(net, np.zeros((4, 3, 32)))
    with pytest.raises(BadInput, match="not beats"):
        inference.scores(wide, np.zeros((4, 3, 32), np.int8))


def test_answers_come_in_chunks_and_ties_go_to_the_lower_class(made, monkeypatch):
    net, x, seen = made[1].net, bundle.corners((3, 32)), []
    monkeypatch.setattr(inference, "WORK", 3 * inference.work(net))
    assert np.array_equal(inference.scores(net, x, lambda *at: seen.append(at)), ref.run(net, x.astype(np.int64)))
    assert seen == [(3, 8), (6, 8), (8, 8)]
    assert inference.classes([[1, 5, 5, 0, -9], [-3, -3, -3, -3, -3], [0, 1, 2, 3, 4]]).tolist() == [1, 0, 4]


def written(tmp_path, text=TEXT):
    (tmp_path / "mine.toml").write_text(text)
    return tmp_path / "mine.toml"


def test_the_command_trains(few, tmp_path, capsys):
    mine, out = written(tmp_path), tmp_path / "net"
    assert main(["train", "ecg", "--recipe", str(mine), "--synthetic", "--seed", "7", "--output", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "patients held out" in printed and "folded" in printed and "integer" in printed
    assert recipe.load(out / "recipe.toml").train.seed == 7 and "seed = 7" in (out / "recipe.toml").read_text()
    assert trained_net.read(out).net.name == "small"
    words = ["--recipe", str(mine), "--synthetic", "--seed", "7", "--output", str(out), "--json"]
    assert main(["train", "ecg", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["name"] == "small" and found["hash"] == content_hash(trained_net.read(out).net)
    assert set(found["held_out"]) >= {"integer"} and 0 <= found["held_out"]["integer"]["macro_f1"] <= 1


def test_the_example_of_the_documentation_runs(few, tmp_path, capsys, monkeypatch):
    text = (Path(__file__).resolve().parents[2] / "docs" / "ecg.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(example.replace("steps = 150", "steps = 10").replace("steps = 50", "steps = 5"), {})
    assert "integer: macro-F1 0." in capsys.readouterr().out
    assert trained_net.read(tmp_path / "build" / "first").plan.name == "first"


def test_a_seed_is_written_once_or_not_at_all(plan):
    assert recipe.reseeded(plan, 12).text == TEXT.replace("seed = 1", "seed = 12")
    twice = recipe.parse(TEXT.replace("seed = 1", "seed = 1\n# seed = 3\n").encode(), "x")
    assert recipe.reseeded(twice, 5).train.seed == 5
    hidden = recipe.parse(TEXT.replace("[train]\nseed = 1", "[train]\n'seed' = 1").encode(), "x")
    with pytest.raises(BadInput, match="has 0 lines"):
        recipe.reseeded(hidden, 2)


def test_the_command_of_a_built_in_recipe_is_the_cards():
    tiny = recipe.builtin("ecg-tiny")
    given = datasets.Material(None, None, "x")
    assert card.command(tiny, given) == "bittrue train ecg --recipe ecg-tiny --output weights/ecg-tiny"
    other = recipe.reseeded(tiny, 5)
    assert "--recipe ecg-tiny --seed 5 --output" in card.command(other, given)
    edited = recipe.parse(other.text.replace("steps = ", "steps = 1").encode(), "x")
    assert "--recipe recipe.toml --output" in card.command(edited, given)


BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is blocked", name=name)
sys.meta_path.insert(0, Blocker())
from bittrue.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_without_pytorch_one_sentence_says_so(tmp_path):
    line = [sys.executable, "-c", BLOCKED, "train", "ecg", "--synthetic", "--recipe", str(written(tmp_path))]
    done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2 and "training needs PyTorch" in done.stderr and "Traceback" not in done.stderr


def test_mistakes_are_one_sentence(few, tmp_path, capsys):
    mine, out = written(tmp_path), tmp_path / "net"
    line = ("train", "ecg", "--recipe", mine, "--output", out)
    assert "unknown recipe 'ecg-huge'" in refused(capsys, "train", "ecg", "--recipe", "ecg-huge")
    assert "the MIT-BIH records are not in" in refused(capsys, *line, "--data", tmp_path / "nowhere")
    assert "leave it or --data out" in refused(capsys, *line, "--data", tmp_path, "--synthetic")
    wrong = written(tmp_path, TEXT.replace("steps = 6", "stops = 6"))
    assert "unknown key train.stops" in refused(capsys, "train", "ecg", "--recipe", wrong)
    (tmp_path / "file").write_text("")
    written(tmp_path)
    assert "cannot write in" in refused(capsys, *line[:-1], tmp_path / "file", "--synthetic")
    assert "--seed belongs to" in refused(capsys, "train", "dpd", "--seed", "3")
    assert main([str(word) for word in (*line, "--synthetic")]) == 0
    capsys.readouterr()
    assert "written with another recipe" in refused(capsys, *line, "--synthetic", "--seed", "2")
    (out / "checkpoint" / "state.pt").write_bytes(b"torn")
    assert "is damaged or of another kind" in refused(capsys, *line, "--synthetic")
    before = {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()}
    assert set(before) == FILES and not [name for name in before if name.startswith(".")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("steps = -1", "quantise.steps is -1; it must be 0 to 1,000,000"),
        ("rate = 2.0", "quantise.rate is 2.0"),
        ("weight_bits = 3", "quantise.weight_bits is 3: .*choose 8, 4, 2 or 1"),
        ("shift_quantile = 0.0", "quantise.shift_quantile is 0"),
        (
            'overrides = [{ layer = "conv.7" }]',
            r"quantise.overrides names layer 'conv.7'; the net has conv.0, conv.1, fc",
        ),
        ('overrides = [{ layer = "fc" }, { layer = "fc" }]', "quantise.overrides names fc twice"),
        ('overrides = [{ layer = "fc", weight_bits = 5 }]', r"quantise.overrides\[0\].weight_bits is 5"),
        ("stepz = 3", "unknown key quantise.stepz"),
    ],
)
def test_what_is_wrong_with_the_quantisation_is_named(line, message):
    with pytest.raises(BadInput, match=message):
        recipe.parse(SMALL.replace("[augment]", f"[quantise]\n{line}\n\n[augment]").encode(), "x")
