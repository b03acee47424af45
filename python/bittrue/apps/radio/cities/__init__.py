"""Synthetic cities: street grids, blocks, courtyards, cars, transmitters."""
