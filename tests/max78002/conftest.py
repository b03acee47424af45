"""Makes the nets and the decoder of this folder importable, under any runner and in every xdist worker."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
