"""The generated Makefile, with a stand-in for the vendor's SDK: it takes the variables that the SDK's makefiles take.

What the SDK's own makefiles do with them is not run here: their text is not ours, and the SDK is not at hand.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")
pytest.importorskip("unicorn", reason="unicorn is not installed")

from nets_for_chips import case

from bittrue.targets.max78002.generate import write_project
from bittrue_firmware.chip import CHIPS
from bittrue_firmware.compiling import COMPILER
from bittrue_firmware.elf import read_elf
from bittrue_firmware.project import read_project
from bittrue_firmware.verifying import complaints, machine_for

STUB = Path(__file__).resolve().parents[2] / "firmware" / "max78002" / "stub"
pytestmark = pytest.mark.skipif(
    not (shutil.which(COMPILER) and shutil.which("make")), reason=f"{COMPILER} or make is not installed"
)

LIBRARIES = """\
$(if $(BOARD),,$(error no BOARD))
IPATH += {stub}
VPATH += {stub}
SRCS += sdk.c system.c
"""
RULES = """\
ifeq "$(CMSIS_ROOT)" ""
$(error CMSIS_ROOT must be specified)
endif
BUILD_DIR = $(CURDIR)/build
OBJECTS := $(addprefix $(BUILD_DIR)/,$(notdir $(SRCS:.c=.o)))
.DEFAULT_GOAL :=
.PHONY: all clean
all: $(BUILD_DIR)/$(PROJECT).elf
clean:
\trm -rf $(BUILD_DIR)
FLAGS = -mcpu=cortex-m4 -mthumb -mfloat-abi=$(MFLOAT_ABI) -mfpu=fpv4-sp-d16 -D$(TARGET_UC) -DTARGET=$(TARGET)
$(BUILD_DIR)/%.o: %.c
\t@mkdir -p $(BUILD_DIR)
\tarm-none-eabi-gcc $(FLAGS) $(MXC_OPTIMIZE_CFLAGS) $(PROJ_CFLAGS) $(IPATH:%=-I%) -Werror -c -o $@ $<
$(BUILD_DIR)/$(PROJECT).elf: $(OBJECTS)
\tarm-none-eabi-gcc $(FLAGS) -nostartfiles --specs=nano.specs -T {stub}/stub.ld {sizes} -o $@ $^ -lm
"""


@pytest.fixture
def sdk(tmp_path):
    libraries = tmp_path / "sdk" / "Libraries"
    for chip in CHIPS.values():
        place = libraries / "CMSIS" / "Device" / "Maxim" / chip.name / "Source" / "GCC"
        place.mkdir(parents=True)
        sizes = f"-Wl,--defsym=stub_flash={chip.flash_bytes},--defsym=stub_ram={chip.ram_bytes}"
        (place / f"{chip.name.lower()}.mk").write_text(RULES.format(stub=STUB, sizes=sizes))
    (libraries / "libs.mk").write_text(LIBRARIES.format(stub=STUB))
    return tmp_path / "sdk"


def project(name, folder):
    net, device, codes = case(name)
    write_project(net, codes, device, folder)
    return folder


def make(folder, *arguments):
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAXIM_PATH", "TARGET")}
    command = ["make", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=clean)


def run(folder, target):
    """What is wrong with the firmware that make built, and how many instructions it took."""
    machine, watch = machine_for(read_project(folder), read_elf((folder / "build" / f"{target}.elf").read_bytes()))
    outcome = machine.run()
    return complaints(watch, outcome, machine), outcome.instructions


@pytest.mark.parametrize(("name", "target"), [("plain", "max78002"), ("small", "max78000")])
def test_make_builds_what_passes(name, target, sdk, tmp_path):
    folder = project(name, tmp_path / "p")
    assert make(folder, "-n", f"MAXIM_PATH={sdk}").returncode == 0
    done = make(folder, f"MAXIM_PATH={sdk}")
    assert done.returncode == 0, done.stderr
    assert "arm-none-eabi-size" in done.stdout and " -O2 -Wall -Wextra " in done.stdout
    wrong, plain = run(folder, target)
    assert not wrong, wrong
    settings = (folder / "project.mk").read_text()
    assert "# PROJ_CFLAGS += -DCNN_VERIFY_WEIGHTS" in settings
    (folder / "project.mk").write_text(settings.replace("# PROJ", "PROJ") + f"MAXIM_PATH = {sdk}\n")
    assert make(folder, "clean").returncode == 0 and not (folder / "build").exists()
    assert make(folder).returncode == 0
    wrong, longer = run(folder, target)
    assert not wrong and longer > plain * 1.5


def test_make_says_what_it_needs(tmp_path):
    done = make(project("plain", tmp_path / "p"))
    assert done.returncode == 2 and "Set MAXIM_PATH to the folder of the MaximSDK, in project.mk or" in done.stderr


@pytest.mark.parametrize("name", ["plain", "small", "binary"])
def test_weights_that_are_read_back(name, tmp_path):
    """With CNN_VERIFY_WEIGHTS a kernel word that changes between loading and reading back ends in FAIL."""
    from bittrue_firmware.verifying import verify

    folder = project(name, tmp_path / "p")
    text = (folder / "main.c").read_text()
    (folder / "main.c").write_text(f"#define CNN_VERIFY_WEIGHTS\n{text}")
    assert verify(folder).passed
    first = 0x5140_0000 if name != "small" else 0x5018_0000
    spoilt = f"*(volatile uint8_t *)(0x{first:x} + 1) = 1; " + "".join(
        f"*(volatile uint32_t *)(0x{first:x} + {at}) = 0x55; " for at in (0, 4, 8)
    )
    loaded = "cnn_load_weights();"
    (folder / "main.c").write_text(f"#define CNN_VERIFY_WEIGHTS\n{text.replace(loaded, loaded + spoilt)}")
    verdict = verify(folder)
    assert not verdict.passed and f"Weights differ at address 0x{first:08x}" in verdict.outcome.console
