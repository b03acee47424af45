"""From checkpoints to memory files."""
