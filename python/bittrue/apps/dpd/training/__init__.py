"""The stages of training and what they are made of (PyTorch)."""
