"""What a command costs: wall and CPU seconds and peak memory of one finished child."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

TLM = [sys.executable, "-m", "pipeline"]


@dataclass(frozen=True)
class Cost:
    """Of one finished child: wall and CPU seconds, peak resident memory in MB, and what it printed."""

    wall: float
    cpu: float
    megabytes: float
    printed: str = ""


def cost_of(command: list[str]) -> Cost:
    """Run a command to its end; it must succeed."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed)
