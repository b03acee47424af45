"""The shell completes commands, options, nets and files."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from bittrue.cli import main
from bittrue.cli.completion import SHELLS

pytest.importorskip("shtab", reason="completion is written by shtab: pip install -e '.'")


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The script of bash."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["completion", "bash"]) == 0
    path = tmp_path_factory.mktemp("bash") / "bittrue"
    path.write_text(out.getvalue())
    return path


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script(shell, capsys):
    assert main(["completion", shell]) == 0
    out = capsys.readouterr().out
    assert "max78002" in out and "stalls" in out


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["bittrue", "ver"], "verilog"),
        (["bittrue", "check", "--sta"], "--stalls"),
        (["bittrue", "info", "tdnn-w"], "tdnn-wide"),
        (["bittrue", "run", "--leg", "rt"], "rtl"),
    ],
)
def test_bash_completes(script, words, answer):
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    setting = " ".join(f"'{word}'" for word in words)
    code = f"source {script}; COMP_WORDS=({setting}); COMP_CWORD={len(words) - 1}; _shtab_bittrue 2>/dev/null"
    code += '; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=False)
    assert answer in done.stdout.split(), done.stderr
