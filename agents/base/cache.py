"""Where numba keeps compiled kernels.

Numba's cache watches only the file of a kernel: a rule edited in another file would keep its old
answer in silence. So the cache folder is named after the content of every source file of
``agents`` and ``model``: another rule, another folder. Importing this module before any ``@njit``
is compiled is what makes it work; ``agents.base`` does so first.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numba

PACKAGES = ("agents", "model")


def source_digest(root: Path) -> str:
    """Return a hash over the paths and contents of all Python files of ``agents`` and ``model``."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def use_cache(root: Path) -> Path:
    """Point numba to the cache folder of this source tree and return it.

    It lies in the folder that ``NUMBA_CACHE_DIR`` names, otherwise in the user's own cache; a
    temporary folder serves where that cannot be written.
    """
    digest = source_digest(root)
    given = os.environ.get("NUMBA_CACHE_DIR")
    above = Path(given) if given else Path.home() / ".cache" / "ruralflow"
    folder = above if above.name == digest else above / digest
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="ruralflow-cache-"))
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    return folder


CACHE_DIR = use_cache(Path(__file__).resolve().parents[2])
