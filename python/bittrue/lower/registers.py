"""The registers of the AXI shell, declared once.

The gateware (`bittrue_rtl.registers`), the page docs/registers.md, the C header and the map of the Python driver
(`bittrue.board.registers`) are all made from `REGISTERS`. A register is 32 bits wide and stands at a multiple of 4.
"""

from __future__ import annotations

from dataclasses import dataclass

ADDRESS_BITS = 12
"""Address bits that the shell decodes: 4 KiB."""
MOST_BANKS = 16
"""Banks of a shell: as many busy bits, and as many rows of the hash window."""
HASH_WORDS = 8
"""32-bit words of a content hash, the first eight hexadecimal digits in word 0."""
MOST_NODES = 32
"""Nodes of a shell's net: as many saturation flags."""
MOST_PARAMETERS = 16
"""Parameters of a source: as many words."""

MAGIC = 0x42545255
"""``ID``: "BTRU" in ASCII, "B" in the most significant byte."""
LONG_INTERVAL = (1 << 24) - 1
"""What SHAPE.interval says of intervals that only INTERVAL tells."""
MAJOR, MINOR = 1, 2
"""``VERSION``: a driver refuses another major number; a higher minor one only adds registers."""

ACCESS = {
    "ro": "read only; writing does nothing",
    "rw": "read and written by the host; reads as written",
    "w1c": "a sticky flag: set by the hardware, cleared by writing 1",
    "count": "read and written by the host, and counted up by the hardware",
    "pulse": "writing 1 does something once; reads as 0",
}
"""What the host may do with a field."""


@dataclass(frozen=True)
class Field:
    """Neighbouring bits of a register.

    Parameters
    ----------
    name : str
        Lower case; with the register's name the name of a signal of the gateware.
    low, bits : int
        Lowest bit and number of bits.
    access : str
        A key of `ACCESS`.
    about : str
        One phrase.
    reset : int or None
        Value after ``aresetn``; ``None`` where it was fixed when the hardware was built, or where memory keeps it.
    signed : bool
        Two's complement.
    """

    name: str
    low: int
    bits: int
    access: str
    about: str
    reset: int | None = 0
    signed: bool = False

    @property
    def mask(self) -> int:
        """The field's bits of the register."""
        return ((1 << self.bits) - 1) << self.low

    def decode(self, word: int) -> int:
        """Value of the field in a register word."""
        value = (word & self.mask) >> self.low
        return value - (1 << self.bits) if self.signed and value >> (self.bits - 1) else value

    def encode(self, value: int) -> int:
        """The field's part of a register word; bits that do not fit are lost."""
        return (value << self.low) & self.mask


@dataclass(frozen=True)
class Register:
    """One register, or ``words`` of them in a row.

    Parameters
    ----------
    name : str
        Upper case.
    offset : int
        In bytes from the base of the shell.
    about : str
        What it is for, in sentences.
    fields : tuple of Field
        From the lowest bit up; bits between them read as 0.
    words : int
        How many of the same kind stand side by side.
    soft : bool
        ``CONTROL.reset`` brings it back to its reset value, as ``aresetn`` does.
    effect : bool
        A write does more than to store: the gateware gives a strobe with it.
    """

    name: str
    offset: int
    about: str
    fields: tuple[Field, ...]
    words: int = 1
    soft: bool = False
    effect: bool = False

    @property
    def reset(self) -> int | None:
        """Word after ``aresetn``; ``None`` where a field has none."""
        found = 0
        for field in self.fields:
            if field.reset is None:
                return None
            found |= field.encode(field.reset)
        return found

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(field for field in self.fields if field.name == name)

    def decode(self, word: int) -> dict[str, int]:
        """Values of all fields in a word."""
        return {field.name: field.decode(word) for field in self.fields}

    def encode(self, **values: int) -> int:
        """The word with these fields and zeros in the others."""
        return sum(self.field(name).encode(value) for name, value in values.items())


def _word(access: str, about: str, reset: int | None = 0) -> tuple[Field, ...]:
    return (Field("value", 0, 32, access, about, reset),)


def _format(what: str) -> tuple[Field, ...]:
    return (
        Field("bits", 0, 8, "ro", f"bits of an element of the {what}, sign included", None),
        Field("frac", 8, 8, "ro", "fractional bits of it", None, signed=True),
        Field("elements", 16, 16, "ro", "elements of a word: of a sample, or of a beat of a frame", None),
    )


REGISTERS = (
    Register("ID", 0x000, "Tells a bittrue shell from anything else.", _word("ro", '"BTRU"', MAGIC)),
    Register(
        "VERSION",
        0x004,
        "Version of this map. A driver refuses another major number; a higher minor number only adds registers.",
        (Field("minor", 0, 16, "ro", "minor number", MINOR), Field("major", 16, 16, "ro", "major number", MAJOR)),
    ),
    *(
        Register(
            f"HASH{k}",
            0x008 + 4 * k,
            "Content hash (SHA-256) of the net that the hardware was built for, bank 0 as built; of a source, the "
            "SHA-256 of its source.json, which names that of the net."
            if k == 0
            else "The hash goes on.",
            _word("ro", f"hexadecimal digits {8 * k} to {8 * k + 7}", None),
        )
        for k in range(HASH_WORDS)
    ),
    Register("FORMAT_IN", 0x028, "Format of a word on s_axis.", _format("input")),
    Register("FORMAT_OUT", 0x02C, "Format of a word on m_axis.", _format("output")),
    Register(
        "SHAPE",
        0x030,
        "How the net was built.",
        (
            Field("interval", 0, 24, "ro", "INTERVAL, or 2**24 - 1 where that is more", None),
            Field("banks", 24, 8, "ro", "weight banks; 1: the weights are fixed", None),
        ),
    ),
    Register(
        "DELAY",
        0x034,
        "How far the output lags.",
        (
            Field("samples", 0, 12, "ro", "output n answers input n - samples (look-ahead)", None),
            Field("clocks", 12, 20, "ro", "LATENCY, or 2**20 - 1 where that is more", None),
        ),
    ),
    Register(
        "CONTROL",
        0x038,
        "Soft reset empties the pipeline, sets the net's history to zero and clears counters and flags; weights, banks "
        "and everything the host has written stay. Stop both DMA channels first: words inside are lost.",
        (
            Field("reset", 0, 1, "pulse", "soft reset"),
            Field("bypass", 1, 1, "rw", "samples taken from now on leave as they came; 0 where the formats differ"),
            Field(
                "packets",
                2,
                1,
                "rw",
                "TLAST may come at the end of some frames only, and leaves with those; 0 where words are samples",
            ),
        ),
    ),
    Register(
        "BANK",
        0x03C,
        "The bank that samples taken from now on use, and frames whose first word enters the net from now on. A swap "
        "needs no pause: every sample or frame keeps the bank that it was taken with.",
        (Field("select", 0, 8, "rw", "number of the bank; bits beyond the number of banks read as 0"),),
    ),
    Register(
        "STATUS",
        0x040,
        "What happens now, and what went wrong since the flags were cleared.",
        (
            Field("malformed", 0, 1, "w1c", "a word came with TKEEP not all ones; it was used as any other"),
            Field("refused", 1, 1, "w1c", "a word to load was refused: its bank was busy or its address too high"),
            Field("active", 8, 8, "ro", "bank of the sample or frame taken last"),
            Field("busy", 16, 16, "ro", "one bit a bank: selected, or used by samples inside", None),
        ),
        soft=True,
    ),
    Register("SAMPLES_IN", 0x044, "Words taken on s_axis.", _word("ro", "counts up, from 2**32 - 1 to 0"), soft=True),
    Register("SAMPLES_OUT", 0x048, "Words given on m_axis.", _word("ro", "counts up, from 2**32 - 1 to 0"), soft=True),
    Register(
        "STALLS",
        0x04C,
        "Clocks in which m_axis offered a word that was not taken.",
        _word("ro", "counts up, from 2**32 - 1 to 0"),
        soft=True,
    ),
    Register(
        "SATURATED",
        0x050,
        "Which layers had to clamp a result.",
        (Field("nodes", 0, 32, "w1c", "one bit a node of the net, in its order from bit 0"),),
        soft=True,
    ),
    Register(
        "LOAD_ADDRESS",
        0x054,
        "Where the next word goes. Counts up with every write to LOAD_DATA, refused or not.",
        _word("count", "bank, lane and word (`bittrue.lower.load.LoadPlan`)"),
    ),
    Register("LOAD_HIGH", 0x058, "Bits 63 to 32 of the next word.", _word("rw", "used for words of more than 32 bits")),
    Register(
        "LOAD_DATA",
        0x05C,
        "Writing it stores LOAD_HIGH and LOAD_DATA at LOAD_ADDRESS, unless that bank is busy.",
        _word("rw", "bits 31 to 0 of the word"),
        effect=True,
    ),
    Register(
        "LOAD_COUNT",
        0x060,
        "Words stored since LOAD_CRC was written; refused ones do not count.",
        _word("ro", "counts up, from 2**32 - 1 to 0"),
    ),
    Register(
        "LOAD_CRC",
        0x064,
        "CRC-32 of the words stored, as zlib.crc32 gives it of LOAD_ADDRESS, LOAD_DATA and LOAD_HIGH of each, "
        "little-endian. Writing anything starts count and sum anew.",
        _word("ro", "the sum"),
        effect=True,
    ),
    Register(
        "FRAME_IN",
        0x068,
        "Words of a frame on s_axis; 1 where every word is a sample of its own, and TLAST ends a transfer.",
        _word("ro", "words", None),
    ),
    Register("FRAME_OUT", 0x06C, "Words of a frame on m_axis.", _word("ro", "words", None)),
    Register(
        "SHORT_FRAMES",
        0x070,
        "Frames that TLAST ended too soon. They did not enter the net, and nothing comes out for them.",
        _word("ro", "counts up, from 2**32 - 1 to 0"),
        soft=True,
    ),
    Register(
        "LONG_FRAMES",
        0x074,
        "Frames whose last word came without TLAST. They did not enter the net, with all words up to the next TLAST.",
        _word("ro", "counts up, from 2**32 - 1 to 0"),
        soft=True,
    ),
    Register(
        "LATENCY",
        0x078,
        "Clocks from a sample, or the last word of a frame, taken on s_axis to the first word of its result offered on "
        "m_axis, nothing stalling; of a source, at least, from a reset.",
        _word("ro", "clocks", None),
    ),
    Register("INTERVAL", 0x07C, "Initiation interval.", _word("ro", "clocks a sample", None)),
    Register(
        "WEIGHTS_BYTES",
        0x080,
        "Bytes of the weights that stream from memory; 0 where all are on chip, and the next registers mean nothing.",
        _word("ro", "bytes", None),
    ),
    Register(
        "WEIGHTS_ADDRESS",
        0x084,
        "Where in memory they are. Without run the stream side is held in reset. Write 0, wait until WEIGHTS_STATUS is "
        "idle, then write the address with run; a soft reset begins with the first word again.",
        (
            Field("run", 0, 1, "rw", "read them"),
            Field("page", 12, 20, "rw", "address, a multiple of 4096, divided by that"),
        ),
    ),
    Register(
        "WEIGHTS_STATUS",
        0x088,
        "How reading them goes. After an error no result comes any more until a soft reset.",
        (
            Field("error", 0, 2, "ro", "0: none; 1: SLVERR; 2: DECERR; 3: a burst of another length than asked for"),
            Field("idle", 8, 1, "ro", "nothing that was asked for has still to come"),
        ),
    ),
    Register(
        "WEIGHTS_BEATS",
        0x08C,
        "Words of 64 bits that have come and are used.",
        _word("ro", "counts up, from 2**32 - 1 to 0"),
        soft=True,
    ),
    Register(
        "WEIGHTS_STARVED",
        0x090,
        "Clocks in which a layer stood still because its next weights had not come.",
        _word("ro", "counts up, from 2**32 - 1 to 0"),
        soft=True,
    ),
    Register("SEED_LOW", 0x0C0, "Bits 31 to 0 of a source's seed.", _word("rw", "the number")),
    Register("SEED_HIGH", 0x0C4, "Bits 63 to 32 of it.", _word("rw", "the number")),
    Register("START", 0x0C8, "The frame that a source begins with at a reset.", _word("rw", "its number")),
    Register(
        "GAIN",
        0x0CC,
        "What a source multiplies every sample with: requantise(GAIN * y, 12, format), saturated.",
        (Field("value", 0, 16, "rw", "a code of Q4.12", 1 << 12, signed=True),),
    ),
    Register(
        "COUNT",
        0x0D0,
        "Writing it lets so many words of a source leave from now on, the last one with TLAST; 0 stops, 2**32 - 1 has "
        "no end. Words on their way still leave. A reset stops, too; what was written stays to be read.",
        _word("rw", "words"),
        effect=True,
    ),
    Register(
        "PACKET",
        0x0D4,
        "TLAST also comes with every so many words from the write of COUNT on; 0: it does not.",
        _word("rw", "words"),
    ),
    Register(
        "SOURCE",
        0x0D8,
        "What a source does. Seed, parameters and gain take effect at a reset, or at the next border of two frames "
        "after apply: from there on the signal is that of the same frames with what the registers hold then.",
        (
            Field("apply", 0, 1, "pulse", "let what the registers hold take effect"),
            Field("pending", 1, 1, "ro", "it has not yet"),
            Field("running", 2, 1, "ro", "words may leave"),
            Field("clamped", 3, 1, "w1c", "a sample was clamped behind the gain"),
        ),
        soft=True,
    ),
    Register("FRAME", 0x0DC, "The first frame with the seed, parameters and gain in use.", _word("ro", "its number")),
    Register(
        "PARAMETER",
        0x100,
        "Codes of a source's parameters, in their order, sign-extended; no reset changes them.",
        _word("rw", "the code", None),
        words=MOST_PARAMETERS,
        effect=True,
    ),
    Register(
        "BANK_HASH",
        0x200,
        f"Content hashes of the nets in the banks, {HASH_WORDS} words a bank, as in HASH0 and on. They start as those "
        "of the banks as built. A word to load, stored or refused, sets its bank's hash to zero; the host writes the "
        "hash of the new net when it has checked the load. No reset changes them.",
        _word("rw", "eight hexadecimal digits", None),
        words=HASH_WORDS * MOST_BANKS,
        effect=True,
    ),
)
"""All registers, in order of their offsets."""

BY_NAME = {register.name: register for register in REGISTERS}

OF_SOURCES = ("SEED_LOW", "SEED_HIGH", "START", "GAIN", "COUNT", "PACKET", "SOURCE", "FRAME", "PARAMETER")
"""What only the shell of a source has."""
NET_REGISTERS = tuple(register for register in REGISTERS if register.name not in OF_SOURCES)
"""What the shell of any other net has."""


def hash_words(content_hash: str) -> tuple[int, ...]:
    """The eight words of a hash ``"sha256:..."``, as ``HASH0`` to ``HASH7`` hold it."""
    digits = content_hash.removeprefix("sha256:")
    return tuple(int(digits[8 * k : 8 * k + 8], 16) for k in range(HASH_WORDS))
