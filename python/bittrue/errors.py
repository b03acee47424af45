"""The one exception that means: the caller's input is wrong, and here is the sentence that says how."""


class BadInput(ValueError):
    """A file, array, option or net that cannot be used.

    The message is one sentence that names the thing, the value found, the limit and the fix. The command line
    prints it and exits with code 2; library users catch it as a ``ValueError``.
    """
