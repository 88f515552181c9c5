"""Where the vectors and real extracts of other parties lie: SHARED_DIR, else `shared` beside the project."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared")
