"""From recordings to the integers that a net sees: reading, splitting, the front end, augmentation, synthesis."""
