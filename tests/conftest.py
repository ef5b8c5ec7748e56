"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """Ctrl-C works in tests and their children also when pytest was started with it ignored (nohup, a CI's background)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
