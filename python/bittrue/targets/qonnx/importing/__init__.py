"""A QONNX graph as a net: what its tensors are, and a rule by operator."""
