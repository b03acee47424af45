"""A recipe of the classic net with nothing but the keys that every recipe has."""

TEXT = """
name = "plain"
capture = "APA_200MHz_b"

[net]
taps = [0, 1, 2, 3, 4, 5]
powers = [1, 2, 4]
hidden = [32, 16]
leaky_shift = 2

[formats]
input = "Q1.15"
features = "Q1.15"
hidden = "Q4.12"
output = "Q1.15"
weight = "fit"
weight_bits = 16

[train]
seed = 1
batch = 1024
float_epochs = 1000
qat_epochs = 100
float_rate = 5e-3
qat_rate = 2e-4
"""
