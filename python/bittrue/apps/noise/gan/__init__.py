"""Generators of the published noise GANs: configuration, models, training, sweeps."""
