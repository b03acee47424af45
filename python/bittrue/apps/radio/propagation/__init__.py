"""Propagation in a city of 25 m buildings: dominant path, free space, reflections; NumPy and SciPy."""
