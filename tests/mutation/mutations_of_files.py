"""Mutations of what reads foreign files, writes own ones, and keeps two nets apart."""

FILES = "python/bittrue/files.py"
DOCUMENTS = "python/bittrue/readers/documents.py"
ARRAYS = "python/bittrue/readers/arrays.py"
FOLDER = "python/bittrue/emit/folder.py"

WRITTEN = "tests/unit/test_files.py::"
READ = "tests/unit/test_readers.py::"

# fmt: off
ROWS = [
    ("replaces a device by a file", FILES, "_destination",
     "stat.S_ISCHR(about.st_mode) or stat.S_ISFIFO(about.st_mode)", "stat.S_ISSOCK(about.st_mode)",
     WRITTEN + "test_pipes_and_devices_are_written_through_and_stay"),
    ("overwrites an input by its output", FILES, "_destination", "_inputs.get() or ()", "()",
     WRITTEN + "test_an_input_is_not_overwritten"),
    ("takes a key twice", DOCUMENTS, "_object",
     "len(result) < len(pairs)", "len(result) > len(pairs)", READ + "test_json_with_two_meanings_is_refused"),
    ("believes the size that an array claims", ARRAYS, "npy",
     "math.prod(shape) * kind.itemsize != there", "math.prod(shape) * kind.itemsize < 0",
     "tests/unit/test_cli.py::test_pickled_objects_and_truncated_arrays_are_refused"),
]
HEAVY = [
    ("reads a device to its end", FILES, "read_bytes",
     "not stat.S_ISREG(about.st_mode)", "stat.S_ISDIR(about.st_mode)",
     WRITTEN + "test_what_may_have_no_end_is_not_read[/dev/zero]"),
    ("prints a net over another", FOLDER, "check_owner", "owner != net", "owner == str(folder)",
     "tests/unit/test_emit_folder.py::test_a_second_net_is_refused[rom-other]"),
]
# fmt: on
