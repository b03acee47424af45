"""The commands of the predistorters: ``bittrue train``, ``report``, ``search`` and ``ablate``."""
