"""The generator: published answers, a judge in Python integers, every draw through both distributions."""

from __future__ import annotations

import hashlib

import big_source
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bittrue.num import Format
from bittrue.num.draws import LEAST_BITS, codes, draws, normal_table
from bittrue.num.threefry import BLOCK, threefry

ONES = 0xFFFFFFFF
PUBLISHED = [
    ((0, 0), (0, 0), (0x9D1C5EC6, 0x8BD50731)),
    ((ONES, ONES), (ONES, ONES), (0xFD36D048, 0x2D17272C)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xBA3E4725, 0xF27D669E)),
]
"""Counter, key and answer of threefry2x32 with 13 rounds, from Random123 (tests/kat_vectors)."""


@pytest.mark.parametrize(("counter", "key", "answer"), PUBLISHED)
def test_published_answers(counter, key, answer):
    found = threefry(key[0] | key[1] << 32, *counter)
    assert tuple(map(int, found)) == answer
    assert big_source.threefry(key[0] | key[1] << 32, counter[0] | counter[1] << 32) == answer[0] | answer[1] << 32


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    stream=st.integers(0, 255),
    column=st.integers(0, 2**49),
    channels=st.integers(1, 23),
)
def test_draws_are_those_of_python_integers(seed, stream, column, channels):
    columns = column + np.arange(6).reshape(2, 3)
    found = draws(seed, stream, columns, channels)
    assert found.shape == (channels, 2, 3)
    wanted = [[[big_source.draw(seed, stream, int(k), c) for k in row] for row in columns] for c in range(channels)]
    assert found.tolist() == wanted


def test_the_last_channel_and_stream_and_a_position_beyond_the_end():
    columns = np.array([2**48 - 1, 2**48, 2**48 + 5])
    found = draws(3, 255, columns, 1024)
    assert found[1023].tolist() == [big_source.draw(3, 255, int(k), 1023) for k in columns]
    assert (found[:, 1] == draws(3, 255, np.array([0]), 1024)[:, 0]).all()


def test_blocks_are_independent_of_their_size():
    columns = np.arange(3 * BLOCK + 7)
    found = draws(1, 2, columns, 3)
    part = slice(BLOCK - 4, 2 * BLOCK + 9)
    assert (draws(1, 2, columns[part], 3) == found[:, part]).all()


DIGEST = "362a8119644f5a7b231c832632ed6d3f82205c76e38da63defe6ee50fb0f0fe0"
ALL = np.arange(1 << 16, dtype=np.uint16)


@pytest.mark.parametrize("bits", range(2, 17))
@pytest.mark.parametrize("distribution", LEAST_BITS)
def test_every_draw_has_its_code(distribution, bits):
    if bits < LEAST_BITS[distribution]:
        pytest.skip("no noise has such words")
    found = codes(ALL, distribution, bits)
    fmt = Format(bits, 0)
    assert fmt.lo <= found.min() and found.max() <= fmt.hi
    apart = 1 if distribution == "uniform" else 16  # the lowest four bits do not look into the table
    assert (found.reshape(-1, apart) == found[::apart, np.newaxis]).all()
    assert (found[::apart] == [big_source.code(d, distribution, bits) for d in range(0, 1 << 16, apart)]).all()
    if distribution == "uniform":
        assert (np.bincount(found - fmt.lo, minlength=1 << bits) == 1 << (16 - bits)).all()
    else:
        assert (found[: 1 << 15] == -found[1 << 15 :]).all()
        assert (np.diff(found[: 1 << 15]) >= 0).all()
        assert abs(found.std() / 2 ** (bits - 3) - 1) < (0.002 if bits > 6 else 0.02)


def test_the_table_is_the_same_on_every_machine():
    """Its digest; and no entry lies near a tie, where the last bits of a logarithm would decide."""
    text = "".join(f"{bits}:{normal_table(bits)}" for bits in range(4, 17))
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST
    for bits in range(4, 17):
        inverse = big_source.NormalDist().inv_cdf
        exact = np.array([2 ** (bits - 3) * inverse((1 + (i + 0.5) / 2048) / 2) for i in range(2048)])
        assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-6
