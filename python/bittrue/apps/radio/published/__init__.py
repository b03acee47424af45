"""Training of the published models, both stages, by their yaml configurations."""
