"""``bittrue overlay``: a net, or several banks of one, as an overlay for the PYNQ-Z1."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue import spec
from bittrue.applications import APPLICATIONS
from bittrue.cli import source_overlay, streaming
from bittrue.cli.parser import (
    Commands,
    Parser,
    add_command,
    add_folder,
    add_interval,
    add_json,
    add_means,
    means_of,
    net_folder,
    print_files,
    print_json,
    remark,
)
from bittrue.cli.source_overlay import Said, warn
from bittrue.cost import XC7Z020, default_interval, resources
from bittrue.errors import BadInput, listed
from bittrue.files import made_folder
from bittrue.spec import Net
from bittrue.spec.store import JSON_FILE
from bittrue.targets.pynq_z1 import vivado
from bittrue.targets.pynq_z1.build import OverlayFolder, write_overlay
from bittrue.targets.pynq_z1.clock import CLOCK_MHZ
from bittrue.targets.pynq_z1.intervals import overlay_interval
from bittrue.targets.pynq_z1.manifest import Manifest

EXAMPLES = (
    "bittrue overlay weights/tdnn-thermal -o build/overlay --simulated",
    "bittrue overlay my-net -o build/overlay --interval 1 --samples-per-clock 2",
    "bittrue overlay cold-net hot-net -o build/overlay --names cold,hot --interval 16 --build",
    "bittrue overlay my-noise-source -o build/overlay --simulated --hdmi",
)


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "write an overlay for the PYNQ-Z1: shell, manifest, and what Vivado needs"
    command = add_command(commands, "overlay", call, does, net=False, examples=EXAMPLES)
    command.add_argument(
        "nets",
        nargs="+",
        type=net_folder,
        metavar="NET",
        help="net folders or names, a weight bank each, in order; or one folder of such folders",
    )
    add_folder(command, "the overlay")
    add_interval(command, frames=True)
    add_means(command)
    command.add_argument(
        "--fixed",
        action="store_true",
        help="make the weights of a pipeline constants, even where DSP48E1 are enough for weights that can be loaded",
    )
    command.add_argument(
        "--clock", type=_mhz, default=CLOCK_MHZ, metavar="MHZ", help=f"clock of the net (default {CLOCK_MHZ:g} MHz)"
    )
    command.add_argument("--names", metavar="A,B,..", help="names of the banks (default: those of the folders)")
    command.add_argument(
        "--hdmi",
        action="store_true",
        help="also drive the HDMI connector of the board: 1280x720, from frames in memory",
    )
    streaming.add_bram(command)
    add_json(command)
    action = command.add_mutually_exclusive_group()
    action.add_argument(
        "--simulated", action="store_true", help="also write what stands in for Vivado's files on the simulated board"
    )
    action.add_argument("--build", action="store_true", help="check Vivado's scripts and run Vivado (hours)")


def call(arguments: argparse.Namespace) -> int:
    """Write the folder, print what is in it, and build it where that is asked for."""
    if arguments.json and arguments.build:
        raise BadInput("--json prints what is written, and --build what Vivado says; call them one after the other")
    if source_overlay.asked(arguments.nets):
        return _finish(arguments, source_overlay.write(arguments))
    banks = named(arguments.nets, arguments.names)
    net = next(iter(banks.values()))
    means = means_of(arguments, net)
    arguments.bram = streaming.bram_of(arguments, net, len(banks))
    chosen = overlay_interval(net, arguments.clock, arguments.bram) if len(banks) == 1 else default_interval(net)
    with made_folder(arguments.output):  # refused before the work, not after it
        written = write_overlay(
            banks,
            arguments.output,
            interval=arguments.interval or chosen,
            clock_mhz=arguments.clock,
            simulated=arguments.simulated,
            hdmi=arguments.hdmi,
            bram=arguments.bram,
            means=means,
            fixed=arguments.fixed,
        )
    manifest = Manifest.read(written.manifest)
    arguments.clock = manifest.clock_mhz  # what the board makes of it, by which the plan was made
    plan = streaming.planned(net, manifest.interval, arguments)[0] if manifest.weights else None
    held = len(banks) if manifest.load else 0
    if plan:
        used = streaming.taken(net, manifest.interval, plan, shell=True)
    else:
        used = resources(net, manifest.interval, held, shell=True, **means.options)
    warn(used)
    mhz, interval = manifest.clock_mhz, manifest.interval
    if manifest.load:
        lines = [f"net {manifest.net}, {len(banks)} of {manifest.bank_count} banks given: {', '.join(banks)}"]
    else:
        lines = [f"net {manifest.net}, fixed weights"]
    if plan is not None:
        lines.append(
            f"weights of {', '.join(plan.names)} from memory: {plan.bytes_a_frame:,} bytes a frame, "
            f"{streaming.percent(plan)} of the port"
        )
    frame = manifest.input.frame is not None
    rate = f"{mhz / interval * 1e6:.6g} frames/s" if frame else f"{means.samples * mhz / interval:.6g} MS/s"
    one = "a frame" if frame else "a sample" if means.samples == 1 else f"{means.samples} samples"
    pace = "clock" if interval == 1 else f"{interval} clocks"
    lines.append(f"clock {mhz:.6g} MHz, {one} every {pace}: {rate} if met")
    numbers = {
        "net": manifest.net,
        "banks": list(banks),
        "bank_count": manifest.bank_count,
        "clock_mhz": mhz,
        "interval": interval,
        "samples_per_clock": means.samples,
        "samples_per_word": manifest.samples,
        "fits_xc7z020": used.fits(XC7Z020),
        "streaming": streaming.document(net, interval, arguments) if plan else None,
    }
    return _finish(arguments, Said(written, numbers, lines))


def _finish(arguments: argparse.Namespace, said: Said) -> int:
    """Print what was written, and build it where that is asked for."""
    written = said.written
    files = sorted(path for part in ("rtl", "overlay") for path in (written.folder / part).iterdir())
    if arguments.json:
        print_json({**said.numbers, "files": [str(path) for path in files]})
    else:
        for line in said.lines:
            print(line)
        print_files(files)
    return _build(written) if arguments.build else 0


def _build(written: OverlayFolder) -> int:
    """Check the scripts, run Vivado: 0 done, 1 failed; `BadInput` where there is no Vivado."""
    checked = vivado.check(written)
    if checked is None:
        remark("tclsh is missing, so Vivado's scripts were not checked; install the Debian package tcl")
    elif checked.error:
        remark(f"Vivado's scripts do not pass the strict mock: {checked.error}")
        return 1
    else:
        print(f"Vivado's scripts pass the strict mock: {len(checked.record['cells'])} cells")
    failed = vivado.build(written)
    if failed:
        remark(failed)
        return 1
    print(f"{written.bit}\n{written.hwh}")
    return 0


def named(paths: list[str], names: str | None) -> dict[str, Net]:
    """The nets by bank name, in order; ``paths`` may be one folder that holds net folders.

    Raises `BadInput` for names that are not as many as the nets, or not different.
    """
    folders = [Path(path) for path in paths]
    if len(folders) == 1 and folders[0].is_dir() and not (folders[0] / JSON_FILE).is_file():
        folders = _banks_of(folders[0])
    keys = [folder.resolve().name.replace("-", "_").lower() for folder in folders]
    keys = names.split(",") if names is not None else keys
    if len(keys) != len(folders):
        raise BadInput(f"{len(keys)} names are given for {len(folders)} nets; give as many with --names")
    if len(set(keys)) != len(keys):
        raise BadInput(
            f"the banks' names {listed(keys)} are not different (folders' capitals become small, and - becomes _); "
            f"give others with --names"
        )
    return {key: spec.load(folder) for key, folder in zip(keys, folders, strict=True)}


def _banks_of(folder: Path) -> list[Path]:
    """The net folders in a folder: banks of an application in the order of their select codes, others by name."""
    found = sorted(path for path in folder.iterdir() if (path / JSON_FILE).is_file())
    for application in APPLICATIONS.values():
        if {path.name for path in found} == set(application.banks):
            found = [folder / bank for bank in application.banks]
    if not found:
        raise BadInput(f"{folder} holds no {JSON_FILE} and no folders with one; name a net folder")
    return found


def _mhz(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a frequency in MHz")
    return number
