import numpy as np
import pytest

from bittrue.apps.dpd.captures import recording
from bittrue.apps.dpd.captures.table import table
from bittrue.errors import BadInput

ROWS = np.array([[1.5, -2.0, 0.25, 8.0], [3.0, 4.5, -1e-3, 0.0], [-5.0, 6.0, 7.0, -9.0]])


def lines(*columns, mark=",", point="."):
    rows = (mark.join(repr(float(row[k])).replace(".", point) for k in columns) for row in ROWS)
    return "".join(f"{row}\n" for row in rows)


def read(text, wanted=("I", "Q"), **options):
    return table(text if isinstance(text, bytes) else text.encode(), "x.csv", wanted, **options)


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("", (0, 1)),
        ("I,Q\n", (0, 1)),
        ("Q,I\n", (1, 0)),
        ("q, i\n", (1, 0)),
        ("# Q,I\n", (1, 0)),
        ("# made by a program, 2 columns\n\nQ,I\n", (1, 0)),
        ('"im","re"\n', (1, 0)),
        ("Imag;Real\n", None),
        ("Quadrature (V),In-Phase (V)\n", (1, 0)),
        ("Q_out,I_out\n", (1, 0)),
        ("CH1 Q,CH1 I\n", (1, 0)),
        ("time,Q,I\n", (3, 1, 0)),
        ("Q,n,I\n", (1, 2, 0)),
    ],
)
def test_names_say_which_column_is_which(head, columns):
    if columns is None:
        assert np.array_equal(read(head + lines(1, 0, mark=";")), ROWS[:, :2])
        return
    assert np.array_equal(read(head + lines(*columns)), ROWS[:, :2])
    assert np.array_equal(read(b"\xef\xbb\xbf" + (head + lines(*columns)).encode()), ROWS[:, :2])
    assert np.array_equal(read((head + lines(*columns)).replace("\n", "\r\n")), ROWS[:, :2])


@pytest.mark.parametrize(("mark", "point"), [(";", "."), (";", ","), ("\t", "."), ("\t", ","), (" ", "."), ("  ", ",")])
def test_separators_and_decimal_commas(mark, point):
    assert np.array_equal(read(lines(0, 1, mark=mark, point=point)), ROWS[:, :2])
    assert np.array_equal(read(f"Q{mark}I\n" + lines(1, 0, mark=mark, point=point)), ROWS[:, :2])


@pytest.mark.parametrize("head", ["Q_out,I_in,Q_in,I_out\n", "rx q,tx i,tx q,rx i\n", "Qout,Iin,Qin,Iout\n"])
def test_two_signals_in_one_table(head):
    wanted = ("I_in", "Q_in", "I_out", "Q_out")
    assert np.array_equal(read(head + lines(3, 0, 1, 2), wanted, header=True), ROWS)
    with pytest.raises(BadInput, match="2 columns can be I; name the columns I,Q, one signal a file"):
        read(head + lines(3, 0, 1, 2))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("A,B\n1,2\n", "no column can be I; name the columns I,Q"),
        ("mag,phase\n1,2\n", "no column can be I"),
        ("I,I\n1,2\n", "2 columns can be I"),
        ("I,Q,Q\n1,2,3\n", "2 columns can be Q"),
        ("I,Q\n1,2,3\n", "has 2 names and 3 columns"),
        ("1,2,3\n", "has 3 columns and no header"),
        ("1,5,2,5\n", "decimal commas need semicolons"),
        ("1,2\n3\n", "not a CSV table of I and Q"),
        ("1,2\n3,x\n", "not a CSV table of I and Q"),
        ("I,Q\nV,V\n1,2\n", "stands below its header"),
        ("", "no header and no numbers"),
        ("I,Q\n", "nothing below its header"),
        ("(1+2j)\n(3+4j)\n", "not a table of numbers"),
        ("I,Q\n1,2\n".encode("utf-16"), "UTF-16"),
        ("I,Q\n1,2\n".encode("utf-16-le"), "UTF-16"),
        ("I,Q\n1,2\n".encode("utf-16-be"), "UTF-16"),
        ("I,Q\n1,2\n".encode("utf-32"), "UTF-16"),
        (b"\x93NUMPY\x01\x00", "no text"),
        (b"I,\xe4\n1,2\n", "not UTF-8"),
    ],
)
def test_what_is_no_table_of_i_and_q_is_refused(content, words):
    with pytest.raises(BadInput, match=words):
        read(content)


def test_a_table_that_must_have_a_header():
    with pytest.raises(BadInput, match=r"begins with '1\.5,-2\.0'; the header 'I,Q' is needed"):
        read(lines(0, 1), header=True)


def test_recordings_are_read_by_their_names(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbfQ,I\r\n2,1\r\n4,-3\r\n")
    assert np.array_equal(recording.read(tmp_path / "x.csv"), [1 + 2j, -3 + 4j])


@pytest.mark.parametrize("shape", ["(1180591620717411303424,)", "(1000000000000,)", "(-1,)", "(3, 'x')", "(3"])
def test_a_damaged_array_is_refused_in_words(tmp_path, shape):
    head = f"{{'descr': '<c16', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (117 - len(head)) + b"\n"
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
    with pytest.raises(BadInput, match=r"numpy\.save"):
        recording.read(tmp_path / "x.npy")
