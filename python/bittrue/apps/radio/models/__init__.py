"""The published models of RadioDiff in PyTorch, with the published names of parameters, and what reads their files."""
