"""The C leg: a net as portable, integer-only C99."""

from bittrue.emit.c.sources import sources, write_sources

__all__ = ["sources", "write_sources"]
