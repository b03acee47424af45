"""Captures of amplifiers: loading, checking, aligning, and signals made from them."""

INSTALL = "pip install --no-deps opendpd==2.4.2"
"""What carries the captures that need no measurement."""
