"""The notebooks: valid, stored without outputs, without a model of their own, and one that runs from top to bottom."""

import ast
import importlib.util
import re
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from bittrue.apps.dpd.captures.data import INSTALL
from bittrue.bars import Now
from bittrue.cli import parser

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: pip install -e '.[dev]'")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COMMANDS = next(iter(parser()._subparsers._group_actions)).choices


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def models(source):
    """Where a code cell makes a model itself: a class derived from a module, or layers of torch.nn."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            found += [f"class {node.name}({name})" for name in map(ast.unparse, node.bases) if name.endswith("Module")]
        elif isinstance(node, ast.Call) and re.match(r"(torch\.)?nn\.", ast.unparse(node.func)):
            found.append(ast.unparse(node.func))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch.nn"):
            found.append(f"from {node.module} import")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "type" and len(node.args) == 3:
            found.append("type(name, bases, dict)")
    return found


def faults(notebook, folder):
    """What must not be in a notebook, in words."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if cell.outputs or cell.execution_count is not None:
                found.append(f"{cell.id} has outputs")
            found += [f"{cell.id} defines {model}" for model in models(cell.source)]
            continue
        links = re.findall(r"\]\((?!https?:)([^)#\s]+)", cell.source)
        found += [f"{cell.id} links to {link}" for link in links if not (folder / link).exists()]
        named = re.findall(r"`bittrue (\w+)", cell.source)
        found += [f"{cell.id} names bittrue {name}" for name in named if name not in COMMANDS]
    return found


def test_there_are_notebooks():
    assert {"dpd_training", "ecg_mitbih"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_valid_and_without_outputs_and_models(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.cells[0].cell_type == "markdown" and notebook.cells[0].source.startswith("# ")
    assert faults(notebook, path.parent) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("class Net(torch.nn.Module):\n    pass", ["class Net(torch.nn.Module)"]),
        ("if True:\n    class Net(nn.Module):\n        pass", ["class Net(nn.Module)"]),
        ("class Net(Module):\n    pass", ["class Net(Module)"]),
        ("net = nn.Sequential(layer)", ["nn.Sequential"]),
        ("net = torch.nn.Linear(2, 2)", ["torch.nn.Linear"]),
        ("from torch.nn import Linear", ["from torch.nn import"]),
        ("Net = type('Net', bases, {})", ["type(name, bases, dict)"]),
        ("def f(net: torch.nn.Module) -> None: ...\nclass Rows(list):\n    pass\ntype(x)", []),
    ],
)
def test_a_model_in_a_cell_is_found(source, found):
    assert models(source) == found


def test_other_faults_are_found(tmp_path):
    v4 = nbformat.v4
    output = v4.new_output("stream", text="1")
    cells = [
        v4.new_code_cell("1", id="a", outputs=[output]),
        v4.new_code_cell("1", id="b", execution_count=3),
        v4.new_markdown_cell("[x](../gone.md#y) [z](https://z.org/q) `bittrue chekc NET` `bittrue check NET`", id="c"),
    ]
    found = faults(v4.new_notebook(cells=cells), tmp_path)
    assert found == ["a has outputs", "b has outputs", "c links to ../gone.md", "c names bittrue chekc"]


@pytest.fixture
def set_up(tmp_path, monkeypatch):
    """Run the setup cell of a notebook with an address; the commands that it starts, and starts not."""
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path)

    def run(address, colab, installed=None, name="dpd_training"):
        (cell,) = (c for c in read(ROOT / "notebooks" / f"{name}.ipynb").cells if c.id == "setup")
        started = []
        monkeypatch.setattr(subprocess, "run", lambda command, check: started.append((command, check)))
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: installed)
        if colab:
            monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
        assert cell.source.count('REPOSITORY = ""') == 1
        exec(cell.source.replace('REPOSITORY = ""', f"REPOSITORY = {address!r}"), {})
        return started

    return run


def test_on_colab_the_setup_cell_clones_and_installs(set_up, tmp_path):
    started = set_up("https://host/bittrue.git", colab=True)
    assert Path.cwd() == tmp_path / "checkout" and all(check for _, check in started)
    clone, package, wheel = (" ".join(command) for command, _ in started)
    assert clone == "git clone --depth 1 https://host/bittrue.git checkout"
    assert package == f"{sys.executable} -m pip install -q ./checkout[train]"
    assert wheel == f"{sys.executable} -m {INSTALL}"


def test_on_colab_the_ecg_notebook_installs_what_it_needs(set_up, tmp_path):
    started = set_up("https://host/bittrue.git", colab=True, name="ecg_mitbih")
    assert Path.cwd() == tmp_path / "checkout" and all(check for _, check in started)
    clone, package = (" ".join(command) for command, _ in started)
    assert clone == "git clone --depth 1 https://host/bittrue.git checkout"
    assert package == f"{sys.executable} -m pip install -q ./checkout[train,sim,ecg,max78002]"


@pytest.mark.parametrize("name", ["dpd_training", "ecg_mitbih", "radio_maps"])
def test_on_colab_the_setup_cell_asks_for_an_address(set_up, name):
    with pytest.raises(ValueError, match="REPOSITORY is empty"):
        set_up("", colab=True, name=name)


@pytest.mark.parametrize("name", ["dpd_training", "ecg_mitbih", "radio_maps"])
@pytest.mark.parametrize(("colab", "installed"), [(False, None), (True, object())])
def test_where_there_is_nothing_to_set_up_the_cell_does_nothing(set_up, colab, installed, name, tmp_path):
    assert set_up("", colab, installed, name) == [] and Path.cwd() == tmp_path


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Run a notebook in the folder of the test, in a kernel of this very interpreter and nothing of the user's."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install -e '.[dev]'")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install -e '.[dev]'")
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpecManager

    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        folder = tmp_path / "jupyter" / name.lower()
        folder.mkdir(parents=True)
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("BITTRUE_NOTEBOOK_REDUCED", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    work = tmp_path / "work"
    work.mkdir()

    def run(notebook):
        # without folders of kernels, "python3" is the ipykernel of sys.executable
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
        assert manager.kernel_spec.argv[0] == sys.executable
        resources = {"metadata": {"path": str(work)}}
        client = nbclient.NotebookClient(notebook, km=manager, timeout=1200, resources=resources)
        client.owns_km = True  # else the kernel, and what it holds in memory, stays until the tests end
        client.execute()
        return work

    return run


def text(notebook, cell):
    """What a cell printed and displayed."""
    (found,) = (c for c in notebook.cells if c.id == cell)
    return "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in found.outputs)


def pictures(notebook):
    return [
        cell.id
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]


PROGRESS = re.compile(r"bittrue: .+: (for .+ now|[0-9,]+ of [0-9,]+, [0-9]+ %(, .+)?)")


def complaints(errors):
    """The lines of standard error that do not only say how far long work is, as they do on a slow machine."""
    return [line for line in errors.splitlines() if line.strip() and not PROGRESS.fullmatch(line)]


@pytest.mark.parametrize(("done", "total"), [(0, 0), (0, 1000), (1, 1000), (999, 1000), (1000, 1000)])
@pytest.mark.parametrize("seconds", [1, 500, 20_000])
def test_progress_is_told_from_a_complaint(done, total, seconds):
    line = Now("building the legs", done, total, time.monotonic() - seconds).line()
    assert complaints(f"bittrue: {line}\n") == []
    wrong = ["bittrue: the taps: 3 of 57 words are given", "UserWarning: for 3 s now", f"{line}, and more"]
    assert complaints("\n".join([*wrong, "", f"bittrue: {line}"])) == wrong


def test_the_training_notebook_runs_from_top_to_bottom(execute):
    pytest.importorskip("torch", reason="training needs PyTorch: pip install -e '.[train]'")
    pytest.importorskip("matplotlib", reason="the pictures need matplotlib: pip install -e '.[sim]'")
    pytest.importorskip("opendpd.core.arena_engine", reason="the Arena's amplifier needs the opendpd wheel")
    notebook = read(ROOT / "notebooks" / "dpd_training.ipynb")
    output = execute(notebook) / "build" / "dpd_training_reduced"

    exported, net = output / "export", output / "net"
    names = {path.suffix for path in exported.iterdir()}
    assert {".mem", ".hex", ".coe", ".json", ".md", ".safetensors"} <= names
    for name in ("net.json", "weights.safetensors"):
        assert (exported / name).read_bytes() == (net / name).read_bytes()
    assert {path.name for path in net.iterdir()} >= {"float.safetensors", "kat.safetensors", "recipe.toml"}

    assert "float -> gan -> gan-qat" in text(notebook, "recipe")
    assert text(notebook, "qat").count("all equal") == 2
    assert "equal: torch, " in text(notebook, "check") and "gave the bits of ref" in text(notebook, "check")
    for row in ("no predistortion", "GMP", "stage 1, float", "both stages, float", "both stages, integer"):
        assert row in "".join(str(cell) for cell in notebook.cells if cell.id == "judge"), row
    assert pictures(notebook) == ["data-pictures", "ilc", "second", "pictures", "pictures", "pictures"]
    errors = [o.text for cell in notebook.cells for o in cell.get("outputs", ()) if o.get("name") == "stderr"]
    assert complaints("".join(errors)) == []


def test_the_ecg_notebook_runs_from_top_to_bottom(execute, monkeypatch, tmp_path):
    pytest.importorskip("torch", reason="training needs PyTorch: pip install -e '.[train]'")
    pytest.importorskip("scipy", reason="the front end needs scipy: pip install -e '.[train]'")
    pytest.importorskip("matplotlib", reason="the pictures need matplotlib: pip install -e '.[sim]'")
    monkeypatch.setenv("BITTRUE_MITDB", str(tmp_path / "nowhere"))
    notebook = read(ROOT / "notebooks" / "ecg_mitbih.ipynb")
    output = execute(notebook) / "build" / "ecg_mitbih_reduced"

    assert {path.name for path in (output / "net").iterdir()} >= {"net.json", "kat.safetensors", "CARD.md"}
    assert {path.name for path in (output / "firmware").iterdir()} >= {"cnn.c", "main.c", "weights.h", "network.yaml"}
    assert "10" in shown(notebook, "policy") and "8, 8, 8" in shown(notebook, "policy")
    verified = text(notebook, "verify")
    assert "batch norm is not folded" in verified and "still has batch norm in conv.0" in verified
    assert "no .bn. keys" in verified and "training quantised all 3 layers" in verified
    bits = text(notebook, "integer")
    assert "hold the same integers" in bits and "PyTorch gives the bits of the reference" in bits
    assert "PASS: the firmware's known-answer test" in (done := text(notebook, "firmware")) or "NOT executed" in done
    assert "gave the bits of ref" in text(notebook, "rtl")
    assert "always N" in shown(notebook, "verdict")
    assert pictures(notebook) == ["beats", "beats", "quantised", "verdict", "examples"]


def test_the_noise_notebook_runs_from_top_to_bottom(execute):
    pytest.importorskip("torch", reason="training needs PyTorch: pip install -e '.[train]'")
    pytest.importorskip("scipy", reason="the measures need scipy: pip install -e '.[noise]'")
    pytest.importorskip("matplotlib", reason="the pictures need matplotlib: pip install -e '.[sim]'")
    notebook = read(ROOT / "notebooks" / "noise_gan.ipynb")
    output = execute(notebook) / "build" / "noise_gan_reduced"

    assert {path.name for path in (output / "mine").iterdir()} >= {
        "source.json",
        "known-signals.safetensors",
        "CARD.md",
    }
    assert "C gives those of the reference" in text(notebook, "legs")
    assert "net, error of H" in shown(notebook, "measure") and "| 0.8 |" in shown(notebook, "measure")
    assert "gave the bits of ref" in text(notebook, "train")
    left_out = "h5py is missing" in text(notebook, "gan")
    assert left_out or (output / "package" / "FIT.md").is_file()
    assert pictures(notebook) == ["listen"]


def test_the_radio_notebook_runs_from_top_to_bottom(execute):
    for package in ("torch", "scipy", "PIL", "matplotlib"):
        pytest.importorskip(package, reason="radio maps need more: pip install -e '.[train,radio]'")
    notebook = read(ROOT / "notebooks" / "radio_maps.ipynb")
    output = execute(notebook) / "build" / "radio_maps_reduced"
    assert (output / "map.png").is_file() and "DIFFERS" not in (legs := text(notebook, "legs"))
    assert "torch gives the levels of the reference" in legs and "c gives the levels of the reference" in legs
    assert "integer net" in shown(notebook, "worth") and "propagation model" in shown(notebook, "worth")
    assert pictures(notebook) == ["inputs", "map"]


def shown(notebook, cell):
    """What a cell displayed as Markdown."""
    (found,) = (c for c in notebook.cells if c.id == cell)
    return "".join(o.get("data", {}).get("text/markdown", "") for o in found.outputs)
