"""The driver on the simulated board: every word equals the reference, and every wrong use is one sentence."""

from __future__ import annotations

import numpy as np
import pytest
from small_banks import NETS, samples, small_net

import bittrue.board
from bittrue import ref
from bittrue.board import BoardError
from bittrue.board.net_shell import NetShell
from bittrue.cosim.stalls import Stalls
from bittrue.lower.load import LoadPlan
from bittrue.spec.store import content_hash
from bittrue_sim import virtual_board

CODES = samples(1000)
FMT = NETS["cold"].input.format
NO_BANKS = (None, 1.0, 0.5, True, np.True_, np.array([1]), b"hot", [0], "", 1 << 70)


@pytest.fixture
def dpd(board, bit):
    with bittrue.board.open(bit, timeout=5, chunk=300) as found:
        yield found


def test_a_hundred_thousand_samples_equal_the_reference(board, bit):
    codes = samples(100_000, seed=1)
    with bittrue.board.open(bit) as dpd:
        np.testing.assert_array_equal(dpd.run_codes(codes), ref.run(NETS["cold"], codes))
        assert dpd.counters() == {"samples_in": 100_000, "samples_out": 100_000, "stalls": 0, "clipped": 0}


def test_calls_continue_the_stream_and_reset_begins_anew(dpd):
    expected = ref.run(NETS["cold"], CODES)
    found = [dpd.run_codes(part) for part in np.split(CODES, [1, 2, 300, 700])]
    np.testing.assert_array_equal(np.concatenate(found), expected)
    assert (dpd.run_codes(CODES[:1]) != expected[:1]).any()  # its history is not zero
    dpd.reset()
    np.testing.assert_array_equal(dpd.run_codes(CODES), expected)
    assert len(dpd.run_codes(CODES[:0])) == 0


def test_an_uneven_memory_changes_nothing(folder, bit):
    board = virtual_board.install(folder, stalls=Stalls(seed=3, idle=0.3, backpressure=0.6, burst=20))
    with bittrue.board.open(bit) as dpd:
        np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))
        assert dpd.counters()["stalls"] > 0
    assert not board.memory.blocks


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_values_are_quantised_as_the_format_does(dpd, scale):
    rng = np.random.default_rng(4)
    values = rng.uniform(-scale, scale, (500, 2))
    values[:4] = [[0.5 / 32768, -0.5 / 32768], [1.5 / 32768, -1.5 / 32768], [1.0, -1.0], [0.49999999999999994, 0]]
    values[3] /= 32768
    expected = FMT.decode(ref.run(NETS["cold"], FMT.encode(values)))
    found = dpd.predistort(values[:, 0] + 1j * values[:, 1])
    assert found.dtype == np.complex128
    np.testing.assert_array_equal(np.stack([found.real, found.imag], axis=1), expected)
    codes = np.floor(values * 32768 + 0.5)
    assert dpd.counters()["clipped"] == dpd.clipped == ((codes > 32767) | (codes < -32768)).any(axis=1).sum() > 0
    dpd.reset()
    np.testing.assert_array_equal(dpd.predistort(values), expected)
    dpd.reset()
    np.testing.assert_array_equal(dpd.run(values), expected)
    dpd.reset()
    assert dpd.clipped == 0


def test_banks_are_selected_by_name_or_number_between_samples(dpd):
    names = ["cold", "hot", 1, "normal", "3", 0]
    select = [0, 2, 1, 1, 3, 0]
    parts = np.split(CODES, [100, 400, 401, 800, 900])
    found = []
    for name, number, part in zip(names, select, parts, strict=True):
        dpd.bank = name
        assert dpd.bank == (*NETS, "3")[number]
        found.append(dpd.run_codes(part))
    nets = [*NETS.values(), NETS["cold"]]
    expected = ref.run_banks(nets, CODES, np.repeat(select, [len(part) for part in parts]))
    np.testing.assert_array_equal(np.concatenate(found), expected)


def test_other_weights_are_loaded_into_a_bank_that_is_not_in_use(dpd):
    net = small_net(17)
    plan = LoadPlan(net, 8, 4)
    dpd.load("normal", *plan.words(net), content_hash(net))
    np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))
    dpd.bank = "normal"
    dpd.reset()
    np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(net, CODES))
    hashes = [content_hash(each) for each in (NETS["cold"], net, NETS["hot"], NETS["cold"])]
    assert list(dpd.bank_hashes().values()) == hashes
    dpd.load(3, *dpd.manifest.bank_words("hot"))
    dpd.bank = 3
    dpd.reset()
    np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["hot"], CODES))


def test_a_word_that_is_lost_on_the_way_is_found_by_count_and_a_flipped_one_by_crc(dpd, monkeypatch):
    words = dpd.manifest.bank_words("hot")
    count = len(words[0])
    write = NetShell.write

    def lossy(self, offset, value, lost=[count]):  # noqa: B006  # counts down over the calls
        if offset == 0x5C:
            lost[0] -= 1
            if lost[0] == 5:
                return
        write(self, offset, value)

    monkeypatch.setattr(NetShell, "write", lossy)
    with pytest.raises(BoardError, match=f"stored {count - 1} of {count} words"):
        dpd.load("normal", *words)
    assert dpd.bank_hashes()["normal"] is None
    monkeypatch.setattr(NetShell, "write", lambda self, o, v: write(self, o, v ^ (o == 0x5C and v == int(words[1][9]))))
    with pytest.raises(BoardError, match=r"CRC-32 of the \d+ words stored is 0x"):
        dpd.load("normal", *words)
    assert dpd.bank_hashes()["normal"] is None
    monkeypatch.undo()
    dpd.load("normal", *words)
    assert dpd.bank_hashes()["normal"] == words[2]


@pytest.mark.parametrize("fault", ["flipped", "interrupted"])
def test_a_bank_has_no_hash_where_it_was_not_written_whole(dpd, monkeypatch, fault):
    words, write, fourth = dpd.manifest.bank_words("hot"), NetShell.write, 0x200 + 32 + 12

    def faulty(self, offset, value):
        if offset == fourth and value and fault == "interrupted":
            raise KeyboardInterrupt
        write(self, offset, value ^ (offset == fourth and value != 0))

    monkeypatch.setattr(NetShell, "write", faulty)
    with pytest.raises((BoardError, KeyboardInterrupt), match=r"the hash of the bank reads sha256:|^$"):
        dpd.load("normal", *words)
    assert dpd.bank_hashes()["normal"] is None


def test_a_busy_bank_is_not_loaded(dpd):
    words = dpd.manifest.bank_words("hot")
    with pytest.raises(BoardError, match=r"^bank cold is in use; select another bank before loading it$"):
        dpd.load("cold", *words)
    np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))


def test_the_hardware_itself_refuses_a_busy_bank(dpd, monkeypatch):
    words = dpd.manifest.bank_words("hot")
    monkeypatch.setattr(NetShell, "busy", lambda self, bank: False)
    with pytest.raises(BoardError, match=f"stored 0 of {len(words[0])} words and refused the others"):
        dpd.load("cold", *words)
    np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))


def test_bypass_gives_the_input(dpd):
    dpd.bypass = True
    assert dpd.bypass
    np.testing.assert_array_equal(dpd.run_codes(CODES), CODES)
    dpd.bypass = False
    assert not dpd.bypass
    dpd.reset()
    np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))


def test_layers_that_clamp_are_named_once(dpd):
    dpd.run_codes(CODES)
    flags = ref.saturated(list(NETS.values()), CODES, np.zeros(len(CODES), int))
    expected = tuple(name for name, each in flags.items() if each.any())
    assert expected and dpd.saturated() == expected
    assert dpd.saturated() == ()


def test_a_closed_overlay_says_so(board, bit):
    dpd = bittrue.board.open(bit)
    dpd.close()
    dpd.close()
    with pytest.raises(BoardError, match="closed; open it again"):
        dpd.run_codes(CODES)


def test_buffers_are_freed_when_the_user_interrupts_and_the_next_call_works(board, bit, monkeypatch):
    with bittrue.board.open(bit) as dpd:

        def stop(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("bittrue.board.transfer.time.sleep", stop)
            with pytest.raises(KeyboardInterrupt):
                dpd.run_codes(samples(100_000))
        np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))
        assert len(board.memory.blocks) == 2
    assert not board.memory.blocks


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda d: d.run_codes(CODES.astype(float)), r"array \(1000, 2\) of float64; the net takes integers \(N, 2\)"),
        (lambda d: d.run_codes(CODES[:, :1]), r"\(1000, 1\)"),
        (lambda d: d.run_codes(CODES * 2), "16 bits hold -32768 to 32767"),
        (lambda d: d.predistort(CODES[0] / 4e4), r"takes complex \(N,\) or real \(N, 2\)"),
        (lambda d: d.predistort([1j, np.nan]), "sample 1 is not finite"),
        (lambda d: d.predistort(["a"]), "of <U1"),
        (lambda d: d.predistort(CODES.astype(np.int16)), "samples are int16, .* give codes to run_codes"),
        (lambda d: d.run_codes(np.ma.masked_equal(CODES, CODES[3, 1])), "codes hold masked elements"),
        (lambda d: setattr(d, "bypass", "off"), "bypass is 'off'; give True or False"),
        (lambda d: setattr(d, "bank", "warm"), "no bank 'warm'; its banks are cold, normal, hot, 3"),
        (lambda d: setattr(d, "bank", 4), "no bank 4"),
        (lambda d: setattr(d, "bank", -1), "no bank -1"),
        (lambda d: d.manifest.bank_words("3"), "no words of bank 3"),
        *((lambda d, bank=bank: setattr(d, "bank", bank), "the overlay has no bank") for bank in NO_BANKS),
        (lambda d: d.load("hot", [0], [0, 1], "1" * 64), r"\(1,\) of int64 and codes \(2,\)"),
        (
            lambda d: d.load("hot", [0], [0], "1" * 64),
            "1 of the 57 words of bank hot are given, address 0x1 is missing",
        ),
    ],
)
def test_wrong_use_is_one_sentence(dpd, use, message):
    with pytest.raises(BoardError, match=message):
        use(dpd)
    np.testing.assert_array_equal(dpd.run_codes(CODES), ref.run(NETS["cold"], CODES))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("timeout", value) for value in (0, -1, np.nan, np.inf, "5", None, True, 1j, [1])),
        *(("chunk", value) for value in (0, -5, 2.5, 2.0, np.float64(3), "10", True)),
        *(("download", value) for value in (None, 1, "no")),
    ],
)
def test_senseless_options_are_refused(board, bit, name, value):
    with pytest.raises(BoardError, match=rf"^{name} is .*; (it must be above 0|give True)"):
        bittrue.board.open(bit, **{name: value})


@pytest.mark.parametrize("path", [None, 5, b"x.bit", "~nobody-of-that-name/x.bit", "nothing\0here.bit"])
def test_what_is_no_path_is_refused(board, path):
    with pytest.raises(BoardError, match=r"give the path of|is no \.bit file|is missing"):
        bittrue.board.open(path)


def test_a_chunk_is_as_long_as_a_transfer_and_memory_that_does_not_hold_it_is_named(board, bit, monkeypatch):
    with bittrue.board.open(bit, chunk=1 << 62, timeout=np.float32(5)) as dpd:
        assert dpd._chunk == ((1 << 26) - 1) // 4
    taken = []
    take = type(board.memory).allocate

    def last(self, size, *how):
        taken.append(size)
        if len(taken) == 2:
            raise MemoryError("no room")
        return take(self, size, *how)

    monkeypatch.setattr(type(board.memory), "allocate", last)
    with pytest.raises(BoardError, match=r"a chunk of 100 samples needs a buffer of 400 bytes, .*\(no room\); give a"):
        bittrue.board.open(bit, chunk=np.int64(100))


def test_what_pynq_cannot_load_is_said_in_a_sentence(board, bit):
    bit_without_verilog = board.folder
    board.folder = board.folder / "nothing"
    with pytest.raises(
        BoardError, match=r"^pynq cannot load .*small_net\.bit \(BadInput: .*; run it as root on the board"
    ):
        bittrue.board.open(bit)
    board.folder = bit_without_verilog


@pytest.mark.parametrize(
    "form",
    [
        np.asfortranarray,
        lambda codes: codes.astype(codes.dtype.newbyteorder(">")),
        lambda codes: np.repeat(codes, 2, axis=0)[::2],
        lambda codes: np.matrix(codes),
        lambda codes: codes.tolist(),
        lambda codes: np.ma.masked_array(codes),
    ],
    ids=["columns", "big-endian", "strided", "matrix", "list", "mask of none"],
)
def test_the_form_of_an_array_changes_nothing(dpd, form):
    np.testing.assert_array_equal(dpd.run_codes(form(CODES)), ref.run(NETS["cold"], CODES))
    dpd.reset()
    expected = FMT.decode(ref.run(NETS["cold"], CODES))
    np.testing.assert_array_equal(dpd.predistort(form(FMT.decode(CODES))), expected)


def test_no_samples_give_no_samples(dpd):
    assert dpd.predistort(np.zeros(0, complex)).shape == (0,) and dpd.predistort(np.zeros((0, 2))).shape == (0, 2)
    assert dpd.run_codes(np.zeros((0, 2), int)).shape == (0, 2)


def test_a_reset_keeps_bank_and_bypass(dpd):
    dpd.bank, dpd.bypass = "hot", True
    dpd.reset()
    assert dpd.bank == "hot" and dpd.bypass
    np.testing.assert_array_equal(dpd.run_codes(CODES), CODES)
