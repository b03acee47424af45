"""The block design of the overlay, described once: what Vivado's scripts, the hand-off file and the manifest share.

::

    ps7  M_AXI_GP0 --> control (SmartConnect) --> dma S_AXI_LITE, net s_axi_ctrl
    ps7  S_AXI_HP0 <-- memory (SmartConnect) <-- dma M_AXI_MM2S, M_AXI_S2MM
    dma  M_AXIS_MM2S --> to_net (clock converter) --> net s_axis
    net  m_axis --> from_net (clock converter) --> dma S_AXIS_S2MM
    dma  mm2s_introut, s2mm_introut --> interrupts (xlconcat) --> ps7 IRQ_F2P
    ps7  FCLK_CLK0 clocks the net, FCLK_CLK1 everything else; control, to_net and from_net have both
    ps7  FCLK_RESET0_N resets all, through net_reset and bus_reset (proc_sys_reset), one a clock

A reset of the DMA empties both clock converters: its reset outputs are theirs (`bittrue.targets.pynq_z1.wiring`).
rtl/vivado/block_design.tcl builds it; tests/vivado holds what that script does against this description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.lower.means import PLAIN, Means
from bittrue.lower.ports import module_name
from bittrue.lower.schedule import check_hardware
from bittrue.lower.source import SourcePlan
from bittrue.lower.source_shell import source_stream_bits
from bittrue.lower.stream_shell import end_layouts, shell_name, stream_bits
from bittrue.spec import Net
from bittrue.targets.pynq_z1 import video
from bittrue.targets.pynq_z1.clock import BUS, Fclk

PART = "xc7z020clg400-1"
VIVADO = "2024.1"
"""The version that the scripts are written for: that of the board's image 3.1."""

DESIGN = "overlay"
"""Name of the block design in Vivado's project."""
IP, DMA, PS7 = "net", "dma", "ps7"
"""Cells that the driver asks for."""
TO_NET, FROM_NET = "to_net", "from_net"
"""What takes the two streams from one clock to the other."""
SHELL_VLNV = "bittrue:bittrue:net_shell:1.0"
SOURCE_VLNV = "bittrue:bittrue:source_shell:1.0"
VLNV = {
    PS7: "xilinx.com:ip:processing_system7:5.5",
    "net_reset": "xilinx.com:ip:proc_sys_reset:5.0",
    "bus_reset": "xilinx.com:ip:proc_sys_reset:5.0",
    "control": "xilinx.com:ip:smartconnect:1.0",
    "memory": "xilinx.com:ip:smartconnect:1.0",
    DMA: "xilinx.com:ip:axi_dma:7.1",
    "interrupts": "xilinx.com:ip:xlconcat:2.1",
    TO_NET: "xilinx.com:ip:axis_clock_converter:1.1",
    FROM_NET: "xilinx.com:ip:axis_clock_converter:1.1",
    IP: SHELL_VLNV,
}
"""Kind of every cell."""

REGISTER_RANGE = 0x1_0000
ADDRESSES = {DMA: 0x4040_0000, IP: 0x43C0_0000}
"""Where the processor finds the registers; each takes `REGISTER_RANGE` bytes, of which the shell decodes 4 KiB."""
DDR_BASE, DDR_RANGE = 0, 0x2000_0000
"""What the DMA sees of the memory: all 512 MiB."""

STREAM_WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
"""Bits of tdata that an AXI DMA can have."""
_LENGTH_BITS = 26
_AXI_BURST_BYTES = 4096


@dataclass(frozen=True)
class Design:
    """The overlay of one net.

    Parameters
    ----------
    stem : str
        Name of the net's module: that of the files without suffix.
    clock : Fclk
        Of the net; the rest has `bittrue.targets.pynq_z1.clock.BUS`.
    input_bits, output_bits : int
        Width of the shell's ``s_axis_tdata`` and ``m_axis_tdata``, one of `STREAM_WIDTHS`; 0 for the input of a source,
        which has none (`bittrue.targets.pynq_z1.source_wiring`).
    video : bool
        Whether the overlay drives the HDMI connector (`bittrue.targets.pynq_z1.video`).
    weights : bool
        Whether the net reads weights from memory (`bittrue.targets.pynq_z1.weights`).

    Raises
    ------
    BadInput
        For a width that the DMA cannot have.
    """

    stem: str
    clock: Fclk
    input_bits: int
    output_bits: int
    video: bool = False
    weights: bool = False

    def __post_init__(self) -> None:
        for what, bits in (("input", self.input_bits), ("output", self.output_bits)):
            if bits not in STREAM_WIDTHS and not (what == "input" and self.source):
                raise BadInput(
                    f"net {self.stem}: its {what} stream has {bits} bits; the DMA takes {STREAM_WIDTHS[0]} to "
                    f"{STREAM_WIDTHS[-1]} in powers of two, so split the sample"
                )

    @property
    def source(self) -> bool:
        """Whether the shell is a source's: it has no input."""
        return self.input_bits == 0

    @property
    def vlnv(self) -> dict[str, str]:
        """Kind of every cell."""
        kinds = VLNV | ({IP: SOURCE_VLNV} if self.source else {})
        return {cell: kind for cell, kind in kinds.items() if cell != TO_NET or not self.source}

    @classmethod
    def of_source(cls, plan: SourcePlan, clock: Fclk, video: bool = False) -> Design:
        """That of a source's shell; `BadInput` for samples that no stream of the DMA can take."""
        return cls(module_name(plan.source.net), clock, 0, source_stream_bits(plan), video)

    @classmethod
    def of(
        cls,
        net: Net,
        clock: Fclk,
        interval: int | None = None,
        video: bool = False,
        means: Means = PLAIN,
        weights: bool = False,
    ) -> Design:
        """That of a net's shell; `BadInput` for samples or beats that no stream of the DMA can take.

        Frames need the interval, which says how many words a position takes, and pipelines their means: how many
        samples there are in a word.
        """
        try:
            check_hardware(net)
            layouts = end_layouts(net, interval, True, means) if interval else (None, None)
            widths = stream_bits(net.input, layouts[0]), stream_bits(net.output, layouts[1])
        except BadInput as error:
            raise BadInput(f"net {net.name} cannot become an overlay: {error}") from None
        design = cls(module_name(net), clock, *widths, video, weights)
        assert design.module == shell_name(net)
        return design

    @property
    def module(self) -> str:
        """Name of the shell's Verilog module."""
        return f"{self.stem}_shell"

    def dma_config(self) -> dict[str, str]:
        """Parameters of the AXI DMA: direct mode, both directions or one, no realignment, stream widths as the shell's.

        The memory side is as wide as the stream, at least 32 bits. Bursts are as long as AXI lets them be: 4 KiB, at
        most 256 words. Transfers have up to ``2**26 - 1`` bytes.

        Source: AXI DMA product guide (PG021).
        """
        config = {
            "c_include_sg": 0,
            "c_sg_include_stscntrl_strm": 0,
            "c_sg_length_width": _LENGTH_BITS,
            "c_micro_dma": 0,
            "c_single_interface": 0,
            "c_addr_width": 32,
        }
        for name, stream, bits in (
            ("mm2s", "m_axis_mm2s", self.input_bits),
            ("s2mm", "s_axis_s2mm", self.output_bits),
        ):
            width = max(32, bits)
            if not bits:
                config[f"c_include_{name}"] = 0
                continue
            config |= {
                f"c_include_{name}": 1,
                f"c_include_{name}_dre": 0,
                f"c_m_axi_{name}_data_width": width,
                f"c_{stream}_tdata_width": bits,
                f"c_{name}_burst_size": min(256, _AXI_BURST_BYTES * 8 // width),
            }
        return {name: str(value) for name, value in config.items()}

    def converter_config(self, cell: str) -> dict[str, str]:
        """Parameters of a clock converter: clocks without a known phase, TDATA of the shell's width, TKEEP and TLAST.

        Source: AXI4-Stream infrastructure product guide (PG085).
        """
        bits = {TO_NET: self.input_bits, FROM_NET: self.output_bits}[cell]
        config = {"IS_ACLK_ASYNC": 1, "TDATA_NUM_BYTES": bits // 8, "HAS_TKEEP": 1, "HAS_TLAST": 1}
        return {name: str(value) for name, value in config.items()}

    def settings(self) -> dict[str, str]:
        """What the scripts of rtl/vivado must know, as a Tcl dictionary's keys and values."""
        return {
            "stem": self.stem,
            "module": self.module,
            "part": PART,
            "design": DESIGN,
            "vlnv": self.vlnv[IP],
            "clock_mhz": self.clock.asked,
            "bus_mhz": BUS.asked,
            "dma_config": _pairs(self.dma_config()),
            "to_net_config": "" if self.source else _pairs(self.converter_config(TO_NET)),
            "from_net_config": _pairs(self.converter_config(FROM_NET)),
            "dma_base": f"0x{ADDRESSES[DMA]:08X}",
            "net_base": f"0x{ADDRESSES[IP]:08X}",
            "register_range": f"0x{REGISTER_RANGE:08X}",
            "ddr_base": f"0x{DDR_BASE:08X}",
            "ddr_range": f"0x{DDR_RANGE:08X}",
            "source": str(int(self.source)),
            "video": str(int(self.video)),
            "weights": str(int(self.weights)),
            **(_video_settings() if self.video else {}),
        }

    def settings_tcl(self, memories: Sequence[str] = ()) -> str:
        """`settings` and the names of the memory files beside the Verilog as a Tcl file."""
        settings = self.settings() | {"memories": " ".join(memories)}
        lines = [f"    {key:<16} {{{value}}} \\" for key, value in settings.items()]
        return "\n".join(
            [
                "# Written by bittrue overlay: what the scripts of rtl/vivado must know of this net.",
                "set overlay [dict create \\",
                *lines,
                "]",
                "",
            ]
        )


def _video_settings() -> dict[str, str]:
    """What the scripts must know of the video hierarchy."""
    return {
        "hdmi_module": video.HDMI_MODULE,
        "hdmi_vlnv": video.HDMI_VLNV,
        "pixel_mhz": f"{video.PIXEL_MHZ:.3f}",
        "serial_mhz": f"{video.SERIAL_MHZ:.3f}",
        "vdma_config": _pairs(video.VDMA_CONFIG),
        "pixel_clock_config": _pairs(video.CLOCK_CONFIG),
        "intc_config": _pairs(video.INTC_CONFIG),
        "vdma_base": f"0x{video.ADDRESSES[video.VDMA]:08X}",
        "intc_base": f"0x{video.ADDRESSES[video.INTC]:08X}",
    }


def _pairs(config: dict[str, str]) -> str:
    """Names and values as a Tcl list."""
    return " ".join(f"{name} {value}" for name, value in config.items())
