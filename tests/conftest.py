"""What holds for every test."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Ctrl-C works in tests and their children also when pytest was started with it ignored (nohup, a CI's background)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
