"""Noise and interference: data sets, generators trained on them, what those are worth, and sources in hardware."""
