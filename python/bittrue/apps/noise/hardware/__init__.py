"""Training of hardware nets of noise: a recipe, targets, the direct loss, two stages, and the folder of a source."""
