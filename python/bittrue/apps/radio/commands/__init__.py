"""The commands of the radio application: ``bittrue radio make`` and ``diagrams``, ``bittrue report radio``."""
