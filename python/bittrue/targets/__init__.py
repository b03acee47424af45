"""Chips and boards: one package each. They know nets; nets know nothing of them."""
