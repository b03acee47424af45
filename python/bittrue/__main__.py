"""``python -m bittrue`` is the ``bittrue`` command."""

import sys

from bittrue.cli import main

if __name__ == "__main__":
    sys.exit(main())
