"""A process that extracts and is killed: `python killed_extract.py CONFIG WRITE SHARE WORDS...`.

At write number WRITE to the landing zone (parts and journals alike) it puts SHARE of the bytes on the disk and sends
itself SIGKILL: nothing is cleaned up, nothing is flushed. With WRITE 0 it lives. Windows of the audit log are small,
so that there are several.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import stamina

from pipeline.cli import run
from pipeline.extract import audit
from pipeline.runs import disk, landing


def main(config: str, write: int, share: float, words: list[str]) -> int:
    """Run the command until the write at which it dies."""
    writes = 0

    def append(path: Path, chunks: Iterable[bytes]) -> None:
        nonlocal writes
        writes += 1
        if writes == write:
            content = b"".join(chunks)
            disk.append_synced(path, [content[: int(share * len(content))]])
            os.kill(os.getpid(), signal.SIGKILL)
        disk.append_synced(path, chunks)

    landing.append_synced = append  # type: ignore[attr-defined]
    audit.MOST_EVENTS = 40
    stamina.set_testing(True, attempts=6, cap=True)
    return run(["--quiet", "--config", config, *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
