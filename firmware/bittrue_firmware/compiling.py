"""The C of a project folder, compiled against the stub SDK."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bittrue.errors import BadInput
from bittrue_firmware.chip import Chip

COMPILER = "arm-none-eabi-gcc"
INSTALL = "install it, on Debian: apt install gcc-arm-none-eabi libnewlib-arm-none-eabi"
_HERE = Path(__file__).parent
STUBS = (_HERE / "stub", _HERE.parent / "max78002" / "stub")
"""Where the stub SDK lies: in an installed package, and in the source tree."""

_FLAGS = (
    *("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "-std=gnu11", "-O2", "-Wall", "-Wextra"),
    *("-ffunction-sections", "-fdata-sections", "-nostartfiles", "--specs=nano.specs", "-u", "_printf_float"),
    "-Wl,--gc-sections",
)


def compile_project(folder: Path, chip: Chip) -> tuple[bytes, str]:
    """The ELF file of all C files of a folder, and what the compiler warned of.

    Raises `BadInput` where the compiler or the C files are missing, or the program does not compile or does not fit
    the chip's memories.
    """
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise BadInput(f"{COMPILER} was not found; {INSTALL}")
    sources = sorted(folder.glob("*.c"))
    for path in (*sources, *folder.glob("*.h")):
        if path.exists() and not path.is_file():
            raise BadInput(f"{path} is no plain file, and a compiler may wait for it without end; remove it")
    if not sources:
        raise BadInput(f"{folder} holds no C files; name a folder that bittrue max78002 generate wrote")
    stub = next((path for path in STUBS if path.is_dir()), None)
    if stub is None:
        raise BadInput(f"the stub SDK is in neither {' nor '.join(map(str, STUBS))}; install bittrue again")
    with tempfile.TemporaryDirectory(prefix="bittrue-firmware-") as work:
        target = Path(work) / "firmware.elf"
        command = [compiler, *_FLAGS, f"-DTARGET={chip.name}", f"-D{chip.name}", f"-I{folder}", f"-I{stub}"]
        command += [f"-Wl,--defsym=stub_flash={chip.flash_bytes},--defsym=stub_ram={chip.ram_bytes}"]
        command += ["-T", str(stub / "stub.ld"), *map(str, sources), *map(str, sorted(stub.glob("*.c")))]
        command += ["-o", str(target), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
        if done.returncode:
            raise BadInput(f"{folder} does not compile: {_first_error(done.stderr)}")
        return target.read_bytes(), done.stderr


def _first_error(text: str) -> str:
    """The line that says most: an error, else what the linker says itself; not that some program failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line or "overflowed" in line or "undefined reference" in line]
    errors = [line for line in errors if not line.startswith("collect2:")]
    linker = [line.partition("bin/ld: ")[2] for line in lines if "bin/ld: " in line]
    return (errors or linker or lines or ["the compiler says nothing"])[0][:400]
