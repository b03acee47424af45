"""Applications: each trains, measures and shows one kind of net; they never import each other."""
