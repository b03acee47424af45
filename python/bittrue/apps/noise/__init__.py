"""Noise: data sets of stochastic processes and OFDM signals, generators trained on them, and what they are worth."""
