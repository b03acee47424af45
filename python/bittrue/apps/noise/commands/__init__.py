"""The commands of the noise application."""
