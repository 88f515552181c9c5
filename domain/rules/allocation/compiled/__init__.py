"""The allocation run compiled: the same decisions as `plain`, over arrays, a million lines at a time (performance.md 2).

Every function here is compiled by numba and says no more than its namesake in `plain`, which is the text to read.
`X` is the layout that `buckets` makes: X.L[line, FACT], X.P[SKU-site, FACT], X.B[bucket, FACT], parts of lines in the
pool X.K (SKU-site, day, quantity), and what few lines need in X.M from the places that X.A names. When the pool is too
small the run says so and is begun again with a larger one.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from numba import config

_HERE = Path(__file__).parent
# numba looks at a function's own file alone to tell whether what it kept is stale: a change in a file that the function
# calls into would go unseen. So what is compiled is kept under the name of all the sources together.
_SOURCES = [*sorted(_HERE.glob("*.py")), _HERE.parent / "book.py", _HERE.parent / "buckets.py"]
_DIGEST = hashlib.sha256(b"".join(source.read_bytes() for source in _SOURCES)).hexdigest()[:16]


def _kept_in() -> Path:
    """Return where compiled code is kept: beside the sources, or where these cannot be written to in a folder that
    nobody else can write to, because what lies there is run."""
    if os.access(_HERE, os.W_OK):
        return _HERE / "__pycache__"
    folder = Path(tempfile.gettempdir()) / f"tower-kernel-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
        return folder
    return Path(tempfile.mkdtemp(prefix="tower-kernel-"))


setattr(config, "CACHE_DIR", str(_kept_in() / _DIGEST))  # noqa: B010 - numba declares its settings while it runs
