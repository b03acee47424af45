"""What bittrue logs, on stderr: warnings always, with ``-v`` what is done, with ``-vv`` how."""

from __future__ import annotations

import logging

from bittrue.cli.parser import remark

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
"""By how often ``-v`` is given."""


class Remarks(logging.Handler):
    """Prints records as the command line's remarks."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one."""
        try:
            remark(self.format(record))
        except OSError:
            self.handleError(record)


def start(verbose: int) -> None:
    """Send what `logging` gets under ``bittrue`` to stderr, from the level of ``verbose`` on.

    The command line alone does so: who imports bittrue sets up the logger ``bittrue`` as any other.
    """
    logger = logging.getLogger("bittrue")
    for old in [handler for handler in logger.handlers if isinstance(handler, Remarks)]:
        logger.removeHandler(old)
    logger.addHandler(Remarks())
    logger.setLevel(LEVELS[min(verbose, len(LEVELS) - 1)])
