"""What the demo raises for input that it cannot use."""


class BadData(ValueError):
    """Wrong options or files: one sentence that names the thing, the value, the limit and the fix."""
