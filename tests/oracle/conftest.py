"""Makes `vendor_cases` importable by the tests of this folder, under any runner and in every xdist worker."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
