"""The AXI shell around a net: its name, its streams, and what its registers hold from the start."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.errors import BadInput
from bittrue.lower.layout import WHOLE, Layout
from bittrue.lower.ports import module_name, port_bits
from bittrue.lower.registers import ADDRESS_BITS, BY_NAME, MOST_BANKS, MOST_NODES, hash_words
from bittrue.lower.schedule import is_streamed, schedule
from bittrue.spec import Net, TensorType
from bittrue.spec.store import content_hash

STAGES = 2
"""Clocks that the shell adds to the net's latency: a register stage on s_axis and one on m_axis."""
WIDEST = 1024
"""Most bits of tdata that the DMA takes."""

Port = tuple[str, int]
"""Direction (``"input"`` or ``"output"``) and width in bits."""


def shell_name(net: Net) -> str:
    """Name of the Verilog module of the net's shell."""
    return f"{module_name(net)}_shell"


def stream_bits(tensor: TensorType) -> int:
    """Width of tdata: one sample a transfer, its containers rounded up to 8, 16, 32, .. 1024 bits.

    Raises `BadInput` for a sample that is wider, and for frames, which take several transfers.
    """
    if len(tensor.shape) > 1:
        raise BadInput(
            f"a sample {tensor} is a frame; the shell takes vectors, so use the plain module (bittrue verilog)"
        )
    exact = port_bits(Layout.whole(tensor.shape), tensor.format)
    bits = max(8, 1 << (exact - 1).bit_length())
    if bits > WIDEST:
        raise BadInput(
            f"a sample {tensor} takes {exact} bits of a stream; the DMA's streams have at most {WIDEST}, "
            f"so give the net fewer inputs and outputs or narrower ones"
        )
    return bits


def shell_latency(net: Net, interval: int) -> int:
    """Clocks from a sample taken on s_axis to its result offered on m_axis, nothing stalling."""
    return schedule(net, interval).steps[net.last].arrival + STAGES


def can_bypass(net: Net) -> bool:
    """Whether input samples fit in the place of output samples: one type on both sides."""
    return net.input == net.output


def bank_count(given: int) -> int:
    """Banks of the hardware for ``given`` nets: a power of two from 2 on, or 1, fixed weights, where none is given.

    Raises `BadInput` for more than the registers have room for.
    """
    if given > MOST_BANKS:
        raise BadInput(f"{given} banks are given; a shell has at most {MOST_BANKS}, so leave some out")
    return max(2, 1 << (given - 1).bit_length()) if given else 1


def shell_ports(net: Net) -> dict[str, Port]:
    """Direction and width of every port of the shell by its name."""
    ports: dict[str, Port] = {"aclk": ("input", 1), "aresetn": ("input", 1)}
    for channel in ("aw", "ar"):
        ports |= {f"s_axi_ctrl_{channel}{name}": port for name, port in _ADDRESS.items()}
    ports |= {f"s_axi_ctrl_{name}": port for name, port in _DATA.items()}
    for name, tensor, there, back in (
        ("s_axis", net.input, "input", "output"),
        ("m_axis", net.output, "output", "input"),
    ):
        bits = stream_bits(tensor)
        ports |= {f"{name}_tdata": (there, bits), f"{name}_tkeep": (there, bits // 8)}
        ports |= {f"{name}_tlast": (there, 1), f"{name}_tvalid": (there, 1), f"{name}_tready": (back, 1)}
    return ports


_ADDRESS: dict[str, Port] = {
    "addr": ("input", ADDRESS_BITS),
    "prot": ("input", 3),
    "valid": ("input", 1),
    "ready": ("output", 1),
}
_DATA: dict[str, Port] = {
    "wdata": ("input", 32),
    "wstrb": ("input", 4),
    "wvalid": ("input", 1),
    "wready": ("output", 1),
    "bresp": ("output", 2),
    "bvalid": ("output", 1),
    "bready": ("input", 1),
    "rdata": ("output", 32),
    "rresp": ("output", 2),
    "rvalid": ("output", 1),
    "rready": ("input", 1),
}


def built_words(net: Net, interval: int, banks: Sequence[Net]) -> dict[str, tuple[int, ...]]:
    """Words that registers hold because the hardware was built so, by register name: ``BANK_HASH`` has several.

    Parameters
    ----------
    net : Net
    interval : int
        Clocks a sample.
    banks : sequence of Net
        In the order of their numbers; none for fixed weights.

    Raises
    ------
    BadInput
        For a net, an interval or a number of banks that the registers have no room for.
    """
    if not banks and is_streamed(net, interval):
        raise BadInput(
            f"net {net.name} has a vector of more than {WHOLE} elements, which travels in several beats where a sample "
            f"has {interval} clocks; the shell takes vectors whole, so choose an interval below {WHOLE}, or give banks"
        )
    count, clocks = bank_count(len(banks)), shell_latency(net, interval)
    limits = (
        ("nodes", len(net.nodes), MOST_NODES),
        ("samples of delay", net.delay, (1 << 12) - 1),
        ("clocks of latency", clocks, (1 << 20) - 1),
    )
    for what, value, most in limits:
        if value > most:
            raise BadInput(
                f"net {net.name} has {value} {what}; a shell's registers have room for {most}, use a smaller net"
            )
    first = content_hash(banks[0] if banks else net)
    hashes = [content_hash(bank) for bank in banks] or [first]
    words: dict[str, tuple[int, ...]] = {f"HASH{k}": (word,) for k, word in enumerate(hash_words(first))}
    for name, tensor in (("FORMAT_IN", net.input), ("FORMAT_OUT", net.output)):
        fmt = tensor.format
        word = BY_NAME[name].encode(bits=fmt.bits, frac=fmt.frac, elements=port_elements(tensor))
        words[name] = (word,)
    words["SHAPE"] = (BY_NAME["SHAPE"].encode(interval=interval, banks=count),)
    words["DELAY"] = (BY_NAME["DELAY"].encode(samples=net.delay, clocks=clocks),)
    hashes += [first] * (count - len(hashes))
    words["BANK_HASH"] = tuple(word for digest in hashes for word in hash_words(digest))
    return words


def port_elements(tensor: TensorType) -> int:
    """Elements of one sample."""
    (elements,) = tensor.shape
    return elements
