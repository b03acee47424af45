"""Mutations of the files: nets, their hash, what is written whole, and weight ROMs."""

STORE = "python/bittrue/spec/store.py"
FILES = "python/bittrue/files.py"
ROM = "python/bittrue/emit/rom.py"

TESTS = "tests/unit/test_store.py::"
FLIPPED = TESTS + "test_any_flipped_bit_is_refused[Dense-weights.safetensors]"
KNOWN = TESTS + "test_the_hash_of_a_known_net"
TAKEN_BACK = "tests/unit/test_files.py::test_a_failed_rename_takes_all_back"
ROMS = "tests/unit/test_rom.py::test_every_tensor_comes_back"

# fmt: off
ROWS = [
    ("does not verify the hash", STORE, 'document.pop("hash", None)',
     'document.pop("hash", None) and _digest(document, tensors)', FLIPPED),
    ("hashes the description only", STORE, 'tensors[name].astype("<i8").tobytes()', 'b""', FLIPPED),
    ("hashes tensors without their names", STORE, 'f"{name} {list(', 'f"{list(', KNOWN),
    ("hashes 16 bits of every weight", STORE, 'astype("<i8")', 'astype("<i2").astype("<i8")',
     "tests/unit/test_ref.py::test_accumulators_of_63_bits"),
    ("lets more than the net into a folder", STORE, "if content_hash(net) != given:", "if not content_hash(net):",
     TESTS + "test_descriptions_that_are_not_a_net_are_refused"),
    ("ignores tensors that no layer has", STORE, "    if unused:\n", "    if unused is None:\n",
     TESTS + "test_tensors_that_do_not_fit_are_refused"),
    ("ignores keys that no layer has", STORE, "    if extra:\n", "    if extra is None:\n",
     TESTS + "test_a_term_with_a_key_too_many_is_refused", TESTS + "test_descriptions_that_are_not_a_net_are_refused"),
    ("writes a parameter that is not given", STORE, "elif value is not None:", "else:",
     TESTS + "test_the_hash_of_a_net_without_an_optional_parameter"),
    ("narrows weights by their largest only", STORE, "np.iinfo(k).min <= tensor.min() and tensor.max()", "tensor.max()",
     TESTS + "test_weights_take_the_smallest_type"),
    ("saves weights upside down", STORE, "value\n            elif", "value[::-1]\n            elif", KNOWN),
    ("keeps half of what failed", FILES, "old[target].replace(target)", "old[target].exists()", TAKEN_BACK),
    ("leaves temporary files", FILES, "temporary.unlink(missing_ok=True)\n\n\ndef check", "temporary.exists()\n\n\ndef check",
     TAKEN_BACK),
    ("writes magnitudes into a ROM", ROM, "int(code) & mask", "abs(int(code))", ROMS),
    ("leaves a gap between tensors of a ROM", ROM, "rom[-1].codes.size if", "rom[-1].codes.size + 1 if", ROMS),
    ("transposes a tensor in a ROM", ROM, "tensor.codes.ravel()", "tensor.codes.T.ravel()", ROMS),
    ("writes a wrong checksum", ROM, "{-sum(content) & 0xFF:02x}", "{sum(content) & 0xFF:02x}", ROMS),
]
# fmt: on
