"""The bench of the AXI shell, on a hand-written stand-in: what it does, and that it finds each broken rule by name."""

import numpy as np
import pytest
from shell_stand_in import VERILOG

from bittrue.cosim.shell_model import ShellModel
from bittrue.cosim.shell_ports import ShellPorts
from bittrue.cosim.shell_script import POLL, READ, WRITE, Access
from bittrue.cosim.stalls import MATRIX, Stalls
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue.lower.sources import Sources
from bittrue.num import Format
from bittrue.spec import Linear, Net, Node, TensorType
from bittrue.spec.dense import Dense

ID, SCRATCH, COUNT, CLOCKS, MALFORMED, UNKNOWN, SOFT_RESET = 0, 4, 8, 12, 16, 256, 0x38
ROUGH = Stalls(seed=5, idle=0.4, backpressure=0.5, burst=4)


def net() -> Net:
    q = Format.parse("Q1.15")
    layer = Dense(np.eye(2, dtype=np.int64), np.zeros(2, np.int64), Format.parse("Q2.0"), q, Linear())
    return Net("stand-in", TensorType((2,), q), (Node("fc", layer, ("input",)),))


def model(text: str = VERILOG, **options) -> ShellModel:
    return ShellModel(net(), sources=Sources(text), **options)


def samples(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 4), dtype=np.uint8)


def test_registers_are_read_and_written_with_strobes():
    shell = model()
    assert shell.read(ID) == 0x42545255
    shell.write(SCRATCH, 0x11223344)
    shell.write(SCRATCH, 0xAABBCCDD, strobes=0b0101)
    assert shell.read(SCRATCH) == 0x11BB33DD


@pytest.mark.parametrize("stalls", MATRIX.values(), ids=MATRIX)
def test_words_and_tlast_come_out_in_order_while_registers_are_read(stalls):
    shell = model(stalls=stalls)
    shell.stalls(stalls, bus=0.3)
    given = samples(3000)
    marks = np.random.default_rng(2).random(3000) < 0.1
    shell.send(given[:1000], marks[:1000])
    counts = [shell.read(COUNT) for _ in range(50)]
    shell.send(given[1000:], marks[1000:])
    shell.run(until=3000)
    data, last = shell.receive()
    np.testing.assert_array_equal(data, given)
    np.testing.assert_array_equal(last, marks)
    assert counts == sorted(counts)
    assert shell.read(COUNT) == shell.sent == shell.received == 3000
    assert shell.waiting == shell.unsent == 0


def test_only_the_last_word_has_tlast_unless_told_otherwise():
    shell = model()
    shell.send(samples(3))
    shell.send(samples(2), last=False)
    shell.run()
    shell.clock(10)
    assert shell.receive()[1].tolist() == [False, False, True, False, False]


def test_tkeep_reaches_the_shell():
    shell = model()
    keep = np.ones((5, 4), bool)
    keep[2, 3] = keep[4, 0] = False
    shell.send(samples(5), keep=keep)
    shell.run(until=5)
    assert shell.read(MALFORMED) == 2


@pytest.mark.parametrize("bus", [0.0, 0.6])
def test_a_script_keeps_its_times_and_says_when_things_happened(bus):
    shell = model(stalls=ROUGH)
    shell.stalls(ROUGH, bus=bus)
    shell.send(samples(200))
    shell.script(
        [
            Access(READ, COUNT, after=50),
            Access(WRITE, SCRATCH, 7, wait=500),
            Access(POLL, COUNT, 200, 0xFFF),
            Access(READ, SCRATCH),
            Access(READ, UNKNOWN),
        ]
    )
    shell.run(until=200)
    rows = shell.results()
    assert 50 <= rows["value"][0] <= rows["sent"][0] <= 200
    assert rows["start"][1] >= rows["done"][0] + 500
    assert (rows["done"] > rows["start"]).all() and (np.diff(rows["start"]) > 0).all()
    assert rows["value"][2] == 200 and rows["sent"][2] == 200
    assert rows["value"][3] == 7
    assert rows["response"].tolist() == [0, 0, 0, 0, 2]
    assert len(shell.results()) == 0


def test_single_accesses_leave_the_results_of_a_script_alone():
    shell = model()
    shell.script([Access(WRITE, SCRATCH, 9)])
    assert shell.read(SCRATCH) == 9
    assert len(shell.results()) == 1


def test_the_clocks_of_all_transfers_are_told():
    shell = model(stalls=ROUGH)
    shell.send(samples(100))
    shell.run(until=100)
    sent, (_, _, received) = shell.sent_at(), shell.received_at()
    assert len(sent) == len(received) == 100
    assert (np.diff(sent) > 0).all() and (received > sent).all()
    assert received[-1] < shell.cycles


def test_a_reset_forgets_everything():
    shell = model()
    shell.write(SCRATCH, 5)
    shell.send(samples(50))
    shell.clock(20)
    assert shell.received > 0
    shell.reset()
    assert shell.sent == shell.received == shell.waiting == shell.unsent == shell.cycles == 0
    assert shell.read(SCRATCH) == 0
    given = samples(10, seed=3)
    shell.send(given)
    shell.run(until=10)
    np.testing.assert_array_equal(shell.receive()[0], given)


def test_the_same_seed_gives_the_same_clocks():
    found = []
    for seed in (1, 1, 2):
        shell = model(stalls=Stalls(seed, 0.3, 0.3, 5))
        shell.send(samples(300))
        shell.run(until=300)
        found.append(shell.cycles)
    assert found[0] == found[1] != found[2]


def test_a_sink_takes_what_it_is_told_and_nothing_behind_a_tlast():
    shell = model()
    given, marks = samples(10), np.arange(10) == 4
    shell.send(given, marks)
    shell.accept(3)
    assert shell.advance(1000, until=10)
    assert shell.waiting == 3 and shell.accepting == 0
    shell.accept(5)
    assert shell.advance(1000, until=10)
    assert shell.waiting == 5 and shell.receive()[1].tolist() == [False] * 4 + [True]
    assert not shell.advance(50)  # the queue of the shell is full
    shell.accept(None)
    assert not shell.advance(50, until=6) and shell.waiting == 5


def test_a_soft_reset_may_take_back_what_it_offers():
    shell = model()
    shell.accept(0)
    for strobes in (0xF, 0x1):
        shell.send(samples(3))
        shell.clock(20)
        shell.write(SOFT_RESET, 1, strobes)
        shell.clock(20)
    shell.accept(None)
    assert not shell.advance(100, until=1)


def test_words_are_taken_back():
    shell = model()
    shell.send(samples(10))
    shell.accept(0)
    shell.clock(20)
    assert shell.unsent == 6
    shell.drop()
    assert shell.unsent == 0
    shell.accept(None)
    shell.run(until=4)
    assert shell.sent == 4


def test_codes_are_packed_and_unpacked():
    shell = model()
    codes = np.array([[-32768, 32767], [1, -1]])
    shell.send(shell.pack(codes))
    shell.run(until=2)
    np.testing.assert_array_equal(shell.unpack(shell.receive()[0]), codes)


def test_too_few_words_end_with_the_numbers():
    shell = model()
    shell.send(samples(10))
    with pytest.raises(HardwareFault, match=r"nothing moved for 20000 clocks: 10 of 11 words"):
        shell.run(until=11)
    with pytest.raises(HardwareFault, match=r"limit of 30 clocks is reached: 10 of 11 words"):
        shell.run(until=11, limit=30)


def test_an_answer_that_is_an_error_is_told():
    shell = model()
    with pytest.raises(HardwareFault, match="read of register 0x100 ends in SLVERR"):
        shell.read(UNKNOWN)
    with pytest.raises(HardwareFault, match="write to register 0x100 ends in SLVERR"):
        shell.write(UNKNOWN, 1)


STEADY = "assign m_axis_tvalid = head != tail;"
FAULTS = {
    "withdrawn": (STEADY, "assign m_axis_tvalid = head != tail && !clocks[3];", "took back tvalid"),
    "changed": ("m_axis_tdata = data[tail[1:0]]", "m_axis_tdata = data[tail[1:0]] ^ clocks[3]", "changed tdata"),
    "tlast changed": ("m_axis_tlast = last[tail[1:0]]", "m_axis_tlast = clocks[3]", "changed tdata or tlast"),
    "tkeep": ("4'hf;\n  integer", "{!clocks[3], 3'h7};\n  integer", "tkeep is not all ones"),
    "valid in reset": (STEADY, "assign m_axis_tvalid = head != tail || !aresetn;", "high in reset"),
    "bvalid early": ("bvalid = bvalid;", "bvalid = bvalid || (aw && !w);", "raised bvalid before"),
    "bvalid withdrawn": ("bvalid = bvalid;", "bvalid = bvalid && !clocks[0];", "took back bvalid"),
    "rvalid withdrawn": ("rvalid = rvalid;", "rvalid = rvalid && !clocks[0];", "took back rvalid"),
    "rdata changed": ("rdata = rdata;", "rdata = rdata ^ clocks[0];", "changed its answer"),
    "bresp changed": ("bresp = bresp;", "bresp = {clocks[0], 1'b0};", "changed its answer"),
    "rvalid early": ("rvalid = rvalid;", "rvalid = rvalid || clocks == 40;", "raised rvalid before"),
    "no answer": ("arready = !rvalid", "arready = 0", "did not answer an access"),
    "word lost": ("head <= head + 1", "head <= head + (count != 20)", "nothing moved for .* 99 of 100 words"),
    "word doubled": ("tail <= tail + 1", "tail <= tail + !clocks[5]", "too many"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_rule_is_found(name):
    good, bad, message = FAULTS[name]
    assert VERILOG.count(good) == 1
    with pytest.raises(HardwareFault, match=message):
        shell = model(VERILOG.replace(good, bad), stalls=ROUGH)
        shell.stalls(ROUGH, bus=0.6)
        shell.send(samples(100))
        for k in range(10):
            shell.write(SCRATCH, k)
            shell.read(SCRATCH)
        shell.run(until=100)
        shell.clock(100)
        if shell.waiting > 100:
            raise HardwareFault("too many")


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("input [11:0] s_axi_ctrl_awaddr", "input [15:0] s_axi_ctrl_awaddr", "awaddr is input of 16 bits"),
        ("output [1:0] s_axi_ctrl_rresp", "input [1:0] s_axi_ctrl_rresp", "an output that nothing drives"),
        ("input [31:0] s_axis_tdata", "input [23:0] s_axis_tdata", "s_axis_tdata has 24 bits"),
        ("input aclk,", "input aclk, input spare,", "port spare"),
    ],
)
def test_other_ports_are_refused(good, bad, message):
    assert VERILOG.count(good) == 1
    with pytest.raises(HardwareFault, match=message):
        ShellPorts.of(VERILOG.replace(good, bad), "stand_in_shell")


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda shell: shell.send(np.zeros((3, 5), np.uint8)), "takes \\(N, 4\\) bytes"),
        (lambda shell: shell.send(samples(3), keep=np.ones((2, 4))), "tkeep"),
        (lambda shell: shell.read(4096), "outside the 4096 bytes"),
        (lambda shell: shell.write(4, 1 << 32), "does not fit"),
        (lambda shell: shell.stalls(Stalls(), bus=1.0), "bus stalls are 1.0"),
        (lambda shell: Access(READ, 0, wait=-1), "from 0 on"),
        (lambda shell: Access(3, 0), "access 3 is unknown"),
        (lambda shell: (shell.close(), shell.clock(1)), "closed"),
    ],
)
def test_wrong_use_is_refused(use, message):
    with pytest.raises(BadInput, match=message):
        use(model())
