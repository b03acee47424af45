"""The comparison report: its numbers are measured, its page stands alone, its ranking is right."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from small_net import write_net

from bittrue import spec
from bittrue.apps.dpd import closed_loop, metrics
from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.amplifiers.arena import ArenaScore, Reference
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.reporting import ranking
from bittrue.apps.dpd.reporting.comparison import INTEGER, Comparison, Entry, Outcome
from bittrue.apps.dpd.reporting.pareto import front
from bittrue.cli import main
from bittrue.kit.page import Section, Sheet, page
from bittrue.spec.store import content_hash

figures = pytest.importorskip("bittrue.apps.dpd.reporting.figures", reason="the pictures need matplotlib")
picture = pytest.importorskip("bittrue.apps.dpd.picture", reason="the pictures need matplotlib")


@pytest.fixture
def made(capture_folder, tmp_path, capsys):
    """A report on one net: its path, its numbers, and what was printed."""
    net = write_net(tmp_path / "net", capture_folder)
    path = tmp_path / "out.html"
    assert main(["report", "dpd", str(net), "-o", str(path)]) == 0
    return path, json.loads(path.with_suffix(".json").read_text()), capsys.readouterr().out


def test_the_numbers_are_those_of_the_integer_net_through_the_twin(made, capture_folder, tmp_path):
    _, numbers, printed = made
    capture, net = data.load(capture_folder), spec.load(tmp_path / "net")
    rows = {row["name"]: row["models"]["twin"] for row in numbers["rows"]}
    twin = pa.fit(capture)
    found = closed_loop.judge(capture, twin, closed_loop.integer(net))
    assert rows["small, integer"]["evm"] == pytest.approx(found.evm, abs=1e-9)
    assert rows["small, integer"]["aclr_left"] == pytest.approx(found.aclr_left, abs=1e-9)
    assert rows["no predistortion"]["nmse"] == pytest.approx(closed_loop.judge(capture, twin).nmse, abs=1e-9)
    ideal = next(value for name, value in rows.items() if name.startswith("ideal drive"))
    assert ideal["nmse"] < rows["small, integer"]["nmse"] < 0
    assert any("GMP" in name for name in rows) and any("memory polynomial" in name for name in rows)
    assert f"{found.evm:.2f}" in printed and numbers["simulated"] is True
    assert numbers["nets"][0]["hash"] == content_hash(net)


def test_the_page_stands_alone_and_says_what_it_shows(made, tmp_path):
    path, numbers, _ = made
    text = path.read_text()
    assert "<script" not in text and "http" not in re.sub(r"data:image[^\"]*", "", text)
    assert 'name="viewport"' in text and text.count("data:image/png;base64,") == 2 + 4
    captions = re.findall(r"<figcaption[^>]*>([^<]*)", text)
    assert captions and all("imulated" in c and "test split" in c and "bittrue report dpd" in c for c in captions)
    assert content_hash(spec.load(tmp_path / "net")) in text
    assert "trained through the twin" not in text  # the reason for the missing judges is there instead
    assert set(numbers["missing"]) >= {"arena", "protocol"} and "Not judged (protocol)" in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "nowhere"),
        (["NET", "-o", "none/x.html"], "there is no folder none"),
        (["NET", "-o", "/dev/null"], "a page and its numbers are two files"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(capture_folder, tmp_path, capsys, words, sentence):
    net = write_net(tmp_path / "net", capture_folder)
    words = [str(net) if word == "NET" else word for word in words]
    assert main(["report", "dpd", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_the_front_keeps_what_nothing_beats():
    assert front([(1, 5), (2, 4), (2, 5), (3, 3), (3, 3), (0, 9)]) == [0, 1, 3, 4, 5]
    assert front([]) == []


def test_carriers_average_to_the_evm(capture_folder):
    capture = data.load(capture_folder)
    reference = capture.inputs["test"]
    output = reference + 0.01 * np.random.default_rng(0).standard_normal(len(reference))
    carriers = figures.evm_of_carriers(output, reference, capture.channel)
    assert len(carriers) == 5
    mean = 20 * np.log10(np.mean(10 ** (carriers / 20)))
    assert mean == pytest.approx(metrics.evm(output, reference, capture.channel), abs=1e-9)


def test_a_page_escapes_what_it_is_given():
    text = page("<a>", "b & c", [Section("<s>", ["<p>"], [Sheet("<t>", ("<c>",), (("<d>",),), "<k>")])])
    for letter in "aspctdk":
        assert f"&lt;{letter}&gt;" in text
    assert "b &amp; c" in text


def outcome(name, parameters, evm, aclr, power=0.0, seen=False):
    score = ArenaScore(evm, aclr - 1, aclr, evm, power)
    return Outcome(Entry(name, INTEGER, parameters, "arena", None, seen), {}, {}, score)


def test_a_net_is_ranked_among_the_references_of_its_budget():
    references = [
        Reference("a", "A", 500, 480, -40, -45, -40, True, ()),
        Reference("b", "B", 500, 490, -42, -43, -40, True, ()),
        Reference("c", "C", 500, 500, -60, -60, -60, False, ()),  # not qualified: beats nobody
        Reference("d", "D", 1000, 900, -50, -50, -50, True, ()),
    ]
    found = Comparison(None, (), (outcome("net", 499, -41, -46), outcome("big", 5000, -80, -80)), {})
    places = ranking.ranking(found, references, 500)
    assert [place.name for place in places] == ["C", "net", "A", "B"]
    said = ranking.verdict(places, "net", 500)
    assert "worse-side ACLR -46.00 dBc, rank 1 beside 2 references, 1.00 dB ahead of A" in said
    assert "EVM -41.00 dB, rank 2 beside 2 references, 1.00 dB behind B" in said
    assert ranking.budget_of(501, references) == 1000 and ranking.budget_of(1001, references) is None
    tainted = Comparison(None, (), (outcome("net", 499, -41, -46, power=1.0, seen=True),), {})
    said = ranking.verdict(ranking.ranking(tainted, references, 500), "net", 500)
    assert "no Arena result" in said and "does not qualify" in said


@pytest.mark.parametrize(("carriers", "rate", "reach"), [(5, 983.04e6, 220), (1, 983.04e6, 315), (1, 610e6, 305)])
def test_the_frequency_axis_reaches_over_the_adjacent_channels(carriers, rate, reach):
    channel = metrics.Channel(rate, 200e6, carriers, 2048)
    axes = figures._canvas()[1]
    assert picture.shade_adjacent(axes, channel) == pytest.approx(reach)
    width = 200 / carriers
    edges = sorted(edge for patch in axes.patches for edge in (patch.get_x(), patch.get_x() + patch.get_width()))
    assert edges == pytest.approx([-100 - width, -100, 100, 100 + width])


def test_a_channel_too_narrow_for_the_pictures_segments_is_drawn_in_its_own():
    narrow = metrics.Channel(983.04e6, 0.4e6, 1, 1 << 14)
    assert picture.drawn(narrow) == narrow
    assert picture.drawn(metrics.Channel(983.04e6, 200e6, 5, 1 << 14)).nperseg == picture.SEGMENT


def test_one_carrier_has_no_picture_of_its_carriers(capture_folder, tmp_path):
    described = json.loads((capture_folder / "spec.json").read_text())
    (capture_folder / "spec.json").write_text(json.dumps(described | {"n_sub_ch": 1}))
    net = write_net(tmp_path / "net", capture_folder)
    assert main(["report", "dpd", str(net), "-o", str(tmp_path / "one.html")]) == 0
    text = (tmp_path / "one.html").read_text()
    assert text.count("data:image/png;base64,") == 2 + 3 and "EVM a carrier" not in text


def test_folders_of_another_kind_are_named(tmp_path, capsys):
    weights = Path(__file__).resolve().parents[2] / "weights"
    for application, name, said in (
        ("dpd", "ecg-tiny", "is it one for `bittrue report ecg`?"),
        ("dpd", "pa-gru", "holds a model of an amplifier and no predistorter"),
        ("dpd", "tdnn-thermal", "name one of them, such as"),
        ("ecg", "tdnn-wide", "a predistorter is for `bittrue report dpd`"),
        ("ecg", "pa-gru", "give the folder of a net that `bittrue train ecg` made"),
    ):
        assert main(["report", application, str(weights / name), "-o", str(tmp_path / "x.html")]) == 2
        assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("x.*"))
