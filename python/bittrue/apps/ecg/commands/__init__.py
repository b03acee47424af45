"""The commands of the heartbeat nets: ``bittrue train`` and ``report``."""
