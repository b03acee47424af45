"""Printers: a net as C sources or as memory files for hardware."""
