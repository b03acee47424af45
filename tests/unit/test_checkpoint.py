"""Checkpoints: what was written comes back, and nothing else is taken for it."""

import io
import random
import zipfile

import pytest

torch = pytest.importorskip("torch", reason="checkpoints need PyTorch")

from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402

STATE = {"best": {"w": torch.arange(200.0)}, "epoch": 3, "words": "text" * 20}


@pytest.fixture
def path(tmp_path):
    """A checkpoint of version 1."""
    checkpoint.write(tmp_path / "checkpoint" / "state.pt", 1, "recipe", "data", STATE)
    return tmp_path / "checkpoint" / "state.pt"


def refused(path, message):
    with pytest.raises(BadInput, match=message) as error:
        checkpoint.resume(path, 1, "recipe", "data")
    assert str(path) in str(error.value) and "remove it to train anew" in str(error.value)


def test_what_was_written_comes_back(path):
    state = checkpoint.resume(path, 1, "recipe", "data")
    assert torch.equal(state["best"]["w"], STATE["best"]["w"]) and state["epoch"] == 3
    assert checkpoint.resume(path, 1, "recipe") is not None  # before the data is known
    assert checkpoint.resume(path.with_name("none.pt"), 1, "recipe", "data") is None


def test_no_flipped_bit_is_trained_on(path):
    content, draw, taken = path.read_bytes(), random.Random(0), 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            state = checkpoint.resume(path, 1, "recipe", "data")
        except BadInput:
            continue
        taken += 1  # a date, a permission: bits of the archive that mean nothing
        assert torch.equal(state["best"]["w"], STATE["best"]["w"]) and state["words"] == STATE["words"]
    assert taken < 150


@pytest.mark.parametrize("length", [0, 1, 100, -1, -30])
def test_a_torn_file_is_refused(path, length):
    path.write_bytes(path.read_bytes()[:length])
    refused(path, "damaged or of another kind")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "not a training checkpoint of version 1"),
        ({"epoch": 3}, "not a training checkpoint of version 1"),
        ({"version": 2, "recipe": "recipe", "inputs": "data"}, "not a training checkpoint of version 1"),
        ({"version": torch.ones(3), "recipe": "recipe", "inputs": "data"}, "not a training checkpoint of version 1"),
        ({"version": True, "recipe": "recipe", "inputs": "data"}, "not a training checkpoint of version 1"),
        ({"version": 1, "recipe": torch.ones(3), "inputs": "data"}, "written with another recipe"),
        ({"version": 1, "recipe": "recipe", "inputs": None}, "another capture or other data"),
        ({"version": 1, "recipe": "recipe", "inputs": "data", "code": zipfile.Path}, "damaged or of another kind"),
    ],
)
def test_what_others_wrote_is_refused(path, content, message):
    torch.save(content, path)
    refused(path, message)


def test_an_older_kind_of_file_and_a_compressed_one_are_refused(path):
    torch.save(STATE, path, _use_new_zipfile_serialization=False)
    refused(path, "damaged or of another kind")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 10_000)
    refused(path, "compressed")


def nested(path, depth):
    """A checkpoint whose program builds ``depth`` tuples inside each other and takes the outermost for a key."""
    buffer = io.BytesIO()
    torch.save({}, buffer)
    program = b"\x80\x02}" + b")" + b"\x85" * depth + b"K\x01s."
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, program if name.endswith("data.pkl") else old.read(name))


def test_a_nest_of_tuples_does_not_end_the_process(path):
    nested(path, 300_000)
    refused(path, "tuples")
    nested(path, checkpoint.TUPLES - 1)
    refused(path, "not a training checkpoint|damaged")


def test_a_folder_in_the_place_of_the_file_is_refused(path):
    path.unlink()
    path.mkdir()
    with pytest.raises(BadInput, match="a folder"):
        checkpoint.resume(path, 1, "recipe", "data")


def test_a_state_that_lacks_something_is_the_files_fault(path):
    for wrong in (lambda: {}["best"], lambda: torch.ones(2).view(3), lambda: None.shape, lambda: [][0]):
        with pytest.raises(BadInput, match="does not hold what its recipe describes"), checkpoint.fitting(path):
            wrong()
    with pytest.raises(BadInput, match=r"^mine$"), checkpoint.fitting(path):
        raise BadInput("mine")
