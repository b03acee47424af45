"""A recipe of a hardware net of noise that trains in a second."""

TEXT = """name = "tiny"

[parameter]
name = "H"
low = 0.1
high = 0.9
default = 0.5

[process]
values = [0.3, 0.7]
sets = ["FGN_fixed_H30", "FGN_fixed_H70"]
signals = 8

[architecture]
samples = 64
levels = [
    { channels = 4, noise = 2, kernels = [3], upsampling = 0 },
    { channels = 4, noise = 1, kernels = [3], upsampling = 5 },
    { channels = 3, noise = 2, kernels = [3, 5], upsampling = 5 },
]

[objective]
windows = [8, 16, 64]
lags = [1, 4]
steps = [1]
dilations = [1, 2]
quantiles = 15

[train]
steps = 12
samples = 128
look_every = 5
look_batches = 1

[quantise]
steps = 6
samples = 128
rate = 0.005
memory = 0.9
look_every = 4
look_batches = 1

[measure]
signals = 4
length = 128
seeds = 1
"""
