"""softmax.c beside floating point: shares of 2^(x / 2^14), compiled for this machine."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")

from nets_for_chips import case

from bittrue.targets.max78002.generate import project

COMPILER = shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    if not COMPILER:
        pytest.skip("no C compiler is installed")
    folder = tmp_path_factory.mktemp("softmax")
    net, device, codes = case("plain")
    files = project(net, codes, device)[1]
    for name in ("softmax.c", "cnn.h"):
        (folder / name).write_text(files[name])
    (folder / "mxc.h").write_text("typedef int mxc_gpio_regs_t;\n")
    options = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover", "-shared"]
    command = [COMPILER, *options, "-fPIC", str(folder / "softmax.c"), "-o", str(folder / "softmax.so")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        command = [part for part in command if "sanitize" not in part]
        subprocess.run(command, check=True, capture_output=True)
    return ctypes.CDLL(str(folder / "softmax.so"))


def shares(library, values, shift=None):
    given = np.array(values, np.int32)
    found = np.zeros(len(given), np.int16)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (given, found)]
    if shift is None:
        library.softmax_q17p14_q15(pointers[0], len(given), pointers[1])
    else:
        library.softmax_shift_q17p14_q15(pointers[0], len(given), ctypes.c_uint8(shift), pointers[1])
    return found


def expected(values):
    powers = np.exp2((np.array(values, float) - max(values)) / (1 << 14))
    return powers / powers.sum()


@pytest.mark.parametrize("values", [[0], [5, 5], [0, 1 << 14], [-(1 << 31), (1 << 31) - 1], [1 << 20, 0, -(1 << 20)]])
def test_corners(library, values):
    found = shares(library, values)
    assert np.abs(found / 32768 - expected(values)).max() < 0.004
    assert found.min() >= 0


def test_random_classes(library):
    rng = np.random.default_rng(1)
    for _ in range(200):
        values = rng.integers(-(1 << 17), 1 << 17, rng.integers(1, 12))
        found = shares(library, values)
        assert np.abs(found / 32768 - expected(values)).max() < 0.004
        assert abs(int(found.astype(int).sum()) - 32768) <= len(values) + 1
        assert found[values.argmax()] == found.max()


def test_narrow_weights_are_shifted_first(library):
    values = [100, -3000, 2222]
    assert np.array_equal(shares(library, values, 4), shares(library, [16 * v for v in values]))
