"""Where the content folders are: `sql/` and `reports/`, in a checkout and in an installed wheel.

In a checkout they stand beside `pipeline/`; a wheel carries them in `pipeline/_content/`.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def content(name: str) -> Path:
    """The folder `sql` or `reports`; the wheel's copy wins where it exists."""
    packaged = _PACKAGE / "_content" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
