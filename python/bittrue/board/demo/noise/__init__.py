"""The demo of a noise source: its signal, turned by keys, and compared sample by sample."""
