"""The PYNQ-Z1 as pynq sees it: a device whose registers and streams are those of the Verilated shell."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pynq.buffer import PynqBuffer
from pynq.metadata.runtime_metadata_parser import RuntimeMetadataParser
from pynq.pl_server.device import Device
from pynqmetadata.frontends import Metadata

from bittrue.cosim.shell_bench import ShellBench
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.weight_memory import MemoryTiming
from bittrue.errors import BadInput
from bittrue.lower.sources import Sources, read_sources
from bittrue_sim.virtual_board import slcr
from bittrue_sim.virtual_board.axi_dma import AxiDma
from bittrue_sim.virtual_board.axi_intc import AxiIntc
from bittrue_sim.virtual_board.axi_vdma import AxiVdma
from bittrue_sim.virtual_board.faults import WEIGHT_FAULTS, Faults
from bittrue_sim.virtual_board.memory import Block, Memory
from bittrue_sim.virtual_board.screen import Screen

HASH = range(0x008, 0x028)
"""Offsets of the HASH registers."""
HDMI = "hdmi_out.v"
"""The HDMI output among the files beside the shell's Verilog."""
FAULT_BEAT = 50
"""Beats of weights that still come before one with a fault."""
DECODED = 0xFFF
"""Address bits that the shell decodes."""


class VirtualDevice(Device):  # type: ignore[misc]
    """A simulated PYNQ-Z1.

    Parameters
    ----------
    folder : Path
        An overlay folder: ``rtl/<stem>_shell.v`` is what a download of ``<stem>.bit`` configures.
    stalls : Stalls
        Of the core's streams: memory that is late with data (``idle``) or cannot take it (``backpressure``).
    timing : MemoryTiming
        Of the memory that the core reads weights from.

    Attributes
    ----------
    memory : Memory
        The buffers that are allocated.
    faults : Faults
    core : ShellBench or nothing
        The hardware that was downloaded last.
    screen : Screen or nothing
        What hangs at the HDMI connector, where the overlay drives it.
    """

    _probe_priority_ = 40

    @classmethod
    def _probe_(cls) -> list[Device]:
        return []  # it is there when it is installed

    def __init__(self, folder: Path, stalls: Stalls, timing: MemoryTiming) -> None:
        super().__init__("bittrue_virtual_board")
        self.name = "Pynq-Z1, simulated"
        self.arch = "armv7l"
        self.capabilities = {"REGISTER_RW": True}
        self.folder, self._stalls, self._timing = folder, stalls, timing
        self._mapped: tuple[Block, ...] = ()
        self.memory, self.faults = Memory(), Faults()
        self.core: ShellBench | None = None
        self.screen: Screen | None = None
        self._slcr = slcr.Slcr()
        self._regions: list[tuple[int, int, Any]] = [(slcr.BASE, slcr.SIZE, self._slcr)]
        self._stale = False

    # -- the bus -----------------------------------------------------------------------------------------------------

    def read_registers(self, address: int, length: int) -> bytes:
        """Bytes of registers, a word at a time."""
        words = [self._read(address + k) for k in range(0, length, 4)]
        return b"".join(word.to_bytes(4, "little") for word in words)

    def write_registers(self, address: int, data: bytes) -> None:
        """Write registers, a word at a time."""
        given = bytes(data)
        for k in range(0, len(given), 4):
            target, offset = self._find(address + k)
            value = int.from_bytes(given[k : k + 4], "little")
            self._map_memory()
            target.write(offset & DECODED if isinstance(target, ShellBench) else offset, value)

    def _map_memory(self) -> None:
        """Let the core's own port see the buffers that are allocated now, and what is to happen there."""
        core, blocks = self.core, tuple(self.memory.blocks.values())
        fault = next((name for name in self.faults.armed if name in WEIGHT_FAULTS), "")
        if core is None or not core.ports.weights or (blocks == self._mapped and not fault):
            return
        self._mapped = blocks
        regions = [(block.address, block.ddr) for block in blocks]
        kind = WEIGHT_FAULTS[fault][0] if self.faults.take(fault) else ""
        core.memory(regions, self._timing, kind, FAULT_BEAT)

    def _read(self, address: int) -> int:
        target, offset = self._find(address)
        if not isinstance(target, ShellBench):
            return int(target.read(offset))
        value: int = target.read(offset & DECODED)
        return value ^ 0x1 if self._stale and offset & DECODED in HASH else value

    def _find(self, address: int) -> tuple[Any, int]:
        for base, size, target in self._regions:
            if base <= address < base + size:
                return target, address - base
        raise RuntimeError(f"no register answers at {address:#010x}: a board would end the process with a bus fault")

    # -- configuration -----------------------------------------------------------------------------------------------

    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> RuntimeMetadataParser:
        """pynq's own parser on the hardware hand-off file."""
        return RuntimeMetadataParser(Metadata(input=Path(bitfile_name).with_suffix(".hwh")))

    def download(self, bitstream: Any, parser: Any = None) -> None:
        """Configure the FPGA: the shell's Verilog of the same stem starts from its reset, with its weights as built."""
        stem = Path(bitstream.bitfile_name).stem
        source = self.folder / "rtl" / f"{stem}_shell.v"
        if not source.is_file():
            raise BadInput(
                f"the simulated board has no {source} to run for {stem}.bit; install the folder of its overlay"
            )
        if self.core is not None:
            self.core.close()
        if self.screen is not None:
            self.screen.close()
        sources = read_sources(source)
        hdmi = sources.memories.get(HDMI)
        self.screen = Screen(hdmi) if hdmi is not None else None
        plain = {name: text for name, text in sources.memories.items() if name != HDMI}
        self.core = ShellBench(Sources(sources.verilog, plain), f"{stem}_shell", self._stalls)
        self._mapped = ()
        self._stale = self.faults.take("stale-hash")
        self._regions = self._regions[:1]
        for name, cell in parser.ip_dict.items():
            if "phys_addr" in cell:
                self._regions.append((cell["phys_addr"], cell["addr_range"], self._model(name, cell)))
        self.post_download(bitstream, parser, self.name)

    def _model(self, name: str, cell: dict[str, Any]) -> Any:
        kind = str(cell["type"]).rpartition(":")[0]
        if kind == "xilinx.com:ip:axi_dma":
            parameters = {key.lower(): int(value) for key, value in cell["parameters"].items() if str(value).isdigit()}
            widths = parameters.get("c_m_axi_mm2s_data_width", 0), parameters["c_m_axi_s2mm_data_width"]
            assert self.core is not None
            return AxiDma(self.memory, self.core, self.faults, parameters["c_sg_length_width"], widths)
        if kind in ("bittrue:bittrue:net_shell", "bittrue:bittrue:source_shell"):
            return self.core
        if kind == "xilinx.com:ip:axi_vdma" and self.screen is not None:
            parameters = cell["parameters"]
            beat = int(parameters["C_M_AXIS_MM2S_TDATA_WIDTH"]) // 8
            return AxiVdma(self.memory, self.screen.show, int(parameters["C_NUM_FSTORES"]), beat)
        if kind == "xilinx.com:ip:axi_intc":
            return AxiIntc()
        raise BadInput(f"the simulated board has no model of cell {name}, a {cell['type']}")

    def shutdown(self) -> None:
        """Nothing to do: there is no bridge to close."""

    def gen_cache(self, bitstream: Any, parser: Any = None) -> None:
        """Nothing to keep: pynq would write into its own package."""

    # -- memory ------------------------------------------------------------------------------------------------------

    @property
    def default_memory(self) -> VirtualDevice:
        """The board has one memory."""
        return self

    def allocate(
        self,
        shape: Any,
        dtype: npt.DTypeLike,
        cacheable: bool = False,
        pointer: Block | None = None,
        cache: Any = None,
        **_: Any,
    ) -> PynqBuffer:
        """A buffer as `pynq.allocate` returns it; cached ones show a forgotten flush or invalidate.

        ``cache`` is where its block goes instead of being freed, and ``pointer`` one that was there.
        """
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        block = self.memory.allocate(size, bool(cacheable), cache is not None) if pointer is None else pointer
        buffer = PynqBuffer(
            shape,
            dtype,
            buffer=block.host,
            device=self,
            device_address=block.address,
            bo=block,
            coherent=False,
        )
        block.owner = weakref.ref(buffer)
        buffer.memory, buffer.pointer, buffer.return_to = self.memory, block, self.memory if cache is None else cache
        buffer.freed = cache is not None  # of PynqBuffer: nothing is left to unmap
        return buffer

    def flush(self, bo: Block, offset: int, address: int, size: int) -> None:
        """The processor's copy goes to memory."""
        bo.flush(offset, size)

    def invalidate(self, bo: Block, offset: int, address: int, size: int) -> None:
        """Memory's content goes to the processor's copy."""
        bo.invalidate(offset, size)
