"""The demo's frames, where they go, and the notebook that shows them."""

import json
import re
import subprocess
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy_board
import pytest
from numpy_board import ROOT, NumpyBoard, opened, said

from bittrue.board.demo import hdmi, showing, texts, window
from bittrue.board.demo.closed_loop import ClosedLoop
from bittrue.board.demo.frame import TOP, Painter
from bittrue.board.demo.look import SIZE, WITH, WITHOUT
from bittrue.board.demo.picture_file import PictureFile
from bittrue.board.demo.view import Settings

Image = pytest.importorskip("PIL.Image", reason="the frames need Pillow: pip install pillow")


@pytest.fixture
def loaded():
    return numpy_board.loaded()


@pytest.fixture
def folder():
    return numpy_board.overlay()


@pytest.fixture
def board():
    return NumpyBoard(numpy_board.nets())


@pytest.fixture
def views(loaded, board):
    loop = ClosedLoop(loaded, board, said(loaded))
    return [loop.step(s) for s in (Settings(False, "normal", 0.0, "off"), Settings(True, "hot", 60.0, "on"))]


def count(frame, colour):
    return int((np.asarray(frame) == np.array(colour, np.uint8)).all(-1).sum())


def test_a_frame_shows_what_is_on(loaded, views):
    painter = Painter(loaded.channel, TOP, said(loaded))
    off, on = (painter.paint(view) for view in views)
    assert off.size == SIZE and off.mode == "RGB"
    plots = 24, 160, 1256, 465
    assert count(off.crop(plots), WITHOUT) > 1000 and count(on.crop(plots), WITHOUT) > 1000
    assert count(off.crop(plots), WITH) == 0 and count(on.crop(plots), WITH) > 500
    assert np.array_equal(painter.paint(views[0]), off)  # the ground stays clean


def test_hdmi_gets_rgb_frames_and_is_switched_off(monkeypatch, views, loaded):
    log = []
    out = SimpleNamespace(
        configure=lambda mode, pixels: log.append((mode, pixels)),
        start=lambda: log.append("start"),
        newframe=lambda: np.zeros((SIZE[1], SIZE[0], 3), np.uint8),
        writeframe=log.append,
        close=lambda: log.append("close"),
    )
    video = types.ModuleType("pynq.lib.video")
    video.VideoMode, video.PIXEL_RGB = (lambda *size: size), "RGB"
    for name, module in (("pynq", types.ModuleType("pynq")), ("pynq.lib", types.ModuleType("lib"))):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "pynq.lib.video", video)
    overlay = SimpleNamespace(hierarchy_dict={"video": {}}, video=SimpleNamespace(hdmi_out=out))
    frame = Painter(loaded.channel, TOP, said(loaded)).paint(views[1])
    with pytest.raises(KeyError), showing.shown("auto", None, overlay) as sinks:
        assert showing.live(sinks) and showing.titles(sinks) == "HDMI, 1280x720"
        sinks[0].show(frame)
        raise KeyError
    assert log[:2] == [((1280, 720, 24), "RGB"), "start"] and log[3] == "close"
    assert np.array_equal(log[2], np.asarray(frame))


def test_a_window_shows_frames_and_gives_its_keys(monkeypatch, loaded, views):
    log, bound = [], {}

    class Tk:
        def title(self, text):
            log.append(text)

        def bind(self, event, call):
            bound[event] = call

        protocol = bind

        def update(self):
            log.append("update")

        def destroy(self):
            log.append("destroy")

    tkinter = types.ModuleType("tkinter")
    tkinter.Tk, tkinter.TclError = Tk, RuntimeError
    tkinter.Label = lambda *_, **__: SimpleNamespace(pack=lambda: None, configure=lambda image: log.append(image.size))
    image_tk = types.ModuleType("PIL.ImageTk")
    image_tk.PhotoImage = lambda frame, master: frame
    monkeypatch.setitem(sys.modules, "tkinter", tkinter)
    monkeypatch.setitem(sys.modules, "PIL.ImageTk", image_tk)
    monkeypatch.setattr("PIL.ImageTk", image_tk, raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not window.possible()
    monkeypatch.setenv("DISPLAY", ":0")
    with showing.shown("auto", None, SimpleNamespace()) as sinks:
        assert showing.live(sinks) and showing.titles(sinks) == "window"
        sinks[0].show(Painter(loaded.channel, TOP, said(loaded)).paint(views[1]))
        bound["<Key>"](SimpleNamespace(char="b"))
        bound["WM_DELETE_WINDOW"]()
        assert sinks[0].keys() == "bq" and sinks[0].keys() == ""
    assert log == ["destroy", "bittrue demo", SIZE, "update", "destroy"]


def test_a_device_is_called_by_its_board_where_it_is_one(monkeypatch):
    pynq = types.ModuleType("pynq")
    monkeypatch.setitem(sys.modules, "pynq", pynq)
    monkeypatch.setenv("BOARD", "Pynq-Z1")
    for device, name in (
        (SimpleNamespace(tag="embedded_xrt0"), "Pynq-Z1"),
        (SimpleNamespace(tag="x", name="Pynq-Z1, simulated"), "Pynq-Z1, simulated"),
    ):
        pynq.Device = SimpleNamespace(active_device=device)
        assert texts.device_name() == name
    monkeypatch.delenv("BOARD")
    pynq.Device = SimpleNamespace(active_device=SimpleNamespace(tag="embedded_xrt0"))
    assert texts.device_name() == "embedded_xrt0"


def test_only_a_video_hierarchy_with_an_output_is_one():
    assert hdmi.output_of(SimpleNamespace()) is None
    assert hdmi.output_of(SimpleNamespace(hierarchy_dict={"video": {}}, video=SimpleNamespace())) is None


def test_a_gif_keeps_its_first_frames_and_the_last(tmp_path):
    sink = showing.PictureFile(tmp_path / "x.gif")
    for k in range(50):
        sink.show(Image.new("RGB", (8, 8), (5 * k, 0, 0)))
    assert len(sink.frames) == 40 and sink.frames[-1].getpixel((0, 0)) == (245, 0, 0)
    assert sink.frames[38].getpixel((0, 0)) == (190, 0, 0)
    sink.close()
    assert [path.name for path in sink.written] == ["x.png", "x.gif"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.gif", "x.png"]


def test_the_notes_say_what_is_a_model_and_how_much_slower_time_runs(loaded):
    notes = " ".join(said(loaded).notes)
    assert "a model (memory polynomial of 234 terms" in notes and "drift with temperature is simulated" in notes
    assert "12.5 MS/s" in notes and "983.04 MS/s: time runs 78.6 times slower" in notes


def test_the_notebook_does_the_same(folder, board, monkeypatch, capsys):
    display = pytest.importorskip("IPython.display", reason="the notebook needs IPython: pip install ipython")
    notebook = json.loads((ROOT / "notebooks" / "pynq_demo.ipynb").read_text(encoding="utf-8"))
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setenv("BITTRUE_OVERLAY", str(folder / "net_shell.bit"))
    monkeypatch.setenv("BITTRUE_NOTEBOOK_REDUCED", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    shown, board.predistort, board.counters = [], lambda iq: iq, dict
    monkeypatch.setattr(display, "display", shown.append)
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with opened(monkeypatch, board):
        names = {}
        for cell in cells:
            exec(cell, names)
    printed = capsys.readouterr().out
    assert len(shown) == 5 and all(frame.size == SIZE for frame in shown)
    assert board.closed and "NumPy stand-in | tdnn-thermal | banks cold, normal, hot" in printed
    assert printed.splitlines()[-1] == (
        "100,870 samples, 201,740 output codes compared with the reference: 0 mismatches"
    )
    assert board.seen[-1] == ("hot", False) and board.resets == 3


def test_the_docs_show_and_say_what_make_demo_makes():
    wanted = subprocess.run(["make", "-n", "demo"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    said = re.search(r"overlay \S+/(\S+) .*--interval (\d+) --clock (\d+)", wanted)
    assert said
    net, interval, clock = said[1], int(said[2]), int(said[3])
    rate = f"{clock / interval:g} MS/s"
    with Image.open(ROOT / "docs" / "images" / "pynq_demo.png") as picture:
        said = picture.text["Description"]
    assert f"Net {net}, 3 banks of weights, {clock} MHz and {interval} clocks a sample: {rate}." in said
    page = " ".join((ROOT / "docs" / "pynq.md").read_text(encoding="utf-8").split())
    assert (
        f"net `{net}`, test split of APA_200MHz_b, simulated board, {clock} MHz and {interval} clocks a sample" in page
    )
    assert f"at {clock} MHz and {interval} clocks a sample the net takes {rate}" in page
    assert set(re.findall(r"[\d.]+ MS/s", page)) == {rate, "983.04 MS/s"}


def test_a_png_says_what_it_shows(loaded, views, tmp_path):
    sink = PictureFile(tmp_path / "x.gif")
    sink.show(Painter(loaded.channel, TOP, said(loaded)).paint(views[1]))
    sink.close()
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.text["Description"].splitlines() == [said(loaded).title, "a stand-in", *said(loaded).notes]


def test_a_picture_follows_a_link_and_does_not_replace_a_device(loaded, views, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "x.png").symlink_to(tmp_path / "elsewhere" / "y.png")
    frame = Painter(loaded.channel, TOP, said(loaded)).paint(views[1])
    for path in (tmp_path / "x.png", "/dev/null"):
        sink = PictureFile(path)
        sink.show(frame)
        sink.close()
    assert (tmp_path / "x.png").is_symlink() and Path("/dev/null").is_char_device()
    with Image.open(tmp_path / "elsewhere" / "y.png") as picture:
        assert picture.size == SIZE
