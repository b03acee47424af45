"""Beats as integers: reading, splitting, the front end, augmentation, synthesis."""
