"""Registers of a bittrue shell, made from its one declaration by bittrue.emit.registers: do not edit."""

ID_VALUE = 0x42545255
MAJOR = 1
BANK_HASH_WORDS = 8
MOST_BANKS = 16
MOST_PARAMETERS = 16

# offsets in bytes
ID = 0x000
VERSION = 0x004
HASH0 = 0x008
HASH1 = 0x00C
HASH2 = 0x010
HASH3 = 0x014
HASH4 = 0x018
HASH5 = 0x01C
HASH6 = 0x020
HASH7 = 0x024
FORMAT_IN = 0x028
FORMAT_OUT = 0x02C
SHAPE = 0x030
DELAY = 0x034
CONTROL = 0x038
BANK = 0x03C
STATUS = 0x040
SAMPLES_IN = 0x044
SAMPLES_OUT = 0x048
STALLS = 0x04C
SATURATED = 0x050
LOAD_ADDRESS = 0x054
LOAD_HIGH = 0x058
LOAD_DATA = 0x05C
LOAD_COUNT = 0x060
LOAD_CRC = 0x064
FRAME_IN = 0x068
FRAME_OUT = 0x06C
SHORT_FRAMES = 0x070
LONG_FRAMES = 0x074
LATENCY = 0x078
INTERVAL = 0x07C
WEIGHTS_BYTES = 0x080
WEIGHTS_ADDRESS = 0x084
WEIGHTS_STATUS = 0x088
WEIGHTS_BEATS = 0x08C
WEIGHTS_STARVED = 0x090
SEED_LOW = 0x0C0
SEED_HIGH = 0x0C4
START = 0x0C8
GAIN = 0x0CC
COUNT = 0x0D0
PACKET = 0x0D4
SOURCE = 0x0D8
FRAME = 0x0DC
PARAMETER = 0x100
BANK_HASH = 0x200

FIELDS = {
    "VERSION": {
        "minor": (0, 16, False),
        "major": (16, 16, False),
    },
    "FORMAT_IN": {
        "bits": (0, 8, False),
        "frac": (8, 8, True),
        "elements": (16, 16, False),
    },
    "FORMAT_OUT": {
        "bits": (0, 8, False),
        "frac": (8, 8, True),
        "elements": (16, 16, False),
    },
    "SHAPE": {
        "interval": (0, 24, False),
        "banks": (24, 8, False),
    },
    "DELAY": {
        "samples": (0, 12, False),
        "clocks": (12, 20, False),
    },
    "CONTROL": {
        "reset": (0, 1, False),
        "bypass": (1, 1, False),
        "packets": (2, 1, False),
    },
    "BANK": {
        "select": (0, 8, False),
    },
    "STATUS": {
        "malformed": (0, 1, False),
        "refused": (1, 1, False),
        "active": (8, 8, False),
        "busy": (16, 16, False),
    },
    "WEIGHTS_ADDRESS": {
        "run": (0, 1, False),
        "page": (12, 20, False),
    },
    "WEIGHTS_STATUS": {
        "error": (0, 2, False),
        "idle": (8, 1, False),
    },
    "GAIN": {
        "value": (0, 16, True),
    },
    "SOURCE": {
        "apply": (0, 1, False),
        "pending": (1, 1, False),
        "running": (2, 1, False),
        "clamped": (3, 1, False),
    },
}
"""Lowest bit, number of bits, and whether it is signed, of every field of a register by name."""
