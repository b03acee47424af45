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
    ("does not verify the hash", STORE, "load",
     'document.pop("hash", None)', 'document.pop("hash", None) and _digest(document, tensors)', FLIPPED),
    ("ignores keys that no layer has", STORE, "_node", "if extra: ...", "if extra is None: ...",
     TESTS + "test_a_term_with_a_key_too_many_is_refused", TESTS + "test_descriptions_that_are_not_a_net_are_refused"),
    ("narrows weights by their largest only", STORE, "_narrow",
     "np.iinfo(k).min <= tensor.min() and tensor.max() <= np.iinfo(k).max", "tensor.max() <= np.iinfo(k).max",
     TESTS + "test_weights_take_the_smallest_type"),
    ("keeps half of what failed", FILES, "write_together",
     "old[target].replace(target)", "old[target].exists()", TAKEN_BACK),
]
HEAVY = [
    ("hashes tensors without their names", STORE, "_digest",
     'f"{name} {list(tensors[name].shape)}\\n"', 'f"{list(tensors[name].shape)}\\n"', KNOWN),
    ("ignores tensors that no layer has", STORE, "_build", "if unused: ...", "if unused is None: ...",
     TESTS + "test_tensors_that_do_not_fit_are_refused"),
    ("leaves a gap between tensors of a ROM", ROM, "layout",
     "rom[-1].base + rom[-1].codes.size", "rom[-1].base + rom[-1].codes.size + 1", ROMS),
]
# fmt: on
