"""Everything that Vivado and the board need of a net, in one folder.

::

    rtl/<module>_shell.v   the net in its AXI shell, small memories' contents included
    rtl/<module>_shell.*.mem   contents of the others, which the Verilog reads
    rtl/hdmi_out.v         the HDMI output, where the overlay has one
    rtl/<module>_shell.sha256  a list of these and their SHA-256
    rtl/overlay.tcl        what the scripts of rtl/vivado must know of it
    registers.h, .md       the register map
    overlay/<stem>.json    the manifest
    overlay/<stem>.npz     the words that write every bank's weights at run time
    overlay/<stem>.weights   those that the hardware reads from memory, where it does
    overlay/<stem>.bit, overlay/<stem>.hwh   put there by Vivado

The folder ``overlay`` is what is copied to the board.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from bittrue.board.manifest import FILES
from bittrue.emit import registers
from bittrue.errors import BadInput, shown
from bittrue.files import made_folder, write_together, write_whole
from bittrue.lower.fold import INTERVAL, MIN_INTERVAL, check_interval, is_pipeline
from bittrue.lower.load import LoadPlan, bank_count
from bittrue.lower.means import MOST, PLAIN, Means
from bittrue.lower.schedule import has_frames
from bittrue.lower.sources import SUMS, Sources, read_sources
from bittrue.lower.stream_shell import built_words, end_layouts, is_framed, shell_latency, stream_bits
from bittrue.lower.streaming import RAMB36, StreamPlan, pace_of, stream_plan
from bittrue.spec import Net
from bittrue.spec.alike import check_alike
from bittrue.spec.store import content_hash
from bittrue.targets.pynq_z1.clock import BUS, fclk
from bittrue.targets.pynq_z1.design import Design
from bittrue.targets.pynq_z1.hwh import hwh
from bittrue.targets.pynq_z1.manifest import Bank, Load, Manifest, file_sha256, samples_of, sha256
from bittrue.targets.pynq_z1.source_manifest import SourceManifest, read_any
from bittrue.targets.pynq_z1.video import HDMI_MODULE

STAND_IN = b"bittrue: stands in for a bitstream; only the simulated board loads it\n"
"""Content of a ``.bit`` that no Vivado has made."""
AnyManifest = TypeVar("AnyManifest", Manifest, SourceManifest)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")


@dataclass(frozen=True)
class OverlayFolder:
    """Where the parts of a written overlay are."""

    folder: Path
    stem: str

    @property
    def settings(self) -> Path:
        """What Vivado's scripts read."""
        return self.folder / "rtl" / "overlay.tcl"

    @property
    def verilog(self) -> Path:
        """The shell, with its memory files and their list beside it."""
        return self.folder / "rtl" / f"{self.stem}_shell.v"

    @property
    def manifest(self) -> Path:
        """The manifest."""
        return self.folder / "overlay" / f"{self.stem}.json"

    @property
    def bit(self) -> Path:
        """The bitstream."""
        return self.manifest.with_suffix(".bit")

    @property
    def hwh(self) -> Path:
        """The hand-off file."""
        return self.manifest.with_suffix(".hwh")

    def sealed(self) -> bool:
        """Whether bitstream and hand-off file are there and are those of the manifest."""
        files = read_any(self.manifest).files
        return all(
            path.is_file() and files[kind] == file_sha256(path) for kind, path in (("bit", self.bit), ("hwh", self.hwh))
        )

    def check_sources(self) -> None:
        """Raise `BadInput` unless Verilog and memory files are those that the manifest was written with."""
        sums = self.verilog.with_suffix(SUMS)
        if file_sha256(sums) != read_any(self.manifest).files["rtl"]:
            raise BadInput(f"{sums} is not that of {self.manifest}; write the overlay again")
        read_sources(self.verilog)

    def seal(self) -> None:
        """Write the hashes of bitstream and hand-off file into the manifest; `BadInput` where one is missing."""
        hashes = {"bit": file_sha256(self.bit), "hwh": file_sha256(self.hwh)}
        self._write_hashes(hashes)

    def clear(self) -> None:
        """Remove bitstream and hand-off file, whole or not, and their hashes."""
        self._write_hashes({"bit": None, "hwh": None})
        self.clear_parts()
        for path in (self.bit, self.hwh):
            path.unlink(missing_ok=True)

    def clear_parts(self) -> None:
        """Remove what a run that ended early was copying."""
        for path in (self.bit, self.hwh):
            path.with_name(f"{path.name}.part").unlink(missing_ok=True)

    def pair(self) -> tuple[tuple[int, int] | None, ...]:
        """What tells bitstream and hand-off file from others of these names: inode and time, or nothing."""
        return tuple(
            (path.stat().st_ino, path.stat().st_mtime_ns) if path.is_file() else None for path in (self.bit, self.hwh)
        )

    def _write_hashes(self, hashes: Mapping[str, str | None]) -> None:
        manifest = read_any(self.manifest)
        write_whole(self.manifest, replace(manifest, files={**manifest.files, **hashes}).to_json(), renew=True)


def write_overlay(
    banks: Mapping[str, Net],
    folder: str | os.PathLike[str],
    *,
    interval: int,
    clock_mhz: float,
    simulated: bool = False,
    hdmi: bool = False,
    bram: int = RAMB36,
    means: Means = PLAIN,
    fixed: bool = False,
) -> OverlayFolder:
    """Write the folder, all of it or nothing.

    A bitstream and hand-off file that are there stay, if they belong to exactly these inputs; else they are removed.

    Parameters
    ----------
    banks : mapping of name to Net
        In the order of their numbers; nets that differ in their codes alone.
    folder : path, made if need be
    interval : int, clocks a sample
    clock_mhz : float
        Frequency of the logic; the next one below that the board can make is taken.
    simulated : bool
        Write also the hand-off file of `bittrue.targets.pynq_z1.hwh` and a ``.bit`` that stands in for a bitstream.
    hdmi : bool
        Let the overlay drive the HDMI connector (`bittrue.targets.pynq_z1.video`).
    bram : int
        RAMB36E1 for the net: weights of frames that do not fit stream from memory (`bittrue.lower.streaming`).
    means : Means
        Of a pipeline, which an interval below `bittrue.lower.fold.MIN_INTERVAL` asks for.
    fixed : bool
        Weights are constants, where the net is a pipeline.

    Raises
    ------
    BadInput
        For banks that are not alike, names that cannot be used, a net or an interval that hardware cannot have, a
        frequency out of range, weights that neither fit nor can stream, a folder that holds the overlay of another net
        or cannot be written.
    """
    check_names(banks)
    check_alike(banks)
    net = next(iter(banks.values()))
    clock = fclk(clock_mhz)
    means = fed(net, interval, clock.mhz, means)
    held = loadable(banks, interval, means, fixed)
    streaming = None if held else streamed(net, interval, bram, pace_of(clock.mhz, BUS.mhz))
    design = Design.of(net, clock, interval, hdmi, means, weights=streaming is not None)
    written = OverlayFolder(Path(folder), design.stem)
    check_free(written, net.name)
    manifest, words = describe(banks, design, interval, means, held, streaming)
    own: dict[str, bytes | str] = {f"overlay/{design.stem}.npz": words}
    if streaming is None:
        sources = _sources(net, interval, held, means)
    else:
        sources = _streamed_sources(net, interval, streaming)
        own[f"overlay/{design.stem}.weights"] = streaming.image
    return write_folder(written, design, manifest, sources, own, simulated)


def write_folder(
    written: OverlayFolder,
    design: Design,
    manifest: AnyManifest,
    sources: Sources,
    own: Mapping[str, bytes | str],
    simulated: bool,
) -> OverlayFolder:
    """Write an overlay's folder, all of it or nothing; ``own`` are its files besides, by path."""
    rtl = _rtl(sources, design)
    manifest = replace(manifest, files={**manifest.files, "rtl": sha256(rtl[f"rtl/{design.module}{SUMS}"].encode())})
    files: dict[str, bytes | str] = {
        **rtl,
        registers.HEADER: registers.c_header(),
        "registers.md": registers.markdown(),
        **own,
    }
    keep = not simulated and _unchanged(written, manifest, files)
    if simulated:
        manifest = _stood_in(files, manifest, design)
    elif keep:
        manifest = replace(manifest, files=read_any(written.manifest).files)
    files[f"overlay/{design.stem}.json"] = manifest.to_json()
    with made_folder(written.folder / "rtl"), made_folder(written.folder / "overlay"):
        write_together(written.folder, files, renew=True)  # the manifest was read to see what belongs together
    if not (simulated or keep):
        written.clear()
    return written


def _stood_in(files: dict[str, bytes | str], manifest: AnyManifest, design: Design) -> AnyManifest:
    """The manifest with what stands in for Vivado's files, which become some of ``files``."""
    text = hwh(design).encode()
    files |= {f"overlay/{design.stem}.bit": STAND_IN, f"overlay/{design.stem}.hwh": text}
    return replace(manifest, files={**manifest.files, "bit": sha256(STAND_IN), "hwh": sha256(text)})


def streamed(net: Net, interval: int, bram: int, pace: float) -> StreamPlan | None:
    """How fixed weights stream; None where they fit ``bram`` RAMB36E1, or the net has no frames. `BadInput` as of
    `stream_plan`."""
    plan = stream_plan(net, interval, bram, pace) if has_frames(net) else None
    return plan if plan is not None and plan.layers else None


def fed(net: Net, interval: int, clock_mhz: float, means: Means) -> Means:
    """``means`` with as many samples a word of the shell's streams as the DMA, a word a clock of its own slower one,
    feeds the net with; fewer where so many do not fit a word. Raises `BadInput` as `Means.check` does."""
    means.check(check_interval(interval), False)
    word = means.held
    while word * BUS.mhz * interval < means.samples * clock_mhz and is_pipeline(interval) and word < MOST:
        try:
            layouts = end_layouts(net, interval, False, wider(means, 2 * word))
            _ = [stream_bits(*end) for end in zip((net.input, net.output), layouts, strict=True)]
        except BadInput:
            break
        word *= 2
    return wider(means, word)


def wider(means: Means, word: int) -> Means:
    """``means`` with so many samples a word of the shell's streams."""
    return replace(means, word=None if word == means.samples else word)


def describe(
    banks: Mapping[str, Net],
    design: Design,
    interval: int,
    means: Means,
    held: tuple[Net, ...],
    streaming: StreamPlan | None = None,
) -> tuple[Manifest, bytes]:
    """The manifest of an overlay without bitstream, and the content of its ``.npz``; ``held`` are the nets in banks."""
    net = next(iter(banks.values()))
    built_words(net, interval, held, means, streaming)  # refuses what the registers have no room for
    plan = LoadPlan(net, interval, bank_count(len(held)), means.dsps, means.luts) if held else None
    layouts = end_layouts(net, interval, bool(held), means)
    arrays: dict[str, np.ndarray] = {}
    for name, bank in banks.items():
        words = plan.words(bank) if plan else (np.zeros(0, np.uint32), np.zeros(0, np.int64))
        arrays[f"{name}_addresses"], arrays[f"{name}_codes"] = words
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    manifest = Manifest(
        net=net.name,
        hash=content_hash(net),
        interval=interval,
        clock_mhz=design.clock.mhz,
        delay=net.delay,
        latency=shell_latency(net, interval, bool(held), means, streaming),
        input=samples_of(net.input, layouts[0], is_framed(layouts)),
        output=samples_of(net.output, layouts[1], is_framed(layouts)),
        banks=tuple(Bank(name, content_hash(bank)) for name, bank in banks.items()),
        bank_count=plan.bank_count if plan else 1,
        load=Load(plan.address_bits, plan.lane_bits, plan.word_bits, plan.data_bits) if plan else None,
        nodes=tuple(node.name for node in net.nodes),
        samples=means.held,
        files={
            **dict.fromkeys(FILES),
            "npz": sha256(buffer.getvalue()),
            "weights": sha256(streaming.image) if streaming else None,
        },
        weights=streaming.image_bytes if streaming else 0,
    )
    return manifest, buffer.getvalue()


def loadable(
    banks: Mapping[str, Net], interval: int = INTERVAL, means: Means = PLAIN, fixed: bool = False
) -> tuple[Net, ...]:
    """The nets whose weights the hardware holds in banks: all; none for one net of frames, whose weights would take
    twice the block RAM then, and for one net that is a pipeline with ``fixed`` weights, or whose means are not enough
    for weights that can be loaded.

    Raises `BadInput` for several such pipelines, and for ``fixed`` weights of what is no pipeline.
    """
    net = next(iter(banks.values()))
    if is_pipeline(interval) and not has_frames(net):
        return _loadable_pipeline(banks, interval, means, fixed)
    if fixed:
        raise BadInput(f"only a pipeline has fixed weights by choice; choose an interval below {MIN_INTERVAL}")
    return tuple(banks.values()) if len(banks) > 1 or not has_frames(net) else ()


def _loadable_pipeline(banks: Mapping[str, Net], interval: int, means: Means, fixed: bool) -> tuple[Net, ...]:
    net = next(iter(banks.values()))
    if fixed and len(banks) > 1:
        raise BadInput(f"{len(banks)} nets are given, and weights that are fixed are those of one; give one net")
    if fixed:
        return ()
    try:
        means.check(interval, True)
        LoadPlan(net, interval, bank_count(len(banks)), means.dsps, means.luts)
    except BadInput:
        if len(banks) > 1:
            raise
        return ()
    return tuple(banks.values())


def check_names(banks: Mapping[str, Net]) -> None:
    """Raise `BadInput` for no banks, or a name that cannot be one."""
    if not banks:
        raise BadInput("no nets are given; name at least one net folder")
    for name in banks:
        if not _NAME.match(name):
            raise BadInput(
                f"bank name {shown(name)} cannot be used; give up to 60 lower-case letters, digits and _, a letter "
                f"first (--names)"
            )


def _sources(net: Net, interval: int, banks: tuple[Net, ...], means: Means) -> Sources:
    """The shell's Verilog and memory files; `BadInput` where none can be generated here."""
    from bittrue.check.legs import require_generator

    require_generator()
    from bittrue_rtl.shell import verilog

    return verilog(net, interval, banks, means)


def _streamed_sources(net: Net, interval: int, streaming: StreamPlan) -> Sources:
    """`_sources` of a shell that reads weights from memory."""
    from bittrue.check.legs import require_generator

    require_generator()
    from bittrue_rtl.streamed_shell import verilog

    return verilog(net, interval, streaming)


def _hdmi() -> dict[str, str]:
    """The HDMI output's Verilog by file name."""
    from bittrue_rtl.hdmi.out import verilog

    return {f"{HDMI_MODULE}.v": verilog().verilog}


def _rtl(sources: Sources, design: Design) -> dict[str, str]:
    """What Vivado's scripts read, by path; the list names the HDMI output's Verilog like the memory files."""
    beside = {**sources.memories, **(_hdmi() if design.video else {})}
    files = replace(sources, memories=beside).listed_files(design.module)
    files |= {"overlay.tcl": design.settings_tcl(list(sources.memories))}
    return {f"rtl/{name}": text for name, text in files.items()}


def check_free(written: OverlayFolder, net: str) -> None:
    """Raise `BadInput` where the folder holds another net's overlay: both would have one ``rtl/overlay.tcl``.

    Names that differ in case, or in - and _, have one stem, so the name is looked up in the manifest.
    """
    for path in sorted((written.folder / "overlay").glob("*.json")):
        try:
            found = read_any(path).net
        except BadInput:  # no manifest, or a damaged one
            continue
        if found != net:
            raise BadInput(
                f"{written.folder} holds the overlay of net {found}, and {net} is another net; give each net a folder "
                f"of its own"
            )


def _unchanged(written: OverlayFolder, manifest: AnyManifest, files: Mapping[str, bytes | str]) -> bool:
    """Whether the folder holds a sealed pair of Vivado's that was made from exactly these inputs."""
    if not (written.manifest.is_file() and written.bit.is_file()):
        return False
    try:
        old = read_any(written.manifest)
        if replace(old, files={**old.files, "bit": None, "hwh": None}) != manifest or not written.sealed():
            return False
    except BadInput:
        return False
    for name, content in files.items():
        path = written.folder / name
        data = content.encode() if isinstance(content, str) else content
        if name.startswith("rtl/") and not (path.is_file() and path.read_bytes() == data):
            return False
    return written.bit.read_bytes() != STAND_IN
