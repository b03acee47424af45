"""What may be loaded: every word of a bank once, and the hash that belongs to the words. Read without pynq."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from small_banks import NETS, small_net

from bittrue.board import BoardError
from bittrue.board.loading import words_to_load
from bittrue.board.manifest import read_manifest
from bittrue.lower.load import LoadPlan
from bittrue.lower.means import PLAIN
from bittrue.spec.store import content_hash
from bittrue.targets.pynq_z1.build import describe
from bittrue.targets.pynq_z1.clock import fclk
from bittrue.targets.pynq_z1.design import Design

NEW = small_net(99)


@pytest.fixture(scope="module")
def bit(tmp_path_factory):
    """Path of a bit file whose manifest and words are there, and nothing else."""
    manifest, words = describe(NETS, Design.of(NETS["cold"], fclk(100)), 8, PLAIN, tuple(NETS.values()))
    path = tmp_path_factory.mktemp("overlay") / "small_net.bit"
    path.with_suffix(".json").write_text(manifest.to_json())
    path.with_suffix(".npz").write_bytes(words)
    return path


@pytest.fixture
def manifest(bit):
    return read_manifest(bit.with_suffix(".json"))


@pytest.fixture
def words():
    return LoadPlan(NEW, 8, 4).words(NEW)


def test_all_words_in_any_order_become_those_of_the_bank(manifest, words):
    addresses, codes = words
    mixed = np.random.default_rng(1).permutation(len(codes))
    for number, given in ((0, addresses), (2, addresses), (2, addresses | 2 << 7)):
        shift = manifest.load["lane_bits"] + manifest.load["word_bits"]
        assert shift == 7  # of 2 << 7
        where, what, digest = words_to_load(manifest, number, given[mixed], list(codes[mixed]), content_hash(NEW)[7:])
        np.testing.assert_array_equal(where, np.sort(addresses.astype(int)) | number << 7)
        np.testing.assert_array_equal(what, codes[np.argsort(addresses)])
        assert digest == content_hash(NEW)


@pytest.mark.parametrize("kept", [0, 1, 3, 56])
def test_a_part_of_a_load_is_refused(manifest, words, kept):
    addresses, codes = (each[:kept] for each in words)
    with pytest.raises(BoardError, match=f"{kept} of the 57 words of bank normal are given, address 0x.+ is missing"):
        words_to_load(manifest, 1, addresses, codes, content_hash(NEW))


def test_a_word_twice_in_the_place_of_another_is_refused(manifest, words):
    addresses, codes = words
    addresses = addresses.copy()
    addresses[5] = addresses[4]
    with pytest.raises(BoardError, match=f"address {addresses[4]:#x} is given twice; give each word of bank hot once"):
        words_to_load(manifest, 2, addresses, codes, content_hash(NEW))


@pytest.mark.parametrize(
    ("address", "message"),
    [(127, "0x7f is not one of bank hot: no memory"), (1 << 7, "0x80 is not one of bank hot$"), (1 << 40, "32 bits"),
     (-1, "32 bits")],
)  # fmt: skip
def test_an_address_that_is_not_the_banks_is_refused(manifest, words, address, message):
    addresses = words[0].astype(np.int64)
    addresses[0] = address
    with pytest.raises(BoardError, match=message):
        words_to_load(manifest, 2, addresses, words[1], content_hash(NEW))


def test_codes_of_the_wrong_width_or_sign_are_refused(manifest, words):
    for code, kind in ((1 << 62, np.int64), (2**64 - 1, np.uint64)):
        codes = np.abs(words[1]).astype(kind)
        codes[3] = code
        with pytest.raises(BoardError, match="does not fit the"):
            words_to_load(manifest, 0, words[0], codes, content_hash(NEW))


@pytest.mark.parametrize("digest", [None, b"0" * 64, "sha256:abc", "sha256:" + "0" * 64, "sha256:" + "A" * 64, 7])
def test_what_is_no_hash_is_refused(manifest, words, digest):
    with pytest.raises(BoardError, match="is no content hash"):
        words_to_load(manifest, 0, *words, digest)


def test_the_hash_of_other_words_is_refused(manifest):
    hot, cold = (manifest.bank_words(name) for name in ("hot", "cold"))
    with pytest.raises(BoardError, match=r"bank cold of the overlay has these words and another hash"):
        words_to_load(manifest, 1, *cold[:2], hot[2])
    with pytest.raises(BoardError, match=r"bank hot of the overlay has other words than these and sha256:"):
        words_to_load(manifest, 1, hot[0], hot[1][::-1], hot[2])
    with pytest.raises(BoardError, match=r"bank hot of the overlay has these words and another hash"):
        words_to_load(manifest, 1, *hot[:2], content_hash(NEW))


@pytest.mark.parametrize("masked", [0, 1])
def test_masked_and_other_arrays_are_refused(manifest, words, masked):
    pair = list(words)
    pair[masked] = np.ma.masked_equal(pair[masked], pair[masked][0])
    with pytest.raises(BoardError, match="hold masked elements"):
        words_to_load(manifest, 0, *pair, content_hash(NEW))
    pair[masked] = words[masked].astype(float)
    with pytest.raises(BoardError, match="must be integers, one row of equal length"):
        words_to_load(manifest, 0, *pair, content_hash(NEW))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("hot_codes"), "holds no words of bank hot"),
        (lambda a: a.update(hot_codes=a["hot_codes"][1:]), r"addresses \(57,\) of uint32 and codes \(56,\)"),
        (lambda a: a.update(hot_codes=a["hot_codes"] * 1.0), "not two rows of integers"),
        (lambda a: a.update(hot_codes=a["hot_codes"] << 40), "codes wider than a word"),
        (lambda a: a.update(hot_addresses=a["hot_addresses"] * 2), "beyond the memories of this overlay"),
        (lambda a: a.update(hot_addresses=a["hot_addresses"] & 62), "two words of one address"),
    ],
)
def test_a_file_of_other_words_is_refused(bit, tmp_path, change, message):
    path = tmp_path / bit.with_suffix(".json").name
    document = json.loads(bit.with_suffix(".json").read_text())
    path.write_text(json.dumps(document | {"files": {}}))
    with np.load(bit.with_suffix(".npz")) as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez(path.with_suffix(".npz"), **arrays)
    with pytest.raises(BoardError, match=message):
        read_manifest(path).bank_words("hot")


def test_words_that_are_not_the_manifests_are_refused(bit, tmp_path):
    for suffix in (".json", ".npz"):
        shutil.copy(bit.with_suffix(suffix), tmp_path)
    path = tmp_path / bit.name
    path.with_suffix(".npz").write_bytes(path.with_suffix(".npz").read_bytes() + b"\n")
    with pytest.raises(BoardError, match=r"npz is not of this overlay: its SHA-256 begins with"):
        read_manifest(path.with_suffix(".json")).bank_words("hot")


def test_the_banks_words_are_those_of_the_plan(manifest):
    for name, net in NETS.items():
        addresses, codes, digest = manifest.bank_words(name)
        wanted = LoadPlan(net, 8, 4).words(net)
        np.testing.assert_array_equal(addresses, wanted[0])
        np.testing.assert_array_equal(codes, wanted[1])
        assert digest == content_hash(net)
