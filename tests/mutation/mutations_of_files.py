"""Mutations of what reads foreign files, writes own ones, and keeps two nets apart."""

FILES = "python/bittrue/files.py"
DOCUMENTS = "python/bittrue/readers/documents.py"
ARRAYS = "python/bittrue/readers/arrays.py"
FOLDER = "python/bittrue/emit/folder.py"

WRITTEN = "tests/unit/test_files.py::"
READ = "tests/unit/test_readers.py::"

# fmt: off
ROWS = [
    ("replaces a device by a file", FILES, "if stat.S_ISCHR(about.st_mode) or stat.S_ISFIFO(about.st_mode):",
     "if stat.S_ISSOCK(about.st_mode):", WRITTEN + "test_pipes_and_devices_are_written_through_and_stay"),
    ("replaces a link by a file", FILES, "return path.resolve() if path.is_symlink() else path, True", "return path, True",
     WRITTEN + "test_a_link_is_followed_and_stays"),
    ("overwrites an input by its output", FILES, "in (_inputs.get() or ()) and", "in () and",
     WRITTEN + "test_an_input_is_not_overwritten"),
    ("reads a device to its end", FILES, "if not stat.S_ISREG(about.st_mode):\n            raise BadInput(f\"cannot read",
     "if stat.S_ISDIR(about.st_mode):\n            raise BadInput(f\"cannot read",
     WRITTEN + "test_what_may_have_no_end_is_not_read[/dev/zero]"),
    ("takes any suffix", FILES, "not in suffixes:", "in ():", WRITTEN + "test_a_target_has_the_right_suffix"),
    ("takes a key twice", DOCUMENTS, "len(result) < len(pairs)", "len(result) > len(pairs)",
     READ + "test_json_with_two_meanings_is_refused"),
    ("takes any depth", DOCUMENTS, "range(DEPTH + 1)", "range(DEPTH + 1000)", READ + "test_json_with_two_meanings_is_refused"),
    ("believes the size that an array claims", ARRAYS, "kind.itemsize != there", "kind.itemsize < 0",
     "tests/unit/test_cli.py::test_pickled_objects_and_truncated_arrays_are_refused"),
    ("believes the size that an archive claims", ARRAYS, "> FILE:", "> FILE << 9:", READ + "test_a_damaged_archive_is_refused"),
    ("prints a net over another", FOLDER, "if owner != net:", "if owner == str(folder):",
     "tests/unit/test_emit_folder.py::test_a_second_net_is_refused[rom-other]"),
]
