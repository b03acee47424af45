"""The report on ECG nets: figures of the reference, a page that stands alone, the right patients."""

import contextlib
import io
import json
import re
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.numpy
from ecg_files import SMALL, write_record
from ecg_net import write_ecg

from bittrue import ref, spec
from bittrue.apps.ecg import metrics, recipe
from bittrue.apps.ecg.beats import beats, database
from bittrue.apps.ecg.beats.split import DS2, FOLDS
from bittrue.apps.ecg.reporting import judging, tables
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.kit import card as kit_card
from bittrue.kit.page import Sheet
from bittrue.spec.store import content_hash

pytest.importorskip("matplotlib", reason="the pictures need matplotlib: pip install -e '.[sim]'")
PLAN = recipe.parse(SMALL.encode(), "the test's recipe")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """The patients of fold 0, made up, as files of the database; nobody else is there."""
    folder = tmp_path_factory.mktemp("mitdb")
    for name in FOLDS[0]:
        write_record(folder, name)
    return folder


@pytest.fixture
def nets(tmp_path):
    """Three nets of one recipe that differ in the seed."""
    return three(tmp_path)


def three(folder):
    return [write_ecg(folder / f"net{s}", SMALL.replace("seed = 1", f"seed = {s}"), s) for s in (1, 2, 3)]


def report(*words):
    return main(["report", "ecg", *map(str, words)])


@pytest.fixture(scope="module")
def made(records, tmp_path_factory):
    """A report on three seeds, the first with a float net, and on a net of another recipe."""
    folder = tmp_path_factory.mktemp("made")
    paths = [*three(folder), write_ecg(folder / "other", SMALL.replace("memory = 9", "memory = 7"), 5)]
    with contextlib.suppress(ImportError):
        (paths[0] / "float.safetensors").write_bytes(safetensors.numpy.save(float_values()))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert report(*paths, "--patients", "held-out", "--data", records, "-o", folder / "r.html") == 0
    numbers = json.loads((folder / "r.json").read_text())
    return SimpleNamespace(
        paths=paths, numbers=numbers, printed=printed.getvalue(), text=(folder / "r.html").read_text()
    )


def float_values():
    import torch

    from bittrue.apps.ecg.training.network import Network

    torch.manual_seed(4)
    return {name: value.numpy() for name, value in Network(PLAN).state_dict().items()}


def counted(net, x, y):
    """Confusion by the reference, beat by beat."""
    found = np.zeros((5, 5), dtype=int)
    for label, row in zip(y, ref.run(net, x.astype(np.int64)), strict=True):
        found[label, list(row).index(max(row))] += 1
    return found


def test_the_figures_are_those_of_the_reference(made, records):
    held, net, row = beats.load(records, FOLDS[0], PLAN.input), spec.load(made.paths[1]), made.numbers["nets"][1]
    confusion = counted(net, held.x, held.y)
    assert row["integer"]["confusion"] == confusion.tolist() and row["hash"] == content_hash(net)
    assert row["integer"]["accuracy"] == confusion.trace() / len(held.y)
    assert row["integer"]["sensitivity"]["V"] == confusion[2, 2] / confusion[2].sum()
    assert row["integer"]["precision"]["S"] == confusion[1, 1] / confusion[:, 1].sum()
    assert row["integer"]["sensitivity"]["Q"] is None
    assert f"{100 * confusion.trace() / len(held.y):.1f}" in made.printed and "always N" in made.printed
    each = [np.array(record["confusion"]) for record in row["records"].values()]
    assert list(row["records"]) == list(FOLDS[0]) and (sum(each) == confusion).all()
    one = held.of("106")
    assert row["records"]["106"]["confusion"] == counted(net, one.x, one.y).tolist()
    assert row["always_n"]["accuracy"] == (held.y == 0).mean() and row["always_n"]["precision"]["S"] is None
    low, high = row["integer"]["by_patients_95"]["macro_f1"]
    assert low <= row["integer"]["macro_f1"] <= high
    assert row["size"] == {"weights": 480, "biases": 5, "bytes": 485, "macs": 480}
    assert made.numbers["medical_device"] is False and made.numbers["simulated"] is True
    assert f"there is no {made.paths[1] / 'float.safetensors'}" == row["float_missing"]


def test_the_float_net_stands_beside_the_integer_one(made, records):
    torch = pytest.importorskip("torch", reason="the float net needs PyTorch: pip install -e '.[train]'")
    from bittrue.apps.ecg.training.network import Network

    network = Network(PLAN).eval()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in float_values().items()})
    row, held = made.numbers["nets"][0], beats.load(records, FOLDS[0], PLAN.input)
    with torch.no_grad():
        said = network(torch.from_numpy(held.x).float() / 128).argmax(1).numpy()
    integer = ref.run(spec.load(made.paths[0]), held.x.astype(np.int64)).argmax(1)
    assert row["float"]["confusion"] == metrics.judge(held.y, said).confusion.tolist()
    assert row["answered_otherwise"] == (said != integer).sum() > 0 and row["float_missing"] == ""
    points = 100 * (row["integer"]["macro_f1"] - row["float"]["macro_f1"])
    assert f"{points:+.2f}" in made.printed


def test_a_damaged_float_net_is_named(records, nets, tmp_path, capsys):
    pytest.importorskip("torch", reason="the float net needs PyTorch: pip install -e '.[train]'")
    (nets[0] / "float.safetensors").write_bytes(b"rubbish")
    assert report(nets[0], "--patients", "held-out", "--data", records, "-o", tmp_path / "r.html") == 2
    assert "float.safetensors is corrupt" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_without_pytorch_there_is_no_float_line(nets, tmp_path, monkeypatch):
    (nets[0] / "float.safetensors").write_bytes(b"")
    for name in [name for name in sys.modules if name.startswith("bittrue.apps.ecg.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    found = judging.judged(nets[0], "synthetic", None, lambda *_: None)
    assert found.floats is None and found.float_verdict is None and found.missing == "torch is not installed"


def test_three_seeds_have_a_mean_and_a_worst(made):
    names, (group,) = [row["name"] for row in made.numbers["nets"]], made.numbers["seeds"]
    assert names[1:3] == ["small, seed 2", "small, seed 3"]
    assert [names[0], names[3]] == [f"small, seed 1 ({made.paths[k]})" for k in (0, 3)]
    assert group["nets"] == names[:3]
    for key in ("accuracy", "macro_f1"):
        figures = [row["integer"][key] for row in made.numbers["nets"][:3]]
        assert group["mean"][key] == pytest.approx(np.mean(figures), abs=1e-15) and group["worst"][key] == min(figures)
    assert "mean of 3 seeds, integer" in made.text and "worst of 3 seeds, integer" in made.text
    assert "are one recipe: mean macro-F1" in made.text
    assert len({row["integer"]["macro_f1"] for row in made.numbers["nets"]}) > 1


def test_what_one_seed_cannot_say_is_left_out_of_the_mean():
    never = metrics.judge([0, 0, 2, 2], [0, 0, 0, 0])
    found = metrics.judge([0, 0, 2, 2], [0, 2, 2, 2])
    mean, worst = tables.mean_and_worst([never, found])
    assert mean[0] == 0.625 and worst[0] == 0.5
    assert mean[3] == 0.5 and worst[3] == 0 and mean[8] == worst[8] == 2 / 3  # Se and PPV of V
    assert np.isnan(mean[5]) and np.isnan(worst[10])


def test_the_page_stands_alone_and_says_what_it_shows(made, records):
    text = made.text
    assert "<script" not in text and "http" not in re.sub(r"data:image[^\"]*", "", text)
    assert "no medical device" in text and text.count("data:image/png;base64,") == 4 + 4 + 2
    captions = re.findall(r"<figcaption[^>]*>([^<]*)", text)
    assert all("fold 0 of DS1" in c or "imulated" in c for c in captions)
    assert all("bittrue report ecg" in c and "--patients held-out" in c for c in captions)
    assert database.digest(records, FOLDS[0]) in text and content_hash(spec.load(made.paths[1])) in text
    assert re.search(r"[NSVF] called [NSVF], record \d{3}, 0:00:\d\d\.\d, annotated", text)


def test_held_out_patients_are_those_of_the_fold(records, nets):
    found = judging.trained_net.read(nets[0])
    people = judging.whom(found, "held-out", records)
    assert people.names == FOLDS[0] and people.title == "fold 0 of DS1, held out in training"
    assert judging.whom(found, "DS2", records).names == DS2 and judging.whom(found, "synthetic", None).folder is None
    with pytest.raises(BadInput, match="choose DS2, held-out, synthetic"):
        judging.whom(found, "DS1", records)


def test_made_up_patients_need_no_data(nets, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BITTRUE_MITDB", str(tmp_path / "nowhere"))
    assert report(nets[0], "--patients", "synthetic", "-o", tmp_path / "r.html") == 0
    assert "12 made-up patients" in capsys.readouterr().out
    assert report(nets[0], "-o", tmp_path / "s.html") == 2
    assert "nowhere" in capsys.readouterr().err and not (tmp_path / "s.html").exists()


def test_the_test_patients_are_those_of_ds2(nets, tmp_path):
    folder = tmp_path / "mitdb"
    folder.mkdir()
    for name in DS2:
        write_record(folder, name)
    assert report(nets[0], "--data", folder, "-o", tmp_path / "r.html") == 0
    (row,) = json.loads((tmp_path / "r.json").read_text())["nets"]
    assert row["patients"]["records"] == list(DS2) and row["patients"]["title"] == "DS2, the test patients"


def spoil(folder, name, content):
    (folder / name).write_text(content)
    return folder


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda net: shutil.rmtree(net), "net1"),
        (lambda net: spoil(net, "net.json", "{"), "net.json"),
        (lambda net: spoil(net, "recipe.toml", "name ="), "recipe.toml is not TOML"),
        (lambda net: spoil(net, "recipe.toml", SMALL.replace("length = 32", "length = 40")), "shape (3, 32)"),
        (lambda net: spoil(net, "recipe.toml", SMALL.replace('"small"', '"large"')), "recipe of large"),
        (lambda net: spoil(net, "recipe.toml", SMALL.replace("fold = 0", 'select = "last"')), "no patient is held out"),
        (lambda net: (net / "recipe.toml").unlink(), "recipe.toml"),
        (lambda net: spec.save(spec.Dense.example(), net), "not beats"),
    ],
)
def test_a_broken_folder_is_one_sentence(records, nets, tmp_path, capsys, make, sentence):
    make(nets[0])
    assert report(nets[0], "--patients", "held-out", "--data", records, "-o", tmp_path / "r.html") == 2
    complaint = capsys.readouterr().err
    assert sentence in complaint and "Traceback" not in complaint
    assert not list(tmp_path.glob("r.*"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["NET", "-o", "none/x.html"], "there is no folder none"),
        (["NET", "-o", "x.json"], "end the name in one of them"),
        (["NET", "NET"], "named twice"),
        (["NET", "--capture", "arena"], "belongs to `bittrue report dpd`"),
        (["NET", "--patients", "DS1"], "invalid choice"),
        (["NET", "--data", "none"], "are not in none"),
    ],
)
def test_wrong_words_are_refused(nets, tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert report(*[nets[0] if word == "NET" else word for word in words]) == 2
    assert sentence in capsys.readouterr().err and not list(tmp_path.glob("*.html"))
    assert main(["report", "dpd", str(nets[0]), "--patients", "DS2"]) == 2
    assert "belongs to `bittrue report ecg`" in capsys.readouterr().err


def test_the_card_gets_its_section(records, nets, tmp_path):
    words = [*nets[:2], "--patients", "held-out", "--data", records, "-o", tmp_path / "r.html", "--cards"]
    assert report(*words) == 0
    cards = [(net / "CARD.md").read_text() for net in nets]
    assert "## Results on fold 0 of DS1\n" in cards[0] and "## Results on" not in cards[2]
    assert "**small, seed 2, integer**" in cards[0] and "| always N |" in cards[1] and "# not a heading" in cards[0]
    assert f"{len(FOLDS[0])} records, not the published files of MIT-BIH" in cards[0]
    assert "mean of 2 seeds" in cards[0] and "--cards" in cards[0] and "SHA-256" in cards[0]
    assert [(net / name).exists() for net in nets for name in ("net.json", "recipe.toml")] == [True] * 6


def test_a_section_takes_the_place_of_the_old_one():
    card = "# a\n\n## Results on DS2\n\nNot measured.\n\n## Recipe\n\n```toml\n# name\n## x\n```\n"
    assert kit_card.replaced(card, "## Results on DS2\n\nnew\n") == card.replace("Not measured.", "new")
    added = kit_card.replaced(card, "## x\n\nnew\n")
    assert added == card + "\n## x\n\nnew\n" and kit_card.replaced(added, "## x\n\nnew\n") == added


def test_a_missing_card_is_known_before_the_work(nets, tmp_path, capsys, monkeypatch):
    (nets[1] / "CARD.md").unlink()
    monkeypatch.setattr(judging, "judged", None)
    assert report(*nets, "--patients", "synthetic", "--cards", "-o", tmp_path / "r.html") == 2
    assert "CARD.md" in capsys.readouterr().err


def test_a_table_becomes_markdown():
    sheet = Sheet("t", ("a", "b"), [("1", "2"), ("3", "4")], ours=frozenset({1}))
    assert kit_card.sheet(sheet) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n| **3** | **4** |"
