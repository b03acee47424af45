"""The search for better nets, and for smaller ones."""
