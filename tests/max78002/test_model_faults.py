"""What the model refuses: every bit of every register that it does not have, and memory that nobody wrote."""

import numpy as np
import pytest
from hand_written import Hand
from test_model import conv, linear

from bittrue.spec.stages import Pool
from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.chip import MAX78000, MAX78002
from bittrue_firmware.fault import FirmwareFault

CHIPS = pytest.mark.parametrize("chip", [MAX78002, MAX78000], ids=lambda chip: chip.name)


def hand(chip):
    rng = np.random.default_rng(3)
    first = conv("a", rng, 20, 2, 5, padding=1, pool=Pool("max", 2, 2), output_shift=-2)
    return Hand([first, linear("b", rng, 5, 20 * 6, wide=True)], (2, 16), chip)


def run(chip, writes):
    accelerator = Accelerator(chip, lambda quadrant: "")
    for write in writes:
        accelerator.write(*write)
    return accelerator


def all_writes(made, chip):
    codes = np.random.default_rng(0).integers(-128, 128, (2, 16))
    return [*made.setup, *made.registers, *made.sample(codes), *made.start()]


@CHIPS
def test_what_nobody_wrote_is_not_read(chip):
    """Without a word of weights, a bias or a pixel the run is refused, naming the place."""
    made = hand(chip)
    writes = all_writes(made, chip)
    run(chip, writes)
    weights = {a for a, size, _ in made.setup if size == 1}
    streams = [n for n, (a, size, _) in enumerate(writes) if size == 1]
    for place in streams[:3]:
        address = writes[place][0] - 1
        assert address + 1 in weights
        end = next(n for n in range(place + 1, len(writes)) if writes[n][0] != address + 4 * (n - place - 1))
        with pytest.raises(FirmwareFault, match=r"takes weights from word \d+ of the kernel memory of processor \d+"):
            run(chip, writes[: place + 1] + writes[end:])
    bias = next(n for n, (a, _, _) in enumerate(writes) if a == chip.base + chip.bias + 4)
    with pytest.raises(FirmwareFault, match="layer 0 takes bias 1 of quadrant 0, which nothing wrote"):
        run(chip, writes[:bias] + writes[bias + 1 :])
    pixel = next(n for n, (a, _, _) in enumerate(writes) if a == chip.data_address(0, 7))
    with pytest.raises(FirmwareFault, match=r"layer 0 reads data memory at 0x[0-9a-f]+ for processor 0, where nothing"):
        run(chip, writes[:pixel] + writes[pixel + 1 :])


@CHIPS
def test_every_bit_of_every_register_counts(chip):
    """Turned over, it is refused, or the data memories end up otherwise."""
    made = hand(chip)
    writes = all_writes(made, chip)
    wanted = run(chip, writes).data
    first = len(made.setup)
    numbers = [n for n in range(first, first + len(made.registers)) if writes[n][0] < chip.base + chip.stride]
    refused = 0
    for number in numbers:
        for bit in range(32):
            address, size, value = writes[number]
            changed = [*writes[:number], (address, size, value ^ 1 << bit), *writes[number + 1 :]]
            try:
                data = run(chip, changed).data
            except FirmwareFault:
                refused += 1
                continue
            same = np.array_equal(data.bytes, wanted.bytes) and np.array_equal(data.known, wanted.known)
            assert not same, f"bit {bit} of 0x{value:08x} at 0x{address:08x}"
    assert refused > 20 * len(numbers)


@pytest.mark.parametrize(
    ("register", "bit", "says"),
    [
        ("LCTL", 17, "LCTL is 0x01020b.0; the model does not have what its bits 0x00020000 switch on"),
        ("LCTL", 30, "LCTL is 0x41000b.0; the model does not have what its bits 0x40000000 switch on"),
        ("POST", 29, "POST is 0x[0-9a-f]{8}; the model does not have what its bits 0x20000000 switch on"),
        ("ONED", 13, r"ONED is 0x00003500; one operand \(bits 21 to 18\) needs no function, bit 13"),
        ("ONED", 22, "ONED is 0x00401500; the model does not have what its bits 0x00400000 switch on"),
        ("STRIDE", 0, "STRIDE is|RCNT is|where nothing was written"),
        ("WPTR", 20, "layer 0 writes to data memory 32; there are 16, from 0 on"),
    ],
)
def test_functions_that_it_does_not_have_are_refused(register, bit, says):
    made = hand(MAX78002)
    at = MAX78002.register_base + 4 * MAX78002.registers.index(register)
    places = {MAX78002.base + q * MAX78002.stride + at for q in range(made.writers)}
    writes = [(a, s, v ^ 1 << bit if a in places else v) for a, s, v in all_writes(made, MAX78002)]
    with pytest.raises(FirmwareFault, match=says):
        run(MAX78002, writes)


@CHIPS
def test_a_processor_without_data_is_refused(chip):
    made = hand(chip)
    number = chip.registers.index("ENA")
    at = chip.base + chip.register_base + number * chip.register_step
    writes = [(a, s, 0x0017_0017 if a == at else v) for a, s, v in all_writes(made, chip)]
    with pytest.raises(FirmwareFault, match=r"processor (2|4)"):
        run(chip, writes)


@CHIPS
@pytest.mark.parametrize(
    ("offset", "value", "says"),
    [
        (0, 1 << 14 | 8, "CTL is 0x00004008; the model does not have what its bits 0x00004000 switch on"),
        (0, 1 << 13 | 8, "bits 0x00002000"),
        (0, 1 << 12 | 8, "only the accelerator sets bit 12"),
        (0, 1, "it is started without clocks"),
        (4, 0x40F, "SRAM is 0x0000040f; 0x40e belongs there"),
        (8, 0x80, "LCNT_MAX is 0x00000080; there are"),
        (12, 1, "TEST is 0x00000001; the model knows the clearing of registers only"),
    ],
)
def test_control_values_that_it_does_not_have_are_refused(chip, offset, value, says):
    with pytest.raises(FirmwareFault, match=says):
        run(chip, [(chip.base, 4, 8), (chip.base + offset, 4, value)])


@CHIPS
def test_places_that_do_not_exist_are_refused(chip):
    depth = chip.depth(1)
    packed = [(chip.base, 4, 8 | 1 << 20)]
    one = chip.base + chip.weights + chip.weight_step
    stream = [*packed, (one + 4 * depth + 1, 1, 1), *((one + 4 * (depth + n), 4, 0) for n in range(3))]
    for writes, says in (
        (stream, f"word {depth} of the kernel memory of processor 1; it has {depth}"),
        ([*packed, (one, 4, 5)], "in packed mode, where the firmware opens a stream first"),
        ([*packed, (one + 1, 1, 1), (one + 4, 4, 5)], "goes on at offset 0x0 first"),
        ([*packed, (one + 1, 1, 2)], "is opened with 0x01"),
        ([(chip.base + chip.bias, 4, 0x100)], "a bias is one byte"),
        ([(chip.base + chip.data + 2, 4, 0)], "which is no word's address"),
        ([(chip.data_address(0, chip.data_words), 4, 0)], r"data memory|where the model has no register|word"),
        ([(chip.base + 0x20_0000 - 4, 4, 1)], "where the model has no register|data memory|word"),
        ([(chip.base - 4, 4, 1)], "no address of the accelerator"),
        ([(chip.end, 4, 1)], "no address of the accelerator"),
    ):
        if "data memory|" in says and not chip.clears:
            continue  # the MAX78000's memories follow each other without a gap
        with pytest.raises(FirmwareFault, match=says):
            run(chip, writes)


def test_registers_are_undefined_before_they_are_cleared():
    with pytest.raises(FirmwareFault, match="before it cleared them: write 0x1c80 to TEST, wait for bit 25, write 0"):
        run(MAX78002, [(MAX78002.base, 4, 8), (MAX78002.base + MAX78002.register_base + 4, 4, 1)])


def test_a_layer_that_writes_over_its_input_is_refused():
    made = hand(MAX78002)
    at = MAX78002.base + MAX78002.register_base + 4 * MAX78002.registers.index("WPTR")
    targets = {at + q * MAX78002.stride for q in range(4)}
    writes = [(a, s, 8 if a in targets else v) for a, s, v in all_writes(made, MAX78002)]
    with pytest.raises(
        FirmwareFault, match=r"layer 0 writes words 8 to 13 of data memory 0 while it reads words 0 to 15"
    ):
        run(MAX78002, writes)


def test_an_accumulator_of_more_than_32_bits_is_refused(monkeypatch):
    from bittrue_firmware import summing

    monkeypatch.setattr(summing, "LIMIT", 1 << 15)
    with pytest.raises(FirmwareFault, match="more than an accumulator of 32 bits holds"):
        run(MAX78002, all_writes(hand(MAX78002), MAX78002))
