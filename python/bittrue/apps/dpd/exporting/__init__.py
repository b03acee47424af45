"""Export of checkpoints to memory files."""
