"""Ablation: the worth of each part of a recipe."""
