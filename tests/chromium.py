"""Chromium without a window, for the tests that need a real browser."""

from __future__ import annotations

import subprocess
from pathlib import Path

QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=2000",
]  # fmt: skip


def chromium(profile: Path, page: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Chromium with an empty profile on a file."""
    command = ["chromium", *QUIET, f"--user-data-dir={profile}", *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
