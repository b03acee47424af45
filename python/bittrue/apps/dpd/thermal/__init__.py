"""Amplifiers at other temperatures, and one weight bank for each."""

BANKS = ("cold", "normal", "hot")
"""In the order of their select codes."""
