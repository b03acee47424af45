"""A net as a graph: a rule by kind of layer, and the one that puts the graph together."""
