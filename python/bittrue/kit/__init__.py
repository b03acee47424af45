"""The kit that applications stand on: recipes, training, cards, reports, and the register of applications."""
