"""Folders of small nets for the tests of reports, searches and ablations."""

import numpy as np
import safetensors.numpy

from bittrue import spec
from bittrue.apps.dpd import float_net, recipe
from bittrue.apps.dpd.topology import skeleton
from bittrue.parent import fitted

RECIPE = """
name = "{name}"
capture = "{capture}"
[net]
taps = [0, 1]
powers = [1, 2]
hidden = [4]
fir_taps = [3, 2]
activation = "{activation}"
[formats]
input = "Q1.15"
features = "Q2.14"
hidden = "Q4.12"
output = "Q1.15"
[train]
seed = 3
batch = 256
float_epochs = 2
qat_epochs = 1
float_rate = 1e-2
qat_rate = 1e-3
validate_every = 1
ilc_iterations = 6
"""


def plan(capture, name="small", activation="leaky", extra=""):
    """A recipe for the tiny amplifier."""
    text = RECIPE.format(capture=capture, name=name, activation=activation) + extra
    return recipe.parse(text.encode(), name)


def write_net(folder, capture, name="small", activation="leaky"):
    """A net folder that was never trained: nearly a wire of gain 0.9, and a little of everything else."""
    source = plan(capture, name, activation)
    net = skeleton(source)
    rng = np.random.default_rng(1)
    parameters = {}
    for node in net.nodes:
        for field in ("weight", "bias"):
            if isinstance(getattr(node.layer, field, None), np.ndarray):
                shape = getattr(node.layer, field).shape
                small = 0.02 if node.name in ("fc2", "fir") else 0.5
                parameters[f"{node.name}.{field}"] = small * rng.standard_normal(shape)
    parameters["fir.weight"][0] = 0.9, 0.05
    net = fitted(net, parameters)
    folder.mkdir()
    spec.save(net, folder)
    (folder / float_net.FILE).write_bytes(safetensors.numpy.save(parameters))
    (folder / "recipe.toml").write_text(source.text)
    return folder
