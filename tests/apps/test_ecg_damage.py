"""Damaged records, text and annotations: each is read or refused in one sentence, whatever its bytes are."""

import numpy as np
import pytest
from ecg_signals import AT, annotate, encoded, heart, write

pytest.importorskip("wfdb", reason="wfdb is not installed")

from bittrue.apps.ecg.beats import beats, records
from bittrue.apps.ecg.beats.beats import Input
from bittrue.apps.ecg.beats.plain import read_csv
from bittrue.errors import BadInput

PLAN = Input(channels=("difference", "rhythm"), rate=180.0)
WORDS = (
    *(b"0", b"-1", b"1e400", b"nan", b"inf", b"99999999999", b"999999999999999999999", b"~", b"r", b"../r", b"/", b" "),
    *(
        b"x",
        b":",
        b"+",
        b"(",
        b"#",
        b"\n",
        b"\xb5",
        b"\xff\xfe",
        b"\0",
        b"8",
        b"61",
        b"212",
        b"310",
        b"516",
        b"1/0",
        b"_",
    ),
)
"""What is put in the place of a word of a header."""


def damaged(content, random, text):
    """Some bytes changed, cut, doubled or replaced; in a text also a whole word."""
    content = bytearray(content)
    for _ in range(int(random.integers(1, 4))):
        at = int(random.integers(0, max(1, len(content))))
        kind = int(random.integers(0, 6 if text else 4))
        if kind == 0 and content:
            content[min(at, len(content) - 1)] ^= 1 << int(random.integers(0, 8))
        elif kind == 1:
            del content[at : at + int(random.integers(1, 9))]
        elif kind == 2:
            content[at:at] = content[at : at + int(random.integers(1, 40))]
        elif kind == 3:
            content[at:at] = random.bytes(int(random.integers(1, 5)))
        else:
            words = bytes(content).split(b" ")
            words[int(random.integers(0, len(words)))] = WORDS[int(random.integers(0, len(WORDS)))]
            content = bytearray(b" ".join(words))
    return bytes(content)


def originals(folder):
    """Three kinds of records: one signal, two files with frames, segments."""
    codes = heart("212")[0][:2400]
    at = AT[AT < 2300]
    write(folder, codes, "212", at=at)
    (folder / "b.dat").write_bytes(encoded(np.repeat(codes, 2), "16"))
    write(folder, codes, name="t", at=at)
    total = int(2 * codes.sum()) % 65536
    text = (folder / "t.hea").read_text().replace("t 1 ", "t 2 ", 1)
    (folder / "t.hea").write_text(f"{text}b.dat 16x2:3+4 100(-20)/uV 12 0 0 {total} 0 V5\n")
    (folder / "s.hea").write_text("s/3 1 360 5000\nr 2400\n~ 200\nr 2400\n")
    annotate(folder, at, name="s")
    (folder / "c.csv").write_text("time,MLII\n" + "".join(f"{k},{code / 900:.3f}\n" for k, code in enumerate(codes)))
    (folder / "p.csv").write_text("sample,symbol\n" + "".join(f"{k},N\n" for k in at))
    kinds = {name: name[0] for name in ("r.hea", "r.dat", "r.atr", "t.hea", "b.dat", "t.atr", "s.hea", "s.atr")}
    return {name: (folder / name).read_bytes() for name in (*kinds, "c.csv", "p.csv")}


def opened(folder, name):
    """The beats of the record or text that a file belongs to."""
    if name.endswith(".csv"):
        found = read_csv(folder / "c.csv", 360, "mV", "MLII", folder / "p.csv")
    else:
        found = records.read(folder, {"b": "t"}.get(name[0], name[0]), "V5" if name == "b.dat" else "MLII")
    return beats.gather([found], PLAN)


def harmed(folder, count, seed):
    """Damage one file at a time. Returns how many were read and how many refused; anything else raised comes up."""
    random, whole, result = np.random.default_rng(seed), originals(folder), [0, 0]
    names = list(whole)
    for k in range(count):
        name = names[k % len(names)]
        content = damaged(whole[name], random, name.endswith((".hea", ".csv")))
        (folder / name).write_bytes(content)
        try:
            opened(folder, name)
            result[0] += 1
        except BadInput as error:
            assert "\n" not in str(error) and len(str(error)) <= 1000
            result[1] += 1
        except Exception as error:
            raise AssertionError(f"{name}, damage {k} of seed {seed}: {content[:300]!r}") from error
        (folder / name).write_bytes(whole[name])
    return tuple(result)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_damage_is_read_or_refused(tmp_path):
    for name in originals(tmp_path):
        assert len(opened(tmp_path, name).y) > 5
    read, refused = harmed(tmp_path, 150, seed=1)
    assert read > 10 and refused > 50


@pytest.mark.heavy
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_much_damage_is_read_or_refused(tmp_path):
    read, refused = harmed(tmp_path, 4000, seed=2)
    assert read > 200 and refused > 1000
