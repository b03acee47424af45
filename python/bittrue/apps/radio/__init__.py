"""Radio maps: received power from buildings and a transmitter (docs/radio.md)."""
