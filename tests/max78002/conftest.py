"""Makes the nets and the decoder of this folder, and the judge of ai8x networks, importable under any runner."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "unit"))
