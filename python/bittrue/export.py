"""``python -m bittrue.export`` is ``bittrue export``: ROM files from a checkpoint."""

import sys

from bittrue.cli import main

if __name__ == "__main__":
    sys.exit(main(["export", *sys.argv[1:]]))
