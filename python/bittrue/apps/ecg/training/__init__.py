"""Training a recipe: the float net, drawing and altering beats, the loop, its checkpoint."""
