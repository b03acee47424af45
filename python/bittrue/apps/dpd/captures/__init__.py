"""Captures of amplifiers: loading, checking, aligning, and signals made from them."""
